// One output cannot take its changes or its copy, whatever it is tried with: what follows for it, while the others go
// on.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "destination/destination.h"
#include "replication/core/synced_table.h"

namespace walbrook::replication {

// The load that it happened in is rolled back. The output is suspended, or resynced where its target was altered, and
// the load is tried again without it.
class OutputFailed : public Error {
 public:
  OutputFailed(const Error& why, OutputId output)
      : Error(why), output_(output), of_target_(dynamic_cast<const destination::TargetRefused*>(&why) != nullptr) {}
  [[nodiscard]] OutputId output() const { return output_; }
  // The target table is the reason, and not the data.
  [[nodiscard]] bool of_target() const { return of_target_; }

 private:
  OutputId output_;
  bool of_target_;
};

// Runs `work`, which is about that output: what cannot be fixed by trying again becomes an OutputFailed.
template <class Work>
auto for_output(OutputId output, const Work& work) {
  try {
    return work();
  } catch (const OutputFailed&) {
    throw;
  } catch (const Error& failed) {
    if (failed.kind() == ErrorKind::data) throw OutputFailed(failed, output);
    throw;
  }
}

// The output could not take changes. `resync_max_size` (bytes): a larger table whose target was altered is suspended.
void answer_failed_changes(const OutputFailed& failed, const FoundOutput& found, destination::Destination& destination,
                           std::uint64_t resync_max_size);
// Its copy could not take its place, or the changes that waited for it could not be applied: it is suspended. `record`:
// as its copy was to have it.
void answer_failed_copy(const OutputFailed& failed, SyncedOutput& output, const OutputRecord& record,
                        destination::Destination& destination);

}  // namespace walbrook::replication

// The failure of one output that cannot take its changes or its copy, no matter how often it is tried, and what follows
// for it while the others continue.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "destination/destination.h"
#include "replication/core/synced_table.h"

namespace walbrook::replication {

// Thrown inside a load. The load is rolled back; the output is suspended, or resynced if its target was altered; and
// the load is tried again without the output.
class OutputFailed : public Error {
 public:
  // What was done to the output's target.
  enum class Doing {
    changes,    // changes or a copy were put into it
    alteration  // it was altered, to follow the columns of its source in place
  };
  OutputFailed(const Error& why, OutputId output, Doing doing)
      : Error(why),
        output_(output),
        doing_(doing),
        of_target_(dynamic_cast<const destination::TargetRefused*>(&why) != nullptr) {}
  [[nodiscard]] OutputId output() const { return output_; }
  [[nodiscard]] Doing doing() const { return doing_; }
  // The target table is the reason, not the data.
  [[nodiscard]] bool of_target() const { return of_target_; }

 private:
  OutputId output_;
  Doing doing_;
  bool of_target_;
};

// Runs `work`, which concerns that output. Throws OutputFailed for an Error(data), which would happen again; other
// errors pass through.
template <class Work>
auto for_output(OutputId output, const Work& work, OutputFailed::Doing doing = OutputFailed::Doing::changes) {
  try {
    return work();
  } catch (const OutputFailed&) {
    throw;
  } catch (const Error& failed) {
    if (failed.kind() == ErrorKind::data) throw OutputFailed(failed, output, doing);
    throw;
  }
}

// Answers a failure to apply changes: the output is resynced if somebody altered its target, or if its target cannot
// follow the columns of its source; else it is suspended. If somebody altered its target and its table is larger than
// `resync_max_size` (bytes), it is suspended too.
void answer_failed_changes(const OutputFailed& failed, const FoundOutput& found, destination::Destination& destination,
                           std::uint64_t resync_max_size);
// Answers a failure to swap in the copy, or to apply the changes that waited for it: the output is suspended. `record`
// is the output's record as it would be with the copy.
void answer_failed_copy(const OutputFailed& failed, SyncedOutput& output, const OutputRecord& record,
                        destination::Destination& destination);

}  // namespace walbrook::replication

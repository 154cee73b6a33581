// What a memory destination keeps from one opening to the next: target tables, finished copies and the state of
// pipelines. A destination may be destroyed in any state, as if its process had been killed; the store then holds what
// was committed.
//
// A store has a name (memory:NAME) and lives as long as somebody holds it: whoever opens a destination, or the test
// that looks into it.
//
// Threads: any. What a transaction commits is applied under the store's mutex, all at once; tables are replaced and
// never changed, so whoever has looked one up may read it for as long as it wants.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "destination/memory/memory_table.h"
#include "destination/state.h"

namespace walbrook::destination::memory {

using TableRef = std::shared_ptr<const MemoryTable>;

// Where a destination could fail. A hook that throws makes it fail there.
enum class Step : std::uint8_t {
  open,           // nothing was read yet
  begin,          // a transaction is about to begin
  change,         // a row operation, an alteration or a swap is about to be done
  put,            // state is about to be put
  before_commit,  // nothing is durable yet
  after_commit,   // all of it is durable, and nobody was told
  copy_append,    // rows are about to be added to a copy
  copy_finish,    // a copy is about to become whole
};

struct Target {
  std::string pipeline;  // empty: somebody else made it
  TableRef table;
};

struct PipelineState {
  std::optional<Checkpoint> checkpoint;
  std::map<Oid, TableRecord> tables;
  std::map<OutputId, OutputRecord> outputs;
  std::map<std::int64_t, LoadRecord> loads;                    // the newest most_loads
  std::map<std::uint32_t, std::vector<std::string>> prepared;  // by xid

  void put(TableRecord record);  // replaces those of its OID or name
};

inline constexpr std::size_t most_loads = 100;  // kept of a pipeline

class MemoryStore {
 public:
  using Name = std::pair<std::string, std::string>;  // schema and table, of a target
  struct Contents {
    std::map<std::string, PipelineState> pipelines;
    std::map<Name, Target> targets;
    std::map<Name, Target> copies;  // finished ones, by the names of their targets
  };

  // The store of that name; a new one where nobody holds one.
  [[nodiscard]] static std::shared_ptr<MemoryStore> named(const std::string& name);

  // For tests: is called before each step; may throw. Set while nothing is under way. It is called without the mutex.
  void set_hook(std::function<void(Step)> hook) { hook_ = std::move(hook); }
  void reach(Step step) const {
    if (hook_) hook_(step);
  }

  // Runs `work` on the contents while nobody else does.
  template <class Work>
  auto with(const Work& work) {
    const std::lock_guard lock(mutex_);
    return work(contents_);
  }
  // What readers see; nullptr: there is no such table.
  [[nodiscard]] TableRef target(const TargetName& name);

 private:
  std::function<void(Step)> hook_;
  std::mutex mutex_;  // guards contents_
  Contents contents_;
};

}  // namespace walbrook::destination::memory

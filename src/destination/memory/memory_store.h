// The data that a memory destination keeps from one opening to the next: target tables, finished copies and the state
// of pipelines. A destination may be destroyed in any state, as if its process had been killed; the store then holds
// what was committed.
//
// A store has a name (memory:NAME) and exists as long as somebody holds it: a destination, or a test that examines it.
//
// Threads: any. What a transaction commits is applied as a whole under the store's mutex. Tables are replaced and never
// changed, so a table that was looked up can be read for as long as its reader holds it.
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

// The points at which a destination could fail. A hook that throws makes it fail there.
enum class Step : std::uint8_t {
  open,           // nothing has been read yet
  begin,          // a transaction is about to begin
  change,         // a row operation, an alteration or a swap is about to be done
  change_copy,    // a finished copy is about to be altered
  put,            // state is about to be put
  before_commit,  // nothing is durable yet
  after_commit,   // everything is durable, and commit() has not returned
  copy_append,    // rows are about to be added to a copy
  copy_finish,    // a copy is about to become whole
};

struct Target {
  std::string pipeline;  // empty: walbrook did not make the table
  TableRef table;
};

struct PipelineState {
  std::optional<Checkpoint> checkpoint;
  std::map<Oid, TableRecord> tables;
  std::map<OutputId, OutputRecord> outputs;
  std::map<std::int64_t, LoadRecord> loads;                    // the newest most_loads
  std::map<std::uint32_t, std::vector<std::string>> prepared;  // by xid
  std::map<OutputId, TableRef> copies;                         // finished ones

  void put(TableRecord record);  // replaces the records that have its OID or its name
};

inline constexpr std::size_t most_loads = 100;  // loads that are kept for a pipeline

class MemoryStore {
 public:
  using Name = std::pair<std::string, std::string>;  // schema and table of a target
  struct Contents {
    std::map<std::string, PipelineState> pipelines;
    std::map<Name, Target> targets;
  };

  // Returns the store of that name, or a new one if nobody holds one.
  [[nodiscard]] static std::shared_ptr<MemoryStore> named(const std::string& name);

  // For tests: `hook` is called before each step, without the mutex, and may throw. REQUIRES: no step is under way.
  void set_hook(std::function<void(Step)> hook) { hook_ = std::move(hook); }
  void reach(Step step) const {
    if (hook_) hook_(step);
  }

  // Runs `work` on the contents, which nobody else reads or changes meanwhile.
  template <class Work>
  auto with(const Work& work) {
    const std::lock_guard lock(mutex_);
    return work(contents_);
  }
  // Returns the table that readers see; nullptr if there is none.
  [[nodiscard]] TableRef target(const TargetName& name);

 private:
  std::function<void(Step)> hook_;
  std::mutex mutex_;  // guards contents_
  Contents contents_;
};

}  // namespace walbrook::destination::memory

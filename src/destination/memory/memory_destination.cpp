#include "destination/memory/memory_destination.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "destination/memory/memory_capabilities.h"
#include "destination/memory/memory_copy.h"

namespace walbrook::destination::memory {
namespace {

std::int64_t newest_load(const PipelineState& state) {
  return state.loads.empty() ? 0 : state.loads.rbegin()->first;
}

State state_of(const MemoryStore::Contents& contents, const std::string& pipeline) {
  State state;
  const auto found = contents.pipelines.find(pipeline);
  if (found == contents.pipelines.end()) return state;
  const auto& known = found->second;
  state.checkpoint = known.checkpoint;
  state.checkpoints = known.checkpoint ? 1 : 0;
  for (const auto& [oid, table] : known.tables) state.tables.push_back(table);
  for (const auto& [id, output] : known.outputs) {
    state.outputs.push_back(output);
    state.targets =
        state.targets || (output.has_source() && contents.targets.contains({output.target_schema, output.target_name}));
  }
  state.newest_load = newest_load(known);
  return state;
}

std::optional<TargetFinding> inspect_one(const MemoryStore::Contents& contents, const std::string& pipeline,
                                         const OutputRecord& output) {
  using Kind = TargetFinding::Kind;
  const auto full_name = fmt::format("{}.{}", output.target_schema, output.target_name);
  const auto found = contents.targets.find({output.target_schema, output.target_name});
  if (found == contents.targets.end()) {
    if (output.columns == nullptr) return std::nullopt;
    return TargetFinding{.output = output.id,
                         .kind = Kind::missing,
                         .reason = fmt::format("target table {} was dropped", full_name),
                         .hint = {}};
  }
  if (found->second.pipeline != pipeline) {
    return TargetFinding{.output = output.id,
                         .kind = Kind::name_conflict,
                         .reason = fmt::format("{} was not created by this pipeline", full_name),
                         .hint = "Choose another dataset."};
  }
  if (output.columns == nullptr) return std::nullopt;
  const auto& columns = found->second.table->columns();
  for (const auto& column : output.columns->columns) {
    const auto known = std::ranges::find(columns, column.name, &ColumnSchema::name);
    if (known != columns.end() && known->type == column.type) continue;
    return TargetFinding{.output = output.id,
                         .kind = Kind::altered,
                         .reason = fmt::format("target table {} lacks column \"{}\"", full_name, column.name),
                         .hint = {}};
  }
  return std::nullopt;
}

}  // namespace

MemoryDestination::MemoryDestination(const DestinationOptions& options)
    : name_(options.url),
      pipeline_(options.pipeline),
      read_only_(options.read_only),
      store_(MemoryStore::named(options.url)) {}

const Capabilities& MemoryDestination::capabilities() const {
  return memory::capabilities();
}

std::string MemoryDestination::type_name(const PhysicalType& type) const {
  return to_string(type);
}

State MemoryDestination::open() {
  store_->reach(Step::open);
  auto state = store_->with([&](MemoryStore::Contents& contents) {
    if (!read_only_) contents.pipelines[pipeline_].copies.clear();
    return state_of(contents, pipeline_);
  });
  last_checkpoint_ = state.checkpoint;
  last_load_ = state.newest_load;
  uncertain_.reset();
  return state;
}

State MemoryDestination::read_state() {
  return store_->with([&](const MemoryStore::Contents& contents) { return state_of(contents, pipeline_); });
}

std::vector<TargetFinding> MemoryDestination::inspect(std::span<const OutputRecord> outputs) {
  return store_->with([&](const MemoryStore::Contents& contents) {
    std::vector<TargetFinding> findings;
    for (const auto& output : outputs) {
      if (auto finding = inspect_one(contents, pipeline_, output)) findings.push_back(*std::move(finding));
    }
    return findings;
  });
}

// A commit that swapped tables in may have left the checkpoint where it was, and so does a program's load, and one that
// renamed columns or tables. So the copies, the number of the newest load and the targets are compared too.
bool MemoryDestination::is_durable(const MemoryTransaction::Outcome& uncertain) {
  return store_->with([&](MemoryStore::Contents& contents) {
    const auto& state = contents.pipelines[pipeline_];
    return lsn_of(state.checkpoint) != lsn_of(last_checkpoint_) || newest_load(state) != last_load_ ||
           std::ranges::any_of(uncertain.taken_copies,
                               [&](OutputId output) { return !state.copies.contains(output); }) ||
           std::ranges::any_of(uncertain.targets, [&](const auto& written) {
             const auto found = contents.targets.find(written.first);
             return written.second != nullptr && found != contents.targets.end() &&
                    found->second.table == written.second;
           });
  });
}

void MemoryDestination::check_writable() const {
  if (read_only_) throw Error(ErrorKind::internal, name_ + " was opened to be read only");
}

std::unique_ptr<Transaction> MemoryDestination::begin(const AttemptId& /*attempt*/) {
  check_writable();
  if (is_open_) throw Error(ErrorKind::internal, "a transaction is open on the destination");
  store_->reach(Step::begin);
  if (uncertain_) {
    if (is_durable(*uncertain_)) {
      throw CommitWasDurable(name_, lsn_of(read_state().checkpoint));
    }
    uncertain_.reset();
  }
  is_open_ = true;
  return std::make_unique<MemoryTransaction>(store_, pipeline_, [this](const MemoryTransaction::Outcome& outcome) {
    is_open_ = false;
    if (outcome.uncertain) uncertain_ = outcome;
    if (!outcome.committed) return;
    if (outcome.checkpoint) last_checkpoint_ = outcome.checkpoint;
    store_->with([this](MemoryStore::Contents& contents) { last_load_ = newest_load(contents.pipelines[pipeline_]); });
  });
}

std::unique_ptr<CopyWriter> MemoryDestination::begin_copy(std::span<const CopyTarget> outputs) {
  check_writable();
  return std::make_unique<MemoryCopyWriter>(store_, pipeline_, outputs);
}

void MemoryDestination::drop_outputs(MemoryStore::Contents& contents, std::span<const OutputRecord> outputs) {
  auto& state = contents.pipelines[pipeline_];
  for (const auto& output : outputs) {
    const auto target = contents.targets.find({output.target_schema, output.target_name});
    if (target != contents.targets.end() && target->second.pipeline == pipeline_) contents.targets.erase(target);
    state.copies.erase(output.id);
    state.outputs.erase(output.id);
    const auto is_of_table = [&](const auto& entry) { return entry.second.source == output.source; };
    if (std::ranges::none_of(state.outputs, is_of_table)) state.tables.erase(output.source);
  }
}

void MemoryDestination::drop(DropScope scope, std::span<const OutputRecord> outputs) {
  check_writable();
  store_->with([&](MemoryStore::Contents& contents) {
    if (scope == DropScope::outputs) return drop_outputs(contents, outputs);
    auto& state = contents.pipelines[pipeline_];
    std::vector<OutputRecord> dropped;
    for (const auto& [id, output] : state.outputs) {
      if (scope == DropScope::pipeline || output.has_source()) dropped.push_back(output);
    }
    drop_outputs(contents, dropped);
    state.checkpoint.reset();
    state.prepared.clear();
    std::erase_if(state.loads,
                  [&](const auto& entry) { return scope == DropScope::pipeline || entry.second.last_commit.is_set(); });
  });
  if (scope != DropScope::outputs) last_checkpoint_.reset();
  last_load_ = read_state().newest_load;
}

}  // namespace walbrook::destination::memory

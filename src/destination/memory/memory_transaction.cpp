#include "destination/memory/memory_transaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace walbrook::destination::memory {
namespace {

MemoryStore::Name name_of(const OutputRecord& output) {
  return {output.target_schema, output.target_name};
}

Provenance provenance_of(const RowsOf& rows, const RowBatch& batch, std::size_t row) {
  Provenance provenance{.lsn = rows.copied_at, .load_id = rows.load_id};
  if (rows.transactions == nullptr) return provenance;
  const auto& transaction = (*rows.transactions)[batch.transaction[row]];
  provenance.lsn = transaction.commit_lsn;
  provenance.commit_time = transaction.commit_time;
  return provenance;
}

void add_row(RowBatch& batch, const RowRef& row) {
  for (std::size_t c = 0; c < batch.columns.size(); ++c) {
    batch.columns[c].append_from(row.batch->columns[c], row.row);
  }
  batch.finish_row(Op::insert, row.batch->transaction[row.row]);
}

}  // namespace

MemoryTransaction::MemoryTransaction(std::shared_ptr<MemoryStore> store, std::string pipeline, Ended ended)
    : store_(std::move(store)), pipeline_(std::move(pipeline)), ended_(std::move(ended)) {}

MemoryTransaction::~MemoryTransaction() {
  ended_(outcome_);
}

MemoryTable* MemoryTransaction::find_changed(const OutputRecord& output) {
  const auto name = name_of(output);
  auto found = targets_.find(name);
  if (found == targets_.end()) {
    const auto current = store_->target(output.target());
    found = targets_.emplace(name, current == nullptr ? std::nullopt : std::optional<MemoryTable>(*current)).first;
  }
  return found->second ? &*found->second : nullptr;
}

MemoryTable& MemoryTransaction::changed(const OutputRecord& output) {
  if (auto* target = find_changed(output)) return *target;
  throw TargetRefused(fmt::format("target table {}.{} does not exist", output.target_schema, output.target_name),
                      "Resync the table.");
}

TableRef MemoryTransaction::finished_copy(OutputId output) {
  if (outcome_.taken_copies.contains(output)) return nullptr;
  return store_->with([&](MemoryStore::Contents& contents) -> TableRef {
    const auto& copies = contents.pipelines[pipeline_].copies;
    const auto found = copies.find(output);
    return found == copies.end() ? nullptr : found->second;
  });
}

MemoryTable MemoryTransaction::take_copy(const OutputRecord& output) {
  const auto copy = finished_copy(output.id);
  if (copy == nullptr) refuse_no_copy(output);
  outcome_.taken_copies.insert(output.id);
  auto altered = altered_copies_.extract(output.id);
  if (altered.empty()) return *copy;
  return std::move(altered.mapped());
}

void MemoryTransaction::alter(const OutputRecord& output, const Alteration& alteration) {
  store_->reach(Step::change);
  const auto apply = [&](MemoryTable& target) {
    target.alter(alteration);
    for (const auto& column : alteration.overflow) target.add_overflow(column);
  };
  if (output.state != OutputState::copying) return apply(changed(output));
  if (auto* target = find_changed(output)) apply(*target);
  const auto copy = finished_copy(output.id);
  if (copy != nullptr) apply(altered_copies_.try_emplace(output.id, *copy).first->second);
}

void MemoryTransaction::alter_copy(const OutputRecord& output, const Alteration& alteration) {
  store_->reach(Step::change_copy);
  const auto copy = finished_copy(output.id);
  if (copy == nullptr) refuse_no_copy(output);
  altered_copies_.try_emplace(output.id, *copy).first->second.alter(alteration);
}

void MemoryTransaction::check_owner(const OutputRecord& output) {
  const auto name = name_of(output);
  const bool is_foreign = store_->with([&](const MemoryStore::Contents& contents) {
    const auto found = contents.targets.find(name);
    return found != contents.targets.end() && found->second.pipeline != pipeline_;
  });
  if (is_foreign) {
    throw TargetRefused(fmt::format("{}.{} was not created by this pipeline", name.first, name.second),
                        "Rename it, or choose another dataset.");
  }
}

void MemoryTransaction::swap_in(const OutputRecord& output, const TargetName* former) {
  store_->reach(Step::change);
  check_owner(output);
  auto copy = take_copy(output);
  if (former != nullptr) targets_[{former->schema, former->table}] = std::nullopt;
  targets_.insert_or_assign(name_of(output), std::move(copy));
}

void MemoryTransaction::move(std::span<const TargetMove> moves) {
  store_->reach(Step::change);
  std::vector<MemoryTable> moved;
  for (const auto& each : moves) {
    const auto before = each.before();
    moved.push_back(changed(before));
    targets_[name_of(before)] = std::nullopt;
  }
  for (std::size_t i = 0; i < moves.size(); ++i) {
    check_owner(moves[i].output);
    targets_.insert_or_assign(name_of(moves[i].output), std::move(moved[i]));
  }
}

void MemoryTransaction::complete(const OutputRecord& output, const RowsOf& rows, std::span<const Patch> patches) {
  store_->reach(Step::change);
  const auto& target = changed(output);
  const auto [kept, is_new] = completed_.try_emplace(name_of(output), rows.schema);
  if (!is_new) throw Error(ErrorKind::internal, "completed rows of " + rows.schema->full_name() + " were not appended");
  for (const auto& patch : patches) target.complete(patch, kept->second);
}

std::uint64_t MemoryTransaction::remove(const OutputRecord& output, const RowsOf& rows,
                                        std::span<const Removal> removals) {
  store_->reach(Step::change);
  return changed(output).remove(removals, *rows.schema, rows.keyed);
}

AppendCounts MemoryTransaction::append(const OutputRecord& output, const RowsOf& rows,
                                       std::span<const RowRef> appended) {
  store_->reach(Step::change);
  auto kept = completed_.extract(name_of(output));
  auto batch = std::make_shared<RowBatch>(kept.empty() ? RowBatch(rows.schema) : std::move(kept.mapped()));
  for (const auto& row : appended) add_row(*batch, row);
  std::vector<Provenance> provenance;
  provenance.reserve(batch->rows());
  for (std::size_t row = 0; row < batch->rows(); ++row) provenance.push_back(provenance_of(rows, *batch, row));
  const auto count = batch->rows();
  return {.rows = count, .overflow = changed(output).append(std::move(batch), provenance)};
}

void MemoryTransaction::truncate(const OutputRecord& output) {
  store_->reach(Step::change);
  changed(output).clear();
}

std::vector<std::string>& MemoryTransaction::prepared(std::uint32_t xid) {
  const auto [found, is_new] = prepared_.try_emplace(xid);
  if (is_new) {
    found->second = store_->with([&](MemoryStore::Contents& contents) {
      const auto& known = contents.pipelines[pipeline_].prepared;
      const auto kept = known.find(xid);
      return kept == known.end() ? std::vector<std::string>() : kept->second;
    });
  }
  return found->second;
}

void MemoryTransaction::put(const StateChange& change) {
  store_->reach(Step::put);
  if (const auto* kept = std::get_if<KeepPrepared>(&change)) {
    prepared(kept->xid).emplace_back(kept->bytes);
  } else if (const auto* dropped = std::get_if<DropPrepared>(&change)) {
    prepared(dropped->xid).clear();
  } else if (const auto* described = std::get_if<DescribeOutput>(&change)) {
    changed(described->output).describe(*described->output.columns);
  } else if (const auto* table = std::get_if<PutTable>(&change)) {
    state_.emplace_back(*table);
  } else if (const auto* output = std::get_if<PutOutput>(&change)) {
    state_.emplace_back(*output);
  } else if (const auto* checkpoint = std::get_if<PutCheckpoint>(&change)) {
    state_.emplace_back(*checkpoint);
    outcome_.checkpoint = checkpoint->checkpoint;
  } else {
    state_.emplace_back(std::get<PutLoad>(change));
  }
}

void MemoryTransaction::read_prepared(std::uint32_t xid, const std::function<void(std::string_view)>& sink) {
  const auto parts = prepared(xid);  // a copy: the sink may drop them
  for (const auto& part : parts) sink(part);
}

void MemoryTransaction::apply_to(PipelineState& state) {
  for (auto& change : state_) {
    if (auto* table = std::get_if<PutTable>(&change)) {
      state.put(std::move(table->table));
    } else if (auto* output = std::get_if<PutOutput>(&change)) {
      if (!may_be_swapped_in(output->output.state)) state.copies.erase(output->output.id);
      output->output.load_id = 0;
      state.outputs.insert_or_assign(output->output.id, std::move(output->output));
    } else if (auto* checkpoint = std::get_if<PutCheckpoint>(&change)) {
      state.checkpoint = std::move(checkpoint->checkpoint);
    } else {
      auto& load = std::get<PutLoad>(change).load;
      if (load.id == 0) load.id = state.loads.empty() ? 1 : state.loads.rbegin()->first + 1;
      state.loads.insert_or_assign(load.id, std::move(load));
      if (state.loads.size() > most_loads) state.loads.erase(state.loads.begin());
    }
  }
  for (auto& [xid, parts] : prepared_) {
    if (parts.empty()) {
      state.prepared.erase(xid);
    } else {
      state.prepared.insert_or_assign(xid, std::move(parts));
    }
  }
}

void MemoryTransaction::commit() {
  outcome_.uncertain = true;
  for (auto& [name, table] : targets_) {
    outcome_.targets[name] = table ? std::make_shared<const MemoryTable>(*std::move(table)) : nullptr;
  }
  store_->reach(Step::before_commit);
  store_->with([this](MemoryStore::Contents& contents) {
    auto& state = contents.pipelines[pipeline_];
    for (const auto output : outcome_.taken_copies) state.copies.erase(output);
    for (auto& [output, copy] : altered_copies_) {
      state.copies.insert_or_assign(output, std::make_shared<const MemoryTable>(std::move(copy)));
    }
    for (const auto& [name, table] : outcome_.targets) {
      if (table != nullptr) {
        contents.targets.insert_or_assign(name, Target{.pipeline = pipeline_, .table = table});
      } else {
        contents.targets.erase(name);
      }
    }
    apply_to(state);
  });
  store_->reach(Step::after_commit);
  outcome_.committed = true;
  outcome_.uncertain = false;
}

}  // namespace walbrook::destination::memory

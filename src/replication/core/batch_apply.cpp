#include "replication/core/batch_apply.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/fault.h"
#include "base/planted.h"
#include "model/drop_transactions.h"
#include "model/operation_transaction.h"
#include "model/part_codec.h"
#include "model/schema_diff.h"
#include "output/disposition.h"
#include "postgres/catalog/fingerprint.h"
#include "replication/core/leaving.h"
#include "replication/core/rows_since.h"
#include "replication/core/suspicion.h"
#include "replication/core/target_needs.h"

namespace walbrook::replication {
namespace {

// Reads a part of a transaction that has committed: without the changes of rolled-back subtransactions, and as one
// transaction (index 0).
Part committed_part(std::string_view bytes, const std::vector<std::uint32_t>& aborted) {
  auto part = read_part(bytes);
  if (!aborted.empty()) {
    std::vector<bool> dropped;
    dropped.reserve(part.transactions.size());
    for (const auto& each : part.transactions) dropped.push_back(std::ranges::binary_search(aborted, each.xid));
    drop_transactions(part.operations, dropped);
  }
  for (auto& operation : part.operations) {
    if (auto* batch = std::get_if<RowBatch>(&operation)) batch->transaction.assign(batch->rows(), 0);
    if (auto* transaction = transaction_of(operation)) *transaction = 0;
  }
  return part;
}

// Keeps the xids of the newest truncates with the table (suspicion.h), each once.
void remember_truncate(TableRecord& record, std::uint32_t xid) {
  auto& known = record.truncates;
  if (std::ranges::find(known, xid) != known.end()) return;
  if (known.size() == destination::most_truncates) known.erase(known.begin());
  known.push_back(xid);
}

// Rows of both schemas can go into one merge.
bool can_be_folded(const TableSchema& a, const TableSchema& b) {
  return &a == &b || schema_diff(a, b).is_none();
}

void log_copy(const OutputRecord& record) {
  if (record.state != OutputState::pending) return;
  spdlog::info("table {}.{} is copied again: {}", record.schema, record.name, record.reason);
}

template <class Numbers>
void count(const RowBatch& batch, Numbers& counts) {
  for (const auto op : batch.ops) {
    counts.inserts += op == Op::insert ? 1 : 0;
    counts.updates += op == Op::update ? 1 : 0;
    counts.deletes += op == Op::remove ? 1 : 0;
  }
}

// Whether the catalog, as it was last read, has the label. A type that the table no longer has says nothing.
bool has_label(const SyncedTable& table, const EnumLabel& label) {
  if (table.source.fingerprint.empty()) return true;
  const auto enums = postgres::parse_fingerprint(table.source.fingerprint).enums;
  const auto type = enums.find(label.type);
  return type == enums.end() ||
         std::ranges::any_of(type->second, [&label](const auto& known) { return known.second == label.label; });
}

}  // namespace

BatchApply::BatchApply(destination::Transaction& load, Spool& spool, TableSync& sync, TableChanges& changes,
                       std::int64_t load_id)
    : load_(load), spool_(spool), sync_(sync), changes_(changes), load_id_(load_id) {}

void BatchApply::suspend_or_resync(const std::vector<TableError>& errors) {
  for (const auto& error : errors) {
    auto* table = sync_.find_by_relation(error.oid);
    if (table == nullptr) table = sync_.find(error.oid);
    if (table == nullptr || (error.label && has_label(*table, *error.label))) continue;
    for (const auto& output : table->outputs) suspend_or_resync(*table, output, error);
  }
}

void BatchApply::suspend_or_resync(const SyncedTable& table, const SyncedOutput& output, const TableError& error) {
  const auto state = changes_.look(output).state;
  // The stream may still bring changes of a table that is no longer published. They are not applied, so an error among
  // them concerns nobody.
  if (state == OutputState::removed) return;
  if (state == OutputState::suspended || state == OutputState::left_out || !output.is_asked) return;
  if (error.fixed_by_copy && state == OutputState::pending) return;
  // It keeps former names of labels and values of before a rewrite, as it keeps other rows of before.
  if ((error.label || error.is_read) && output.record.changes_only) return;
  if (error.is_read && is_leaving(table.record)) return;  // its last changes are still applied
  if (error.copy_must_be_newer && state == OutputState::copying) {
    // The copy may hold that change already. The loader decides when the copy's consistent point is known
    // (TableCopies::ended).
    const Lsn at = error.commit_lsn.is_set() ? error.commit_lsn : Lsn{UINT64_MAX};
    changes_.note_altered(output, at);
    if (!output.copied || at < *output.copied) return;
  }
  auto& record = changes_.edit(output);
  if (error.is_read && state == OutputState::streaming) {
    if (auto too_large = too_large_to_copy(error.reason, table.source, sync_.resync_max_size())) {
      return mark_suspect(record, *std::move(too_large));
    }
  }
  changes_.note_suspended(output, error.commit_lsn);
  if (error.fixed_by_copy) {
    require_copy(table.record, record, error.reason);
    log_copy(record);
  } else {
    suspend(record, error.reason);
  }
}

void BatchApply::apply(const CommitBatch& batch) {
  WALBROOK_CHECK(std::ranges::is_sorted(batch.transactions, {}, &Transaction::commit_lsn),
                 "the transactions of a batch are not in the order of their commits");
  first_commit_ = batch.transactions.front().commit_lsn;
  // The errors come first: what they decide holds for all rows of the batch, including those before the change that
  // could not be read. A suspended output takes none of them; a new copy holds them all.
  suspend_or_resync(batch.errors);
  for (const auto& operation : batch.operations) apply(operation, batch.transactions);
  flush_all();
  counts_.transactions += batch.transactions.size();
}

void BatchApply::keep_prepared(const PreparedTransaction& batch) {
  suspend_or_resync(batch.errors);
  const auto keep = [&](std::string_view bytes) {
    const auto part = committed_part(bytes, batch.aborted);
    const auto kept = write_part({Transaction{.xid = batch.xid}}, part.operations);
    load_.put(destination::KeepPrepared{.xid = batch.xid, .bytes = kept});
  };
  // Drops a transaction that was prepared with the same xid before the xids wrapped around.
  load_.put(destination::DropPrepared{batch.xid});
  spool_.for_each(transaction_key(batch.xid), keep);
  taken_from_spool_.push_back(transaction_key(batch.xid));
  keep(write_part(batch.transactions, batch.operations));
}

void BatchApply::apply(const Operation& operation, const std::vector<Transaction>& transactions) {
  if (const auto* batch = std::get_if<RowBatch>(&operation)) {
    rows(*batch, operation, transactions);
  } else if (const auto* wiped = std::get_if<Truncate>(&operation)) {
    truncate(*wiped, transactions);
  } else if (const auto* altered = std::get_if<AlteredTable>(&operation)) {
    alter(*altered, operation, transactions);
  } else {
    merge_parts(std::get<MergeParts>(operation), transactions);
  }
}

void BatchApply::rows(const RowBatch& batch, const Operation& operation, const std::vector<Transaction>& transactions) {
  if (batch.rows() == 0) return;
  auto* table = sync_.find_by_relation(batch.schema->oid);
  if (table == nullptr) return;  // not wanted, or the catalog has not shown it yet: its snapshot will hold the rows
  WALBROOK_CHECK(batch.is_whole(), "a batch of {} has columns of different lengths", batch.schema->full_name());
  check_order(*table, transactions.at(batch.transaction.front()).commit_lsn,
              transactions.at(batch.transaction.back()).commit_lsn);
  bool is_applied = false;
  for (auto& output : table->outputs) {
    if (only_ && output.record.id != *only_) continue;
    const auto state = changes_.look(output).state;
    if (state == OutputState::copying) {
      spool(output, operation, transactions);
      changes_.spooled(output).add_rows(batch.schema, overflow_columns_of(batch),
                                        transactions[batch.transaction.back()].commit_lsn);
    } else if (state == OutputState::streaming) {
      if (output.has_part_under_way) spool(output, operation, transactions);
      is_applied = add({.table = table, .output = &output}, batch, transactions) || is_applied;
    }
  }
  if (is_applied) count(batch, counts_);
}

// Rows that follow have the columns of this description. The targets that follow them have them since the beginning of
// the load, and copies get them before they are swapped in; the others do not continue from description to description.
void BatchApply::alter(const AlteredTable& altered, const Operation& operation,
                       const std::vector<Transaction>& transactions) {
  ++descriptions_[altered.schema->oid];
  auto* table = sync_.find(altered.schema->oid);
  if (table == nullptr) return;
  for (const auto& output : table->outputs) {
    if (only_ && output.record.id != *only_) continue;
    const auto& record = changes_.look(output);
    if (record.state == OutputState::copying) {
      spool(output, operation, transactions);
      changes_.spooled(output).add(std::make_shared<const AlteredTable>(altered),
                                   transactions[altered.transaction].commit_lsn);
      continue;
    }
    if (adaptation_of(output) != nullptr) {
      const auto commit_lsn = transactions.at(altered.transaction).commit_lsn;
      changes_.edit(output).altered.push_back({.columns = altered.schema, .commit_lsn = commit_lsn});
      changes_.note_described(output, commit_lsn);
      continue;
    }
    if (record.fingerprint.empty()) continue;
    auto without = postgres::without_ddl_trigger(record.fingerprint);
    if (without != record.fingerprint) changes_.edit(output).fingerprint = std::move(without);
  }
}

void BatchApply::spool(const SyncedOutput& output, const Operation& operation,
                       const std::vector<Transaction>& transactions) {
  spool_.put(output_key(output.record.id), first_commit_, write_part(transactions, {&operation, 1}));
}

void BatchApply::check_order(const SyncedTable& table, Lsn first_commit, Lsn last_commit) {
  auto& reached = reached_[table.record.oid];
  WALBROOK_CHECK(reached <= first_commit && first_commit <= last_commit,
                 "changes of {}.{} from commit {} to {} come after commit {}", table.record.schema, table.record.name,
                 first_commit.to_string(), last_commit.to_string(), reached.to_string());
  reached = last_commit;
}

bool BatchApply::add(const FoundOutput& to, const RowBatch& batch, const std::vector<Transaction>& transactions) {
  const auto& output = *to.output;
  const auto& known = changes_.look(output).columns;
  if (known == nullptr)
    throw Error(ErrorKind::internal, "table " + batch.schema->full_name() + " streams without columns");
  if (const auto* adaptation = adaptation_of(output)) {
    if (*batch.schema == adaptation->columns()) {
      changes_.note_columns(output, transactions.at(batch.transaction.back()).commit_lsn);
    }
    return queue(output, adapted(*adaptation, batch), transactions);
  }
  const auto diff = schema_diff(*known, *batch.schema);
  if (!diff.fits_target()) {
    // The stream lacks the values that the new or altered column has in old rows, and the catalog does not show them:
    // only a new copy brings them. Its snapshot is taken later than these rows, so it holds everything until then. Rows
    // that wait are merged first: readers see the old target until the new copy is swapped in.
    auto& record = changes_.edit(output);
    if (!record.changes_only || !diff.keeps_common_columns()) {
      flush(output);
      require_copy(to.table->record, record, diff.reason());
      log_copy(record);
      return false;
    }
    record.columns = batch.schema;  // the target has them already (alter_targets)
  } else if (diff.has(ColumnChange::Kind::dropped)) {
    changes_.edit(output).columns = batch.schema;
  }
  return queue(output, batch, transactions);
}

const Adaptation* BatchApply::adaptation_of(const SyncedOutput& output) const {
  if (adaptations_ == nullptr) return nullptr;
  const auto found = adaptations_->find(output.record.id);
  return found == adaptations_->end() ? nullptr : &found->second;
}

const RowBatch& BatchApply::adapted(const Adaptation& adaptation, const RowBatch& batch) {
  if (*batch.schema == adaptation.columns() && !adaptation.is_described()) return batch;
  const auto found = descriptions_.find(batch.schema->oid);
  auto described = found == descriptions_.end() ? 0 : found->second;
  if (planted::is(planted::Fault::description_out_of_place)) described = 0;
  auto rows = adaptation.adapted(batch, described);
  WALBROOK_CHECK(rows.has_value(), "changes of {} have columns that their load did not expect",
                 batch.schema->full_name());
  return adapted_.emplace_back(*std::move(rows));
}

bool BatchApply::queue(const SyncedOutput& output, const RowBatch& batch,
                       const std::vector<Transaction>& transactions) {
  auto& waiting = waiting_[output.record.id];
  if (!waiting.empty() && !can_be_folded(*waiting.front()->schema, *batch.schema)) flush(output);
  waiting.push_back(&batch);
  transactions_ = &transactions;
  count(batch, output_counts_[output.record.id]);
  return true;
}

void BatchApply::flush(const SyncedOutput& output) {
  const auto found = waiting_.find(output.record.id);
  if (found == waiting_.end() || found->second.empty()) return;
  const auto batches = std::exchange(found->second, {});
  const auto& record = changes_.look(output);
  const bool merged = for_output(record.id, [&] {
    auto operations = row_operations(record.disposition, batches);
    operations.transactions = transactions_;
    operations.load_id = load_id_;
    if (operations.empty()) return false;
    fault::hit("before_merge");
    counts_.overflow_values += destination::apply(load_, record, operations).overflow_values;
    return true;
  });
  if (merged) fault::hit("after_merge");
}

void BatchApply::flush_all() {
  for (auto& [id, batches] : waiting_) {
    if (const auto found = sync_.find(id)) flush(*found.output);
  }
  adapted_.clear();
}

// Tables that lose every row: they are truncated themselves, or all of their leaves are.
std::vector<Oid> BatchApply::truncated_wholly(const Truncate& truncate) const {
  std::map<Oid, std::size_t> leaves;
  std::vector<Oid> tables;
  for (const auto& schema : truncate.tables) {
    const auto* table = sync_.find_by_relation(schema->oid);
    if (table == nullptr) continue;
    const bool itself = schema->oid == table->record.oid;
    // The members are the leaves and the table itself.
    if (itself || ++leaves[table->record.oid] + 1 == table->source.members.size()) tables.push_back(table->record.oid);
  }
  return tables;
}

void BatchApply::truncate(const Truncate& truncate, const std::vector<Transaction>& transactions) {
  const auto wholly = truncated_wholly(truncate);
  std::set<Oid> done;
  for (const auto& schema : truncate.tables) {
    auto* table = sync_.find_by_relation(schema->oid);
    if (table == nullptr || !done.insert(table->record.oid).second) continue;
    const auto& transaction = transactions.at(truncate.transaction);
    check_order(*table, transaction.commit_lsn, transaction.commit_lsn);
    const bool whole = std::ranges::find(wholly, table->record.oid) != wholly.end();
    const auto is_kept = [this](const SyncedOutput& output) {
      return changes_.look(output).state != OutputState::removed;
    };
    if (whole && std::ranges::any_of(table->outputs, is_kept))
      remember_truncate(changes_.edit(*table), transaction.xid);
    const Operation alone = Truncate{.tables = {schema}, .transaction = truncate.transaction};
    bool is_applied = false;
    for (const auto& output : table->outputs) {
      if (only_ && output.record.id != *only_) continue;
      is_applied =
          (whole ? truncate_wholly(output, alone, transactions) : truncate_leaf(*table, output, *schema)) || is_applied;
    }
    counts_.truncates += is_applied ? 1 : 0;
  }
}

bool BatchApply::truncate_wholly(const SyncedOutput& output, const Operation& operation,
                                 const std::vector<Transaction>& transactions) {
  const auto& record = changes_.look(output);
  if (record.state == OutputState::copying) {
    spool(output, operation, transactions);
  } else if (record.state == OutputState::streaming) {
    if (planted::is(planted::Fault::truncate_dropped)) return true;
    if (output.has_part_under_way) spool(output, operation, transactions);
    if (record.disposition == Disposition::append) flush(output);  // they are changes that happened
    waiting_.erase(record.id);                                     // rows that wait would be truncated too
    for_output(record.id, [&] { load_.truncate(record); });
  } else {
    return false;
  }
  return true;
}

// One leaf was truncated, and several share the target: which rows are that leaf's is not known, so a copy is needed.
bool BatchApply::truncate_leaf(const SyncedTable& table, const SyncedOutput& output, const TableSchema& leaf) {
  const auto state = changes_.look(output).state;
  if (state != OutputState::streaming && state != OutputState::copying) return false;
  if (state == OutputState::streaming) flush(output);
  require_copy(table.record, changes_.edit(output), "partition " + leaf.full_name() + " was truncated in the source");
  return true;
}

// The parts come before the rest of their transaction, and after what committed earlier: rows that wait are merged
// first. Parts are read one by one and each is merged before the next is read, since its rows end with it.
void BatchApply::merge_parts(const MergeParts& merge, const std::vector<Transaction>& transactions) {
  flush_all();
  const std::vector<Transaction> committed{transactions[merge.transaction]};
  const auto apply_part = [&](std::string_view bytes) {
    const auto part = committed_part(bytes, merge.aborted);
    for (const auto& operation : part.operations) apply(operation, committed);
    flush_all();
  };
  if (merge.prepared) {
    load_.read_prepared(merge.xid, apply_part);
    load_.put(destination::DropPrepared{merge.xid});
  } else {
    spool_.for_each(transaction_key(merge.xid), apply_part);
    taken_from_spool_.push_back(transaction_key(merge.xid));
  }
}

// In this order: the record becomes `streaming` in this load, so that the spooled rows below are merged and not spooled
// again; the copy takes the target's place; the spooled changes from the seam on are applied. An earlier change is in
// the copy already: applied again, it would duplicate rows of a table without a key.
void BatchApply::swap_in(const FoundOutput& copied) {
  auto& output = *copied.output;
  const Lsn seam = *output.copied;
  auto& record = changes_.edit(output);
  record.state = OutputState::streaming;
  record.snapshot_lsn = seam;
  record.columns = output.copied_columns;
  record.reason = copied.table->source.partial;
  record.suspect.clear();
  if (const auto* adaptation = adaptation_of(output)) adaptation->adopt(record);
  record.resync_where.clear();
  record.style = sync_.style();
  for_output(record.id, [&] {
    const auto former = record.target();
    if (output.moves_to) {
      record.target_schema = output.moves_to->schema;
      record.target_name = output.moves_to->table;
    }
    load_.swap_in(record, output.moves_to ? &former : nullptr);
  });
  taken_from_spool_.push_back(output_key(record.id));
  if (planted::is(planted::Fault::swapped_in_without_spool)) return;
  const Lsn from{seam.value + (planted::is(planted::Fault::seam_excludes_its_point) ? 1 : 0)};
  only_ = record.id;  // other outputs of the table have these changes, or have spooled them for themselves
  spool_.for_each(output_key(record.id), [&](std::string_view bytes) {
    auto part = read_part(bytes);
    for (auto& operation : part.operations) {
      if (auto* batch = std::get_if<RowBatch>(&operation)) {
        const Operation since = rows_since(std::move(*batch), part.transactions, from);
        apply(since, part.transactions);
        flush_all();  // the batch ends with this scope
      } else if (part.transactions[*transaction_of(operation)].commit_lsn >= from) {
        apply(operation, part.transactions);
      }
    }
  });
  only_.reset();
}

}  // namespace walbrook::replication

#include "replication/core/open_batch.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"
#include "model/operation_transaction.h"
#include "postgres/values/value_text.h"

namespace walbrook::replication {
namespace {

constexpr std::size_t transaction_bytes = sizeof(Transaction) + 32;  // with the index entry that finds it

constexpr std::size_t shown_bytes = 60;  // longest part of a value in the debug log, and of a key

void assign_transaction(Operation& operation, std::uint32_t transaction) {
  if (auto* batch = std::get_if<RowBatch>(&operation)) batch->transaction.assign(batch->rows(), transaction);
  if (auto* own = transaction_of(operation)) *own = transaction;
}

// ", key id=2, part=7": identifies the row in a message; "" if the source has no key of it.
std::string key_text(const RelationState& relation, const postgres::Tuple& tuple) {
  if (relation.schema->identity == ReplicaIdentity::full) return {};
  const auto& columns = relation.schema->columns;
  std::string text;
  auto cells = tuple.cells();
  for (std::size_t sent = 0, c = 0; sent < tuple.size(); ++sent) {
    const auto cell = cells.next();
    if (!relation.taken.empty() && !relation.taken[sent]) continue;
    const auto& column = columns[c++];
    if (!column.in_key) continue;
    const auto value = cell.kind == postgres::CellKind::binary
                           ? postgres::binary_to_text(column.type_oid, cell.bytes).value_or("?")
                           : printable(cell.bytes);
    text += fmt::format("{}{}={}", text.empty() ? ", key " : ", ", column.name, shortened(value, shown_bytes));
  }
  return text;
}

}  // namespace

void OpenBatch::add(const Transaction& transaction) {
  content_.transactions.push_back(transaction);
  content_.bytes += transaction_bytes;
}

void OpenBatch::remove_newest_transaction() {
  content_.transactions.pop_back();
  content_.bytes -= transaction_bytes;
}

bool OpenBatch::append(const RelationState& relation, Op op, const postgres::Tuple& tuple,
                       const RowBatch* unchanged_from, std::uint32_t transaction, std::uint32_t sequence) {
  const auto& columns = relation.schema->columns;
  const auto described = relation.taken.empty() ? columns.size() : relation.taken.size();
  if (tuple.size() != described) {
    throw Error(ErrorKind::protocol, fmt::format("table {}: a row of {} columns, the stream described {}",
                                                 relation.schema->full_name(), tuple.size(), described));
  }
  auto& batch = batch_of(relation);
  const auto row = batch.rows();
  new_labels_.clear();
  auto cells = tuple.cells();
  std::size_t bytes = relation.row_width + sizeof(Op) + 2 * sizeof(std::uint32_t);
  for (std::size_t sent = 0, c = 0; sent < described; ++sent) {
    const auto cell = cells.next();
    if (!relation.taken.empty() && !relation.taken[sent]) continue;
    bytes += cell.bytes.size();
    const bool old_has_it =
        unchanged_from != nullptr && (relation.schema->identity == ReplicaIdentity::full || columns[c].in_key);
    if (cell.kind == postgres::CellKind::unchanged && old_has_it) {
      // The old tuple, one row up, has the value that the new one leaves out.
      batch.columns[c].append_from(batch.columns[c], row - 1);
    } else if (!append_cell(relation, batch, c, cell, op, tuple)) {
      batch.drop_open_row();
      if (unchanged_from != nullptr) {
        static_cast<void>(batch.split(row - 1));
        content_.bytes -= std::exchange(before_bytes_, 0);
      }
      return false;
    }
    ++c;
  }
  batch.finish_row(op, transaction, sequence);
  if (!new_labels_.empty()) report_labels(relation);
  content_.bytes += bytes;
  before_bytes_ = op == Op::before ? bytes : 0;
  if (op != Op::before) ++content_.rows;
  return true;
}

bool OpenBatch::append_cell(const RelationState& relation, RowBatch& batch, std::size_t c, const postgres::Cell& cell,
                            Op op, const postgres::Tuple& tuple) {
  auto& column = batch.columns[c];
  switch (cell.kind) {
    case postgres::CellKind::null:
      column.append_null();
      return true;
    case postgres::CellKind::unchanged:
      if (op == Op::insert) {
        ask_for_copy(relation, fmt::format("a row began to match its row filter without the value of column \"{}\"",
                                           relation.schema->columns[c].name));
        return false;
      }
      column.append_null();
      if (op == Op::update) batch.mark_unchanged(batch.rows(), c);
      return true;
    case postgres::CellKind::text:
    case postgres::CellKind::binary:
      break;
  }
  const auto& described = relation.schema->columns[c];
  const bool binary = cell.kind == postgres::CellKind::binary;
  const auto& parser = binary ? relation.parsers[c].binary : relation.parsers[c].text;
  const auto status = parser == nullptr ? postgres::ParseStatus::needs_text : parser(cell.bytes, parsing_, column);
  if (status == postgres::ParseStatus::ok) return true;
  if (status == postgres::ParseStatus::needs_text) {
    batch.drop_open_row();  // the batch's whole commits can still leave
    throw NeedsText(ErrorKind::protocol,
                    fmt::format("table {}, column \"{}\": a binary value of type {} that can be read only as text",
                                relation.schema->full_name(), described.name, described.type_oid));
  }
  const auto& transaction = content_.transactions.back();
  const bool unconvertible = [&] {
    const auto layout = described.type.layout;
    const bool holds_text = layout == Layout::utf8 || layout == Layout::json || is_nested(layout);
    std::string text;
    return parsing_.text != nullptr && holds_text &&
           postgres::stored_text(cell.bytes, parsing_.text, text).form == postgres::StoredText::Form::refused;
  }();
  const auto where = (transaction.commit_lsn.is_set() ? "commit " + transaction.commit_lsn.to_string()
                                                      : "transaction " + std::to_string(transaction.xid)) +
                     key_text(relation, tuple);
  // The reason goes to logs, status and the table's record. The value itself is shown in the debug log only.
  spdlog::debug("table {}, column \"{}\" at {}: the value is {}", relation.schema->full_name(), described.name, where,
                postgres::to_hex(cell.bytes.substr(0, shown_bytes)));
  if (unconvertible) {
    report_unreadable(
        relation,
        fmt::format("column \"{}\" at {}: the server has no equivalent in UTF8 for some of its {} bytes; correct "
                    "the value at the source",
                    described.name, where, cell.bytes.size()));
    return false;
  }
  report_unreadable(relation, fmt::format("column \"{}\" at {}: {} bytes that are not a value of its type",
                                          described.name, where, cell.bytes.size()));
  return false;
}

void OpenBatch::add(TableError error) {
  content_.bytes += sizeof(TableError) + error.reason.size();
  content_.errors.push_back(std::move(error));
}

bool OpenBatch::is_covered(const TableError& error) const {
  const auto own = content_.errors.begin() + static_cast<std::ptrdiff_t>(marked_errors_);
  return std::any_of(own, content_.errors.end(), [&error](const TableError& known) {
    if (known.oid != error.oid || (known.label && known.label != error.label)) return false;
    return !known.fixed_by_copy || (error.fixed_by_copy && known.copy_must_be_newer == error.copy_must_be_newer &&
                                    known.is_read == error.is_read);
  });
}

// The loader decides what follows for the table, and which other rows of it are dropped: the transaction may still roll
// back, and a suspended table comes back by a copy while the stream continues.
void OpenBatch::report(TableError error) {
  if (!is_covered(error)) add(std::move(error));
}

// An update that brings a row into a row filter is sent as an INSERT without the values that are stored out of line and
// unchanged (pgoutput_row_filter): only the source's table has them.
void OpenBatch::ask_for_copy(const RelationState& relation, const std::string& why) {
  report({.oid = relation.schema->oid, .described = relation.schema, .reason = why, .fixed_by_copy = true});
}

// Reports each label once. While the transaction is open, its rows report it again, since it may roll back.
void OpenBatch::report_labels(const RelationState& relation) {
  const auto commit_lsn = content_.transactions.back().commit_lsn;
  for (auto& seen : std::exchange(new_labels_, {})) {
    if (commit_lsn.is_set()) seen.known->insert(seen.label);
    auto reason = fmt::format("the enum label \"{}\" has another name now", seen.label);
    report({.oid = relation.schema->oid,
            .described = relation.schema,
            .reason = std::move(reason),
            .fixed_by_copy = true,
            .commit_lsn = commit_lsn,
            .label = EnumLabel{.type = seen.type, .label = std::move(seen.label)}});
  }
}

void OpenBatch::report_unreadable(const RelationState& relation, const std::string& why) {
  report({.oid = relation.schema->oid,
          .described = relation.schema,
          .reason = why,
          .commit_lsn = content_.transactions.back().commit_lsn});
}

RowBatch& OpenBatch::batch_of(const RelationState& relation) {
  const auto open = open_.find(relation.group);
  std::size_t operation = 0;
  if (open == open_.end() || open->second.schema != relation.schema.get()) {
    operation = content_.operations.size();
    content_.operations.emplace_back(RowBatch(relation.schema));
    open_[relation.group] = {operation, relation.schema.get()};
  } else {
    operation = open->second.operation;
  }
  auto& batch = std::get<RowBatch>(content_.operations[operation]);
  if (operation < marked_operations_) row_marks_.try_emplace(operation, batch.rows());
  return batch;
}

void OpenBatch::add(walbrook::Truncate truncate, const std::vector<Oid>& groups) {
  for (const auto group : groups) open_.erase(group);
  content_.operations.emplace_back(std::move(truncate));
  ++content_.rows;
}

void OpenBatch::add(AlteredTable altered, Oid group) {
  open_.erase(group);
  content_.bytes += sizeof(AlteredTable) + altered.description.size();
  content_.operations.emplace_back(std::move(altered));
}

void OpenBatch::add(MergeParts merge) {
  open_.clear();
  content_.operations.emplace_back(std::move(merge));
}

void OpenBatch::add(GatheredChanges&& other, std::uint32_t transaction) {
  open_.clear();
  for (auto& operation : other.operations) {
    assign_transaction(operation, transaction);
    content_.operations.push_back(std::move(operation));
  }
  for (auto& error : other.errors) {
    error.commit_lsn = content_.transactions[transaction].commit_lsn;
    content_.errors.push_back(std::move(error));
  }
  content_.bytes += other.bytes;
  content_.rows += other.rows;
}

void OpenBatch::mark() {
  marked_operations_ = content_.operations.size();
  row_marks_.clear();
  marked_errors_ = content_.errors.size();
  marked_bytes_ = content_.bytes;
  marked_rows_ = content_.rows;
}

void OpenBatch::reopen(const Transaction& transaction) {
  add(transaction);
  mark();
  marked_errors_ = 0;
}

bool OpenBatch::changed_since_mark() const {
  return !row_marks_.empty() || content_.operations.size() != marked_operations_ ||
         content_.errors.size() != marked_errors_;
}

// Returns everything before the mark; the open transaction and its changes stay.
GatheredChanges OpenBatch::split_at_mark() {
  auto out = std::exchange(content_, {});
  open_.clear();
  content_.transactions.push_back(out.transactions.back());
  out.transactions.pop_back();
  // The open transaction's operations: the tails of row batches that it appended to, then its own.
  for (const auto& [operation, row] : row_marks_) {
    content_.operations.emplace_back(std::get<RowBatch>(out.operations[operation]).split(row));
  }
  const auto own = out.operations.begin() + static_cast<std::ptrdiff_t>(marked_operations_);
  std::move(own, out.operations.end(), std::back_inserter(content_.operations));
  out.operations.erase(own, out.operations.end());
  for (auto& operation : content_.operations) assign_transaction(operation, 0);
  // Errors of whole commits leave with the checkpoint of those commits: a crash after it would lose them.
  const auto own_errors = out.errors.begin() + static_cast<std::ptrdiff_t>(marked_errors_);
  std::move(own_errors, out.errors.end(), std::back_inserter(content_.errors));
  out.errors.erase(own_errors, out.errors.end());
  // The open transaction's own entry was added before the mark was set.
  content_.bytes = out.bytes - marked_bytes_ + transaction_bytes;
  content_.rows = out.rows - marked_rows_;
  out.bytes = marked_bytes_ - transaction_bytes;
  out.rows = marked_rows_;
  marked_operations_ = marked_errors_ = marked_rows_ = 0;
  marked_bytes_ = transaction_bytes;
  row_marks_.clear();
  return out;
}

CommitBatch OpenBatch::as_commits(GatheredChanges&& changes) {
  return {std::move(changes), Lsn{}, std::exchange(checkpoint_, {}), std::exchange(last_, {})};
}

CommitBatch OpenBatch::take_before_mark() {
  return as_commits(split_at_mark());
}

GatheredChanges OpenBatch::take_behind_mark() {
  auto before = split_at_mark();
  auto out = take_all();
  content_ = std::move(before);
  mark();
  return out;
}

CommitBatch OpenBatch::take_commits() {
  return as_commits(take_all());
}

GatheredChanges OpenBatch::take_all() {
  open_.clear();
  row_marks_.clear();
  marked_operations_ = marked_errors_ = marked_bytes_ = marked_rows_ = 0;
  return std::exchange(content_, {});
}

TransactionPart OpenBatch::take_part(std::uint32_t xid) {
  auto errors = std::exchange(content_.errors, {});
  auto out = take_all();
  content_.errors = std::move(errors);
  return {.xid = xid,
          .transactions = std::move(out.transactions),
          .operations = std::move(out.operations),
          .bytes = out.bytes};
}

}  // namespace walbrook::replication

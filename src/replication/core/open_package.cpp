#include "replication/core/open_package.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"
#include "postgres/values/value_text.h"

namespace walbrook::replication {
namespace {

constexpr std::size_t transaction_bytes = sizeof(Transaction) + 32;  // with what finds it

constexpr std::size_t shown_bytes = 60;  // of a value in the debug log, and of a key

void assign_transaction(Step& step, std::uint32_t transaction) {
  if (auto* batch = std::get_if<RowBatch>(&step)) batch->transaction.assign(batch->rows(), transaction);
  if (auto* truncate = std::get_if<walbrook::Truncate>(&step)) truncate->transaction = transaction;
}

// ", key id=2, part=7": what tells the row, for a message; "" where the source has no key of it.
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

void OpenPackage::add(const Transaction& transaction) {
  package_.transactions.push_back(transaction);
  package_.bytes += transaction_bytes;
}

void OpenPackage::remove_newest_transaction() {
  package_.transactions.pop_back();
  package_.bytes -= transaction_bytes;
}

bool OpenPackage::append(const RelationState& relation, Op op, const postgres::Tuple& tuple,
                         const RowBatch* unchanged_from, std::uint32_t transaction, std::uint32_t sequence) {
  const auto& columns = relation.schema->columns;
  const auto described = relation.taken.empty() ? columns.size() : relation.taken.size();
  if (tuple.size() != described) {
    throw Error(ErrorKind::protocol, fmt::format("table {}: a row of {} columns, the stream described {}",
                                                 relation.schema->full_name(), tuple.size(), described));
  }
  auto& batch = batch_of(relation);
  const auto row = batch.rows();
  auto cells = tuple.cells();
  std::size_t bytes = relation.row_width + sizeof(Op) + 2 * sizeof(std::uint32_t);
  for (std::size_t sent = 0, c = 0; sent < described; ++sent) {
    const auto cell = cells.next();
    if (!relation.taken.empty() && !relation.taken[sent]) continue;
    bytes += cell.bytes.size();
    const bool old_has_it =
        unchanged_from != nullptr && (relation.schema->identity == ReplicaIdentity::full || columns[c].in_key);
    if (cell.kind == postgres::CellKind::unchanged && old_has_it) {
      // The old tuple, one row up, carries what the new one leaves out.
      batch.columns[c].append_from(batch.columns[c], row - 1);
    } else if (!append_cell(relation, batch, c, cell, op, tuple)) {
      batch.drop_open_row();
      if (unchanged_from != nullptr) static_cast<void>(batch.split(row - 1));
      return false;
    }
    ++c;
  }
  batch.finish_row(op, transaction, sequence);
  package_.bytes += bytes;
  if (op != Op::before) ++package_.rows;
  return true;
}

bool OpenPackage::append_cell(const RelationState& relation, RowBatch& batch, std::size_t c, const postgres::Cell& cell,
                              Op op, const postgres::Tuple& tuple) {
  auto& column = batch.columns[c];
  switch (cell.kind) {
    case postgres::CellKind::null:
      column.append_null();
      return true;
    case postgres::CellKind::unchanged:
      if (op == Op::insert) {
        ask_for_copy(relation, fmt::format("a row came into its row filter without the value of column \"{}\"",
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
    batch.drop_open_row();  // whole commits beside it still leave
    throw NeedsText(ErrorKind::protocol,
                    fmt::format("table {}, column \"{}\": a binary value of type {} that only its text can tell",
                                relation.schema->full_name(), described.name, described.type_oid));
  }
  const auto& transaction = package_.transactions.back();
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
  // A reason goes to logs, status and the table's record: what the value is shows the debug log alone.
  spdlog::debug("table {}, column \"{}\" at {}: the value is {}", relation.schema->full_name(), described.name, where,
                postgres::to_hex(cell.bytes.substr(0, shown_bytes)));
  if (unconvertible) {
    set_aside(relation,
              fmt::format("column \"{}\" at {}: the server has no equivalent in UTF8 for some of its {} bytes; correct "
                          "the value at the source",
                          described.name, where, cell.bytes.size()));
    return false;
  }
  set_aside(relation, fmt::format("column \"{}\" at {}: {} bytes that are no value of its type", described.name, where,
                                  cell.bytes.size()));
  return false;
}

void OpenPackage::add(Trouble trouble) {
  package_.bytes += sizeof(Trouble) + trouble.reason.size();
  package_.troubles.push_back(std::move(trouble));
}

bool OpenPackage::is_covered(const Trouble& trouble) const {
  const auto own = package_.troubles.begin() + static_cast<std::ptrdiff_t>(marked_troubles_);
  return std::any_of(own, package_.troubles.end(), [&trouble](const Trouble& known) {
    if (known.oid != trouble.oid) return false;
    return !known.copy_mends || (trouble.copy_mends && known.of_identity == trouble.of_identity);
  });
}

// What follows for the table is the loader's business, also which other rows of it are dropped: the transaction may
// still roll back, and a table that was set aside comes back by a copy while the stream goes on.
void OpenPackage::report(Trouble trouble) {
  if (!is_covered(trouble)) add(std::move(trouble));
}

// An update that brings a row into a row filter is sent as an INSERT, and what was stored apart and left unchanged is
// not in it (pgoutput_row_filter): only the source's table has it.
void OpenPackage::ask_for_copy(const RelationState& relation, const std::string& why) {
  report({.oid = relation.schema->oid, .reason = why, .copy_mends = true});
}

void OpenPackage::set_aside(const RelationState& relation, const std::string& why) {
  report({.oid = relation.schema->oid, .reason = why, .commit_lsn = package_.transactions.back().commit_lsn});
}

RowBatch& OpenPackage::batch_of(const RelationState& relation) {
  const auto open = open_.find(relation.group);
  std::size_t step = 0;
  if (open == open_.end() || open->second.schema != relation.schema.get()) {
    step = package_.steps.size();
    package_.steps.emplace_back(RowBatch(relation.schema));
    open_[relation.group] = {step, relation.schema.get()};
  } else {
    step = open->second.step;
  }
  auto& batch = std::get<RowBatch>(package_.steps[step]);
  if (step < marked_steps_) row_marks_.try_emplace(step, batch.rows());
  return batch;
}

void OpenPackage::add(walbrook::Truncate truncate, const std::vector<Oid>& groups) {
  for (const auto group : groups) open_.erase(group);
  package_.steps.emplace_back(std::move(truncate));
  ++package_.rows;
}

void OpenPackage::add(MergeStaged merge) {
  open_.clear();
  package_.steps.emplace_back(std::move(merge));
}

void OpenPackage::add(GatheredChanges&& other, std::uint32_t transaction) {
  open_.clear();
  for (auto& step : other.steps) {
    assign_transaction(step, transaction);
    package_.steps.push_back(std::move(step));
  }
  for (auto& trouble : other.troubles) {
    trouble.commit_lsn = package_.transactions[transaction].commit_lsn;
    package_.troubles.push_back(std::move(trouble));
  }
  package_.bytes += other.bytes;
  package_.rows += other.rows;
}

void OpenPackage::mark() {
  marked_steps_ = package_.steps.size();
  row_marks_.clear();
  marked_troubles_ = package_.troubles.size();
  marked_bytes_ = package_.bytes;
  marked_rows_ = package_.rows;
}

void OpenPackage::reopen(const Transaction& transaction) {
  add(transaction);
  mark();
  marked_troubles_ = 0;
}

bool OpenPackage::changed_since_mark() const {
  return !row_marks_.empty() || package_.steps.size() != marked_steps_ || package_.troubles.size() != marked_troubles_;
}

// What stands before the mark leaves; the open transaction and what it changed stay.
GatheredChanges OpenPackage::split_at_mark() {
  auto out = std::exchange(package_, {});
  open_.clear();
  package_.transactions.push_back(out.transactions.back());
  out.transactions.pop_back();
  // The tails of batches that the open transaction appended to, then its own steps.
  for (const auto& [step, row] : row_marks_) {
    package_.steps.emplace_back(std::get<RowBatch>(out.steps[step]).split(row));
  }
  const auto own = out.steps.begin() + static_cast<std::ptrdiff_t>(marked_steps_);
  std::move(own, out.steps.end(), std::back_inserter(package_.steps));
  out.steps.erase(own, out.steps.end());
  for (auto& step : package_.steps) assign_transaction(step, 0);
  // Those of whole commits go with their checkpoint: a crash behind it would lose them.
  const auto own_troubles = out.troubles.begin() + static_cast<std::ptrdiff_t>(marked_troubles_);
  std::move(own_troubles, out.troubles.end(), std::back_inserter(package_.troubles));
  out.troubles.erase(own_troubles, out.troubles.end());
  // The open transaction itself stands before the mark.
  package_.bytes = out.bytes - marked_bytes_ + transaction_bytes;
  package_.rows = out.rows - marked_rows_;
  out.bytes = marked_bytes_ - transaction_bytes;
  out.rows = marked_rows_;
  marked_steps_ = marked_troubles_ = marked_rows_ = 0;
  marked_bytes_ = transaction_bytes;
  row_marks_.clear();
  return out;
}

WholeCommits OpenPackage::as_commits(GatheredChanges&& changes) {
  return {std::move(changes), Lsn{}, std::exchange(checkpoint_, {}), std::exchange(last_, {})};
}

WholeCommits OpenPackage::take_before_mark() {
  return as_commits(split_at_mark());
}

GatheredChanges OpenPackage::take_behind_mark() {
  auto before = split_at_mark();
  auto out = take_all();
  package_ = std::move(before);
  mark();
  return out;
}

WholeCommits OpenPackage::take_commits() {
  return as_commits(take_all());
}

GatheredChanges OpenPackage::take_all() {
  open_.clear();
  row_marks_.clear();
  marked_steps_ = marked_troubles_ = marked_bytes_ = marked_rows_ = 0;
  return std::exchange(package_, {});
}

TransactionPart OpenPackage::take_part(std::uint32_t xid) {
  auto troubles = std::exchange(package_.troubles, {});
  auto out = take_all();
  package_.troubles = std::move(troubles);
  return {.xid = xid, .transactions = std::move(out.transactions), .steps = std::move(out.steps), .bytes = out.bytes};
}

}  // namespace walbrook::replication

#include "pipeline/assembler.h"

#include <fmt/format.h>

#include <utility>

namespace walbrook::pipeline {

Assembler::Assembler(const AssemblerOptions& options, TypeCatalog& types, const TableGroups& groups)
    : options_(options), types_(types), groups_(groups), position_(options.checkpoint) {}

void Assembler::feed(std::string_view frame) {
  if (reached_until_) return;
  const auto message = pgoutput::decode(frame);
  if (!message) {
    throw Error(ErrorKind::protocol,
                fmt::format("the stream cannot be read: {} (byte {} of {}, last commit before it ended at {})",
                            message.error().message, message.error().offset, frame.size(), position_.to_string()));
  }
  std::visit([this](const auto& each) { on(each); }, *message);
}

void Assembler::on(const pgoutput::Begin& begin) {
  if (in_transaction_) throw Error(ErrorKind::protocol, "the stream begins a transaction inside another one");
  if (options_.until && begin.final_lsn >= *options_.until) {
    reached_until_ = true;
    return;
  }
  in_transaction_ = true;
  skipping_ = begin.final_lsn < options_.checkpoint;
  staged_ = false;
  if (skipping_) return;
  package_.transactions.push_back({.xid = begin.xid, .commit_lsn = begin.final_lsn, .commit_time = begin.commit_time});
  transaction_steps_ = package_.steps.size();
  row_marks_.clear();
  bytes_before_ = package_.bytes;
  rows_before_ = package_.rows;
}

void Assembler::on(const pgoutput::Commit& commit) {
  if (!in_transaction_) throw Error(ErrorKind::protocol, "the stream commits a transaction that it did not begin");
  in_transaction_ = false;
  position_ = commit.end_lsn;
  if (skipping_) return;
  auto& transaction = package_.transactions.back();
  if (staged_) {
    // The parts left with everything before; what is here came after them.
    package_.steps.insert(package_.steps.begin(), MergeStaged{.xid = transaction.xid, .transaction = open_index()});
    open_.clear();
  } else if (row_marks_.empty() && package_.steps.size() == transaction_steps_ && package_.troubles.empty()) {
    package_.transactions.pop_back();  // it changed nothing that is published
    if (commits_ > 0) package_.checkpoint = commit.end_lsn;
    return;
  }
  transaction.end_lsn = commit.end_lsn;
  package_.checkpoint = commit.end_lsn;
  ++commits_;
}

void Assembler::on(const pgoutput::Relation& message) {
  TableSchema schema{.oid = message.oid,
                     .schema = message.schema.empty() ? "pg_catalog" : std::string(message.schema),
                     .name = std::string(message.name),
                     .identity = static_cast<ReplicaIdentity>(message.identity)};
  RelationState state;
  for (const auto& column : message.columns) {
    const auto type = types_.find(column.type_oid);
    const auto physical = physical_type(type, column.typmod, options_.limits);
    schema.columns.push_back({.name = std::string(column.name),
                              .type_oid = column.type_oid,
                              .typmod = column.typmod,
                              .in_key = column.in_key,
                              .type = physical,
                              .binary = has_binary_parser(type)});
    state.parsers.push_back(pgoutput::parsers_for(type.base_oid, type.is_enum, physical));
    state.row_width += is_variable_width(physical.layout) ? sizeof(std::int64_t) : value_width(physical.layout);
  }
  const auto known = relations_.find(message.oid);
  if (known != relations_.end() && *known->second.schema == schema) return;  // a mere invalidation changes nothing
  state.schema = std::make_shared<const TableSchema>(std::move(schema));
  state.group = groups_.group(message.oid);
  relations_[message.oid] = std::move(state);
}

void Assembler::on(const pgoutput::Insert& insert) {
  append(relation(insert.relation), Op::insert, insert.after, nullptr);
}

void Assembler::on(const pgoutput::Update& update) {
  auto& state = relation(update.relation);
  const RowBatch* before = nullptr;
  if (update.old_kind != pgoutput::OldTuple::none) {
    append(state, Op::before, update.before, nullptr);
    if (!skipping_ && !state.in_trouble) before = &batch_of(state);
  }
  append(state, Op::update, update.after, before);
}

void Assembler::on(const pgoutput::Delete& remove) {
  append(relation(remove.relation), Op::remove, remove.before, nullptr);
}

void Assembler::on(const pgoutput::Truncate& truncate) {
  if (skipping_) return;
  if (!in_transaction_) throw Error(ErrorKind::protocol, "Truncate outside of a transaction");
  walbrook::Truncate step{
      .cascade = truncate.cascade, .restart_identity = truncate.restart_identity, .transaction = open_index()};
  for (const Oid oid : truncate.relations) {
    const auto& state = relation(oid);
    step.tables.push_back(state.schema);
    open_.erase(state.group);
  }
  ++package_.rows;
  package_.steps.emplace_back(std::move(step));
}

Assembler::RelationState& Assembler::relation(Oid oid) {
  if (!in_transaction_)
    throw Error(ErrorKind::protocol, fmt::format("a change of relation {} outside of a transaction", oid));
  const auto found = relations_.find(oid);
  if (found == relations_.end()) {
    throw Error(ErrorKind::protocol, fmt::format("a change of relation {}, which the stream did not describe", oid));
  }
  return found->second;
}

RowBatch& Assembler::batch_of(RelationState& relation) {
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
  if (step < transaction_steps_) row_marks_.try_emplace(step, batch.rows());
  return batch;
}

void Assembler::append(RelationState& state, Op op, const pgoutput::Tuple& tuple, const RowBatch* unchanged_from) {
  if (skipping_ || state.in_trouble) return;
  const auto& columns = state.schema->columns;
  if (tuple.size() != columns.size()) {
    throw Error(ErrorKind::protocol, fmt::format("table {}: a row of {} columns, the stream described {}",
                                                 state.schema->full_name(), tuple.size(), columns.size()));
  }
  auto& batch = batch_of(state);
  const auto row = batch.rows();
  auto cells = tuple.cells();
  std::size_t bytes = state.row_width + sizeof(Op) + sizeof(std::uint32_t);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const auto cell = cells.next();
    bytes += cell.bytes.size();
    const bool old_has_it =
        unchanged_from != nullptr && (state.schema->identity == ReplicaIdentity::full || columns[c].in_key);
    if (cell.kind == pgoutput::CellKind::unchanged && old_has_it) {
      // The old tuple, one row up, carries what the new one leaves out.
      batch.columns[c].append_from(batch.columns[c], row - 1);
    } else if (!append_cell(state, batch, c, cell, op)) {
      return;
    }
  }
  batch.finish_row(op, open_index());
  package_.bytes += bytes;
  if (op != Op::before) ++package_.rows;
}

bool Assembler::append_cell(RelationState& state, RowBatch& batch, std::size_t c, const pgoutput::Cell& cell, Op op) {
  auto& column = batch.columns[c];
  switch (cell.kind) {
    case pgoutput::CellKind::null:
      column.append_null();
      return true;
    case pgoutput::CellKind::unchanged:
      if (op == Op::insert) {
        throw Error(ErrorKind::protocol,
                    fmt::format("table {}: an inserted row without a value", state.schema->full_name()));
      }
      column.append_null();
      if (op == Op::update) batch.mark_unchanged(batch.rows(), c);
      return true;
    case pgoutput::CellKind::text:
    case pgoutput::CellKind::binary:
      break;
  }
  const bool binary = cell.kind == pgoutput::CellKind::binary;
  const auto parser = binary ? state.parsers[c].binary : state.parsers[c].text;
  if (parser == nullptr) {
    throw NeedsText(
        ErrorKind::protocol,
        fmt::format("table {}, column \"{}\": a binary value of type {}, which has no parser",
                    state.schema->full_name(), state.schema->columns[c].name, state.schema->columns[c].type_oid));
  }
  if (parser(cell.bytes, options_.limits, column) == pgoutput::ParseStatus::ok) return true;
  set_aside(state, batch,
            fmt::format("column \"{}\" at commit {}: {} bytes that are no value of its type{}{}",
                        state.schema->columns[c].name, package_.transactions.back().commit_lsn.to_string(),
                        cell.bytes.size(), binary ? "" : ": ", binary ? "" : cell.bytes.substr(0, 60)));
  return false;
}

// Takes back the half-appended row; the loader sets the table aside when the package is applied.
void Assembler::set_aside(RelationState& state, RowBatch& batch, const std::string& why) {
  for (auto& column : batch.columns) column.truncate(batch.rows());
  state.in_trouble = true;
  package_.troubles.push_back({.oid = state.schema->oid, .reason = why});
}

bool Assembler::full() const {
  return package_.bytes >= options_.package_bytes || package_.rows >= options_.package_rows;
}

std::optional<LoadPackage> Assembler::take_due() {
  if (!full()) return std::nullopt;
  if (commits_ > 0) return take_commits();
  // The rows of one statement may be few bytes each: only the open transaction is here, and it is too large.
  if (in_transaction_ && !skipping_) return take_part();
  return std::nullopt;
}

std::optional<LoadPackage> Assembler::cut() {
  if (commits_ == 0) return std::nullopt;
  return take_commits();
}

LoadPackage Assembler::take_commits() {
  LoadPackage out = std::exchange(package_, {});
  open_.clear();
  if (in_transaction_ && !skipping_) {
    // What belongs to the open transaction moves on: the tails of batches it appended to, then its own steps.
    package_.transactions.push_back(out.transactions.back());
    out.transactions.pop_back();
    for (const auto& [step, row] : row_marks_) {
      package_.steps.emplace_back(std::get<RowBatch>(out.steps[step]).split(row));
    }
    for (auto step = transaction_steps_; step < out.steps.size(); ++step) {
      package_.steps.push_back(std::move(out.steps[step]));
    }
    out.steps.erase(out.steps.begin() + static_cast<std::ptrdiff_t>(transaction_steps_), out.steps.end());
    for (auto& step : package_.steps) {
      if (auto* batch = std::get_if<RowBatch>(&step)) batch->transaction.assign(batch->rows(), 0);
      if (auto* truncate = std::get_if<walbrook::Truncate>(&step)) truncate->transaction = 0;
    }
    package_.troubles = std::exchange(out.troubles, {});
    package_.bytes = out.bytes - bytes_before_;
    package_.rows = out.rows - rows_before_;
    out.bytes = bytes_before_;
    out.rows = rows_before_;
    bytes_before_ = rows_before_ = 0;
    row_marks_.clear();
    transaction_steps_ = 0;
  }
  commits_ = 0;
  return out;
}

LoadPackage Assembler::take_part() {
  LoadPackage out = std::exchange(package_, {});
  out.kind = PackageKind::part;
  out.staged_xid = out.transactions.back().xid;
  package_.transactions.push_back(out.transactions.back());
  package_.troubles = std::exchange(out.troubles, {});
  open_.clear();
  row_marks_.clear();
  transaction_steps_ = 0;
  bytes_before_ = rows_before_ = 0;
  staged_ = true;
  return out;
}

}  // namespace walbrook::pipeline

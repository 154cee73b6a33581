#include "destination/filesystem/filesystem_transaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "base/fault.h"
#include "base/hex.h"
#include "base/overloaded.h"
#include "destination/filesystem/compaction.h"
#include "destination/filesystem/file_names.h"
#include "destination/filesystem/views.h"
#include "destination/provenance.h"

namespace walbrook::destination::filesystem {
namespace {

using duckdb::identifier;

Manifest::Name name_of(const OutputRecord& output) {
  return {output.target_schema, output.target_name};
}

// A value that has no place would be lost without a message. A deleted row with such a value is in no file.
void check_overflow(const FileTable& table, const TableSchema& schema, std::span<const RowRef> rows) {
  for (std::size_t c = 0; c < schema.columns.size(); ++c) {
    if (table.overflow_of(schema.columns[c].name) != nullptr) continue;
    const auto overflows = [c](const RowRef& row) {
      const auto op = row.batch->ops[row.row];
      return (op == Op::insert || op == Op::update) && row.batch->columns[c].overflow_at(row.row) != nullptr;
    };
    if (std::ranges::none_of(rows, overflows)) continue;
    throw Error(ErrorKind::internal, fmt::format("column \"{}\" of {} has no overflow column yet",
                                                 schema.columns[c].name, schema.full_name()));
  }
}

// The rows whose cells were not sent, although their old row was: the key may have changed, so the cells are not in the
// history of the new key.
bool has_left_its_key(const RowRef& row) {
  return row.row > 0 && row.batch->ops[row.row] == Op::update && row.batch->ops[row.row - 1] == Op::before &&
         row.batch->has_unchanged(row.row);
}

}  // namespace

FilesystemTransaction::FilesystemTransaction(WriteContext context, ManifestStore& store, FinishedCopies& copies,
                                             Manifest current, const AttemptId& attempt, Ended ended)
    : context_(std::move(context)), store_(store), copies_(copies), ended_(std::move(ended)) {
  outcome_.manifest = std::move(current);
  ++outcome_.manifest.batch;
  outcome_.manifest.attempt = attempt;
}

FilesystemTransaction::~FilesystemTransaction() {
  writers_.clear();
  ended_(std::move(outcome_));
}

FileTarget& FilesystemTransaction::target_of(const OutputRecord& output) {
  const auto name = name_of(output);
  const auto found = outcome_.manifest.targets.find(name);
  if (found == outcome_.manifest.targets.end()) {
    throw TargetRefused(fmt::format("target table {}.{} does not exist", name.first, name.second), "Resync the table.");
  }
  // Who drops a table removes all of its files, so that one of them tells, however many there are.
  const auto& files = found->second.files;
  if (files.empty() || !present_.insert(name).second || context_.storage->has(files.back().name)) return found->second;
  throw TargetRefused(fmt::format("files of target table {}.{} were removed: {} does not exist", name.first,
                                  name.second, files.back().name),
                      "Resync the table.");
}

FileWriter& FilesystemTransaction::writer_of(const Name& name) {
  auto& writer = writers_[name];
  if (writer == nullptr) {
    writer = std::make_unique<FileWriter>(context_, outcome_.manifest.targets.at(name).table,
                                          changes_stem(outcome_.manifest.batch));
  }
  return *writer;
}

bool FilesystemTransaction::alter(FileTable& table, const OutputRecord& output, const Alteration& alteration) {
  if (!alteration.renamed.empty() || !alteration.widened.empty() || !alteration.values.empty()) {
    throw Error(ErrorKind::internal, "rows in files cannot get other columns");
  }
  bool any = table.add_columns(alteration.columns, output.style.naming);
  for (const auto& column : alteration.overflow) any = table.add_overflow(column) || any;
  return any;
}

std::optional<FinishedCopy> FilesystemTransaction::find_copy(const OutputRecord& output) {
  const auto altered = altered_copies_.find(output.id);
  return altered != altered_copies_.end() ? altered->second : copies_.find(output.id);
}

void FilesystemTransaction::alter_copy(const OutputRecord& output, const Alteration& alteration) {
  auto copy = find_copy(output);
  if (!copy) refuse_no_copy(output);
  if (alter(copy->target.table, output, alteration)) altered_copies_.insert_or_assign(output.id, *std::move(copy));
}

void FilesystemTransaction::alter(const OutputRecord& output, const Alteration& alteration) {
  if (output.state == OutputState::copying && find_copy(output)) alter_copy(output, alteration);
  const auto name = name_of(output);
  const auto found = outcome_.manifest.targets.find(name);
  const bool is_copying = output.state == OutputState::copying;
  if (is_copying && (found == outcome_.manifest.targets.end() || found->second.output != output.id)) return;
  auto& target = is_copying ? found->second : target_of(output);
  if (!alter(target.table, output, alteration)) return;
  records_changed_ = true;
  if (const auto writer = writers_.find(name); writer != writers_.end()) writer->second->change_table(target.table);
}

void FilesystemTransaction::swap_in(const OutputRecord& output, const TargetName* former) {
  auto& manifest = outcome_.manifest;
  if (!others_) others_ = store_.others();
  if (const auto conflict = store_.conflict(manifest, *others_, output.target())) {
    throw TargetRefused(conflict->reason, conflict->hint);
  }
  auto copy = find_copy(output);
  if (!copy || !taken_copies_.insert(output.id).second) refuse_no_copy(output);
  records_changed_ = true;
  manifest.generation = std::max(manifest.generation, copy->generation);
  const auto name = name_of(output);
  copy->target.table.schema = name.first;
  copy->target.table.table = name.second;
  for (const auto& left : {former == nullptr ? name : Name{former->schema, former->table}, name}) {
    const auto found = manifest.targets.find(left);
    if (found == manifest.targets.end()) continue;
    supersede(found->second);
    manifest.targets.erase(found);
    writers_.erase(left);
  }
  manifest.targets.insert_or_assign(name, std::move(copy->target));
  present_.insert(name);
}

void FilesystemTransaction::supersede(const FileTarget& target) {
  const auto now = std::chrono::system_clock::now();
  for (const auto& file : target.files) outcome_.manifest.superseded.push_back({.name = file.name, .since = now});
}

// The files stay where they are: the manifest names them, whatever folder they are in.
void FilesystemTransaction::move(std::span<const TargetMove> moves) {
  auto& targets = outcome_.manifest.targets;
  if (!others_) others_ = store_.others();
  for (const auto& each : moves) {
    if (const auto conflict = store_.conflict(outcome_.manifest, *others_, each.output.target())) {
      throw TargetRefused(conflict->reason, conflict->hint);
    }
  }
  std::vector<FileTarget> moved;
  for (const auto& each : moves) {
    static_cast<void>(target_of(each.before()));
    auto taken = targets.extract(Name{each.former.schema, each.former.table});
    moved.push_back(std::move(taken.mapped()));
  }
  for (std::size_t i = 0; i < moves.size(); ++i) {
    const auto name = name_of(moves[i].output);
    if (const auto found = targets.find(name); found != targets.end()) supersede(found->second);
    moved[i].table.schema = name.first;
    moved[i].table.table = name.second;
    targets.insert_or_assign(name, std::move(moved[i]));
    present_.insert(name);
  }
  records_changed_ = true;
}

void FilesystemTransaction::complete(const OutputRecord& output, const RowsOf& /*rows*/,
                                     std::span<const Patch> /*patches*/) {
  throw Error(ErrorKind::internal, "rows of " + output.target_name + " cannot change: they are in files");
}

std::uint64_t FilesystemTransaction::remove(const OutputRecord& output, const RowsOf& /*rows*/,
                                            std::span<const Removal> /*removals*/) {
  throw Error(ErrorKind::internal, "rows of " + output.target_name + " cannot be removed: they are in files");
}

// What the rows show of their table: its key, the columns that it no longer has, and columns with cells that were not
// sent.
void FilesystemTransaction::follow(FileTarget& target, const Name& name, const RowsOf& rows,
                                   std::span<const RowRef> appended) {
  auto& table = target.table;
  // The history is that of the former key.
  if (table.has_other_key(*rows.schema)) compact(name, target);
  bool changed = table.follow(*rows.schema);
  for (const auto& row : appended) {
    if (!row.batch->has_unchanged() || !row.batch->has_unchanged(row.row)) continue;
    for (std::size_t c = 0; c < rows.schema->columns.size(); ++c) {
      if (row.batch->unchanged(row.row, c)) changed = table.note_unchanged(rows.schema->columns[c].name) || changed;
    }
  }
  records_changed_ = records_changed_ || changed;
  check_overflow(table, *rows.schema, appended);
  for (const auto& column : rows.schema->columns) {
    if (table.column_of(column.name) != nullptr) continue;
    throw TargetRefused(fmt::format("column \"{}\" of {} is missing in the destination's {}.{}", column.name,
                                    rows.schema->full_name(), name.first, name.second),
                        "Resync the table.");
  }
}

AppendCounts FilesystemTransaction::append(const OutputRecord& output, const RowsOf& rows,
                                           std::span<const RowRef> appended) {
  const auto name = name_of(output);
  auto& target = target_of(output);
  follow(target, name, rows, appended);
  auto& writer = writer_of(name);
  AppendCounts counts{.rows = appended.size()};
  counts.overflow = writer.write(rows.schema, provenance_of(rows), {.rows = appended, .origins = {}, .counts = {}});
  complete_moved_rows(target, writer, rows, appended);
  writer.flush_if_large();
  return counts;
}

void FilesystemTransaction::complete_moved_rows(const FileTarget& target, FileWriter& writer, const RowsOf& rows,
                                                std::span<const RowRef> appended) {
  if (rows.transactions == nullptr || !target.table.keyed) return;
  for (const auto& row : appended) {
    if (!row.batch->has_unchanged() || !has_left_its_key(row)) continue;
    complete_moved_row(target, writer, rows.transactions->at(row.batch->transaction[row.row]).commit_lsn,
                       row.batch->sequence[row.row]);
  }
}

// The old row, which is gathered beside the new one, has the old key. What that key had before the change has the
// cells.
void FilesystemTransaction::complete_moved_row(const FileTarget& target, FileWriter& writer, Lsn lsn,
                                               std::uint32_t sequence) {
  const auto& table = target.table;
  const auto lsn_name = identifier(table.change_column(MetadataColumn::lsn).name);
  const auto sequence_name = identifier(table.change_column(MetadataColumn::sequence).name);
  const auto operation = identifier(table.change_column(MetadataColumn::operation).name);
  const auto unchanged = identifier(table.change_column(MetadataColumn::unchanged).name);
  auto files = target.files;
  files.insert(files.end(), writer.files().begin(), writer.files().end());
  std::string same_key = "true";
  std::string cells;
  for (const auto& column : table.columns) {
    const auto name = identifier(column.name);
    const auto* value = table.column_of(column.source);
    if (value == nullptr) continue;
    if (value->in_key) same_key += fmt::format(" AND h.{0} IS NOT DISTINCT FROM o.{0}", name);
    cells += fmt::format("{0} = CASE WHEN list_contains(s.{1}, {2}) THEN c.{0} ELSE s.{0} END, ", name, unchanged,
                         duckdb::literal(value->name));
  }
  const auto path_of = [this](const std::string& name) { return context_.storage->path_of(name); };
  const auto history = fmt::format(
      "(SELECT h.* FROM ({} UNION ALL BY NAME SELECT * FROM {}) AS h SEMI JOIN (SELECT * FROM {} WHERE {} = {} AND {} "
      "= {} AND {} = 'delete') AS o ON ({}) WHERE (h.{}, coalesce(h.{}, -1)) < ({}, {}))",
      history_query(table, files, context_.format, path_of), writer.gathered(), writer.gathered(), lsn_name, lsn.value,
      sequence_name, sequence, operation, same_key, lsn_name, sequence_name, lsn.value, sequence);
  const auto update =
      fmt::format("UPDATE {} AS s SET {} {} = NULL FROM ({}) AS c WHERE s.{} = {} AND s.{} = {} AND s.{} <> 'delete'",
                  writer.gathered(), cells, unchanged, current_query(table, history), lsn_name, lsn.value,
                  sequence_name, sequence, operation);
  const auto completed = run_over_files(
      context_, [&] { return writer.connection().execute(update, "completing a row of " + table.table); });
  if (completed == 1) return;
  throw Error(ErrorKind::data,
              fmt::format("table {}.{}: no row has the key of a row whose unchanged values are to be kept",
                          table.schema, table.table),
              "The files were changed by another program, or differ from the source.");
}

// Rows before a truncate stay in files that no table has any more.
void FilesystemTransaction::truncate(const OutputRecord& output) {
  auto& target = target_of(output);
  take_written(name_of(output), target);
  supersede(target);
  target.files.clear();
  target.recorded = 0;
  records_changed_ = true;
}

void FilesystemTransaction::take_written(const Name& name, FileTarget& target) {
  const auto writer = writers_.find(name);
  if (writer == writers_.end()) return;
  writer->second->flush();
  for (const auto& file : writer->second->take()) target.files.push_back(file);
}

void FilesystemTransaction::compact(const Name& name, FileTarget& target) {
  take_written(name, target);
  if (target.files.empty()) return;
  auto& manifest = outcome_.manifest;
  manifest.generation = copies_.next_generation(manifest.generation + 1);
  auto files = write_current_state(context_, target, manifest.generation);
  supersede(target);
  target.files = std::move(files);
  target.recorded = 0;
  records_changed_ = true;
}

std::vector<CompactedTable> FilesystemTransaction::compact_tables() {
  std::vector<CompactedTable> compacted;
  for (auto& [name, target] : outcome_.manifest.targets) {
    if (std::ranges::none_of(target.files, [](const DataFile& file) { return is_changes_file(file.name); })) continue;
    const auto former = target.files.size();
    compact(name, target);
    fault::hit("table_compacted");
    auto& table = compacted.emplace_back(
        CompactedTable{.target = {name.first, name.second}, .files = target.files.size(), .former_files = former});
    for (const auto& file : target.files) table.rows += file.rows;
  }
  return compacted;
}

void FilesystemTransaction::put_output(const OutputRecord& record) {
  if (!may_be_swapped_in(record.state)) dropped_copies_.insert(record.id);
  outcome_.manifest.put(record);
}

void FilesystemTransaction::put(const StateChange& change) {
  auto& manifest = outcome_.manifest;
  std::visit(Overloaded{[&](const PutCheckpoint& put) { manifest.checkpoint = put.checkpoint; },
                        [&](const PutLoad& put) { manifest.put(put.load); },
                        [&](const PutTable& put) {
                          manifest.put(put.table);
                          records_changed_ = true;
                        },
                        [&](const PutOutput& put) {
                          put_output(put.output);
                          records_changed_ = true;
                        },
                        [](const DescribeOutput&) {},  // descriptions of columns have no place in files
                        [&](const KeepPrepared& kept) { keep_prepared(kept); },
                        [&](const DropPrepared& dropped) {
                          auto files = std::exchange(manifest.prepared[dropped.xid], {});
                          manifest.prepared.erase(dropped.xid);
                          for (auto& file : files) dropped_prepared_.push_back(std::move(file));
                        }},
             change);
}

// The bytes are written as hexadecimal digits: not every storage takes what is not text.
void FilesystemTransaction::keep_prepared(const KeepPrepared& kept) {
  auto name = prepared_file(store_.pipeline(), kept.xid, outcome_.manifest.batch, ++prepared_parts_);
  context_.storage->put(name, hex_digits(kept.bytes));
  outcome_.manifest.prepared[kept.xid].push_back(std::move(name));
}

void FilesystemTransaction::read_prepared(std::uint32_t xid, const std::function<void(std::string_view)>& sink) {
  const auto found = outcome_.manifest.prepared.find(xid);
  if (found == outcome_.manifest.prepared.end()) return;
  for (const auto& name : std::vector(found->second)) {  // the sink may drop them
    const auto text = context_.storage->get(name);
    if (!text) {
      throw Error(ErrorKind::destination,
                  fmt::format("{}, which holds changes of a prepared transaction, does not exist",
                              context_.storage->path_of(name)),
                  "Restore the file.");
    }
    sink(bytes_of_hex(*text));
  }
}

void FilesystemTransaction::commit() {
  auto& manifest = outcome_.manifest;
  for (auto& [name, target] : manifest.targets) take_written(name, target);
  const auto expired = ManifestStore::take_expired(manifest);
  records_changed_ = records_changed_ || !expired.empty();
  try {
    store_.write(manifest, records_changed_);
  } catch (const Error& failed) {
    outcome_.uncertain = failed.kind() == ErrorKind::in_doubt;
    throw;
  }
  outcome_.committed = true;
  for (auto& [id, copy] : altered_copies_) {
    if (!taken_copies_.contains(id)) copies_.replace(std::move(copy));
  }
  for (const auto id : taken_copies_) copies_.take(id);
  for (const auto id : dropped_copies_) {
    if (!taken_copies_.contains(id)) copies_.drop(id);
  }
  fault::hit("after_manifest");
  for (const auto& file : dropped_prepared_) context_.storage->remove(file);
  store_.write_views(manifest);
  for (const auto& file : expired) context_.storage->remove(file);
}

}  // namespace walbrook::destination::filesystem

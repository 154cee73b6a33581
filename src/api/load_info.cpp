#include "walbrook/load_info.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ostream>
#include <string_view>

namespace walbrook {
namespace {

std::string number_of(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string change_text(const SchemaChange& change, bool of_own_rows) {
  switch (change.kind) {
    case SchemaChange::Kind::table_added:
      return change.table + " is new";
    case SchemaChange::Kind::table_removed:
      return change.table + " is not followed any more";
    case SchemaChange::Kind::column_added:
      return fmt::format("{} has a new column {} {}", change.table, change.column, change.type);
    case SchemaChange::Kind::column_dropped:
      if (of_own_rows) return fmt::format("{} has no column {} any more", change.table, change.column);
      return fmt::format("{} has lost column {}: it is kept, with NULL from now on", change.table, change.column);
    case SchemaChange::Kind::column_changed:
      return fmt::format("{}: column {} is {} now", change.table, change.column, change.type);
  }
  return {};
}

bool is_own(const TableLoad* table) {
  return table != nullptr && table->state == "loaded";
}

// After sync() only the number of rows is known.
std::string own_table_text(const TableLoad& table) {
  std::string text = fmt::format("  {}: {}", table.target, number_of(table.changes - table.deletes, "row"));
  if (table.updates > 0) text += fmt::format(" ({} new, {} by their key)", table.inserts, table.updates);
  if (table.deletes > 0) text += fmt::format("; {} more of these keys went", number_of(table.deletes, "row"));
  return text + "\n";
}

std::string table_text(const TableLoad& table) {
  if (is_own(&table)) return own_table_text(table);
  std::string text = fmt::format("  {} → {}: ", table.name, table.target);
  if (table.copied) text += fmt::format("{} copied, ", number_of(table.copied_rows, "row"));
  text += number_of(table.changes, "change");
  if (table.inserts + table.updates + table.deletes > 0) {
    text += fmt::format(" ({}, {}, {})", number_of(table.inserts, "insert"), number_of(table.updates, "update"),
                        number_of(table.deletes, "delete"));
  }
  if (table.state != "streaming") text += fmt::format("; {}: {}", table.state, table.reason);
  return text + "\n";
}

}  // namespace

std::uint64_t LoadInfo::copied_rows() const {
  std::uint64_t rows = 0;
  for (const auto& each : tables) rows += each.copied_rows;
  return rows;
}

std::uint64_t LoadInfo::changes() const {
  std::uint64_t count = 0;
  for (const auto& each : tables) count += each.changes;
  return count;
}

const TableLoad* LoadInfo::table(const std::string& name) const {
  const TableLoad* found = nullptr;
  for (const auto& each : tables) {
    if (each.name == name) return &each;
    if (found == nullptr && each.name.ends_with("." + name)) found = &each;
  }
  return found;
}

namespace {

// Prints a run of the program's own rows, which has nothing of a source.
void write_own(std::ostream& out, const LoadInfo& load) {
  const auto rows = load.changes() - load.tables.front().deletes;
  out << fmt::format("pipeline {} → {}{}: {} in {:.1f} s{}\n", load.pipeline_name, load.destination,
                     load.dataset_name.empty() ? "" : ", dataset " + load.dataset_name,
                     load.stopped ? "nothing written" : number_of(rows, "row") + " written", load.seconds,
                     load.stopped ? "; stopped" : "");
  if (load.load_id != 0) out << fmt::format("  load id {}\n", load.load_id);
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const LoadInfo& load) {
  if (load.tables.size() == 1 && is_own(&load.tables.front()) && load.transactions == 0) {
    write_own(out, load);
    if (load.stopped) return out;
    out << own_table_text(load.tables.front());
    for (const auto& change : load.schema_changes) out << "  " << change_text(change, true) << '\n';
    return out;
  }
  out << fmt::format("pipeline {} → {}{}: {} copied, {} of {} applied in {:.1f} s{}\n", load.pipeline_name,
                     load.destination, load.dataset_name.empty() ? "" : ", dataset " + load.dataset_name,
                     number_of(load.copied_rows(), "row"), number_of(load.changes(), "change"),
                     number_of(load.transactions, "transaction"), load.seconds, load.stopped ? "; stopped" : "");
  out << fmt::format("  load id {}, {}, LSN {} to {}\n", load.load_id,
                     fmt::format("{} {}", load.batches, load.batches == 1 ? "batch" : "batches"),
                     load.first_lsn.empty() ? "the start" : load.first_lsn,
                     load.last_lsn.empty() ? "the start" : load.last_lsn);
  for (const auto& table : load.tables) out << table_text(table);
  for (const auto& change : load.schema_changes) out << "  " << change_text(change, false) << '\n';
  return out;
}

}  // namespace walbrook

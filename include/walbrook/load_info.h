// What a run has done.
#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "walbrook/export.h"

namespace walbrook {

// Of one table.
struct TableLoad {
  std::string name;       // in the source: "public.orders"; of a program's own rows as `target`
  std::string target;     // in the destination: "sales.orders"
  std::string state;      // "streaming", "suspended", "removed", "left_out", "loaded" (a program's own rows); after a
                          // stop also "pending", "copying"
  std::string reason;     // of a state that is not "streaming"
  std::string suspect{};  // why a streaming table's rows may differ from the source; "" = they do not
  bool copied = false;    // a copy of it was made (and is visible)
  std::uint64_t copied_rows = 0;
  std::uint64_t changes = 0;  // applied; what a copy held already is not among them
  // Of these; 0 in what sync() tells. Of a program's rows: new ones, those that took the place of another by their key,
  // and where a key stood in several rows, the others that went.
  std::uint64_t inserts = 0, updates = 0, deletes = 0;
};

// A column or a table of the destination that is otherwise than before the run.
struct SchemaChange {
  enum class Kind { table_added, table_removed, column_added, column_dropped, column_changed } kind = Kind::table_added;
  std::string table;   // "public.orders"
  std::string column;  // empty for a whole table
  std::string type;    // of an added or changed column, as DuckDB names it: "DECIMAL(10,2)"
};

struct LoadInfo {
  std::string pipeline_name;
  std::string dataset_name;        // "" = the source's schema names
  std::string destination;         // "shop.duckdb"
  std::int64_t load_id = 0;        // newest of this run in _walbrook.loads; 0 = it neither copied nor applied anything
  std::uint64_t batches = 0;       // loads that applied changes: each is one transaction of the destination
  std::uint64_t transactions = 0;  // of the source, applied
  std::uint64_t truncates = 0;
  std::string first_lsn;  // the copy stood there before, "0/1A2B3C8"; empty: there was none
  std::string last_lsn;   // and stands there now: it holds every transaction that committed before it
  std::vector<TableLoad> tables;
  std::vector<SchemaChange> schema_changes;
  std::chrono::system_clock::time_point started_at;
  double seconds = 0;        // all of it
  double copy_seconds = 0;   // of them spent in copies
  double apply_seconds = 0;  // and in applying changes
  bool stopped = false;      // the stop token ended it: what is durable stays, the next run goes on from there

  // Over all tables.
  [[nodiscard]] WALBROOK_EXPORT std::uint64_t copied_rows() const;
  [[nodiscard]] WALBROOK_EXPORT std::uint64_t changes() const;  // inserts, updates and deletes
  // By name in the source, "orders" or "public.orders"; nullptr where the run had nothing to do with it. Borrowed.
  [[nodiscard]] WALBROOK_EXPORT const TableLoad* table(const std::string& name) const;
};

// A few lines for people.
WALBROOK_EXPORT std::ostream& operator<<(std::ostream& out, const LoadInfo& load);

}  // namespace walbrook

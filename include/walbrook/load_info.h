// The result of a run.
#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "walbrook/export.h"

namespace walbrook {

// The load of one table.
struct TableLoad {
  std::string name;       // in the source: "public.orders"; for the program's own rows, same as `target`
  std::string target;     // in the destination: "sales.orders"
  std::string state;      // "streaming", "suspended", "removed", "left_out" or "loaded" (the program's own rows);
                          // after a stop also "pending" or "copying"
  std::string reason;     // of a state other than "streaming"
  std::string suspect{};  // why a streaming table's rows may differ from the source; "" = they equal it
  bool copied = false;    // this run copied the table, and the copy is visible
  std::uint64_t copied_rows = 0;
  std::uint64_t changes = 0;  // changes that were applied; those that a copy already contained are not counted
  // Parts of `changes`; 0 after sync(). For the program's own rows: new rows, rows that replaced another one with the
  // same key, and further rows with that key that were deleted.
  std::uint64_t inserts = 0, updates = 0, deletes = 0;
};

// A difference between the destination's tables and columns before and after the run.
struct SchemaChange {
  enum class Kind { table_added, table_removed, column_added, column_dropped, column_changed } kind = Kind::table_added;
  std::string table;   // as TableLoad::name: "public.orders"
  std::string column;  // empty for a whole table
  std::string type;    // of an added or changed column, as DuckDB names it: "DECIMAL(10,2)"
};

struct LoadInfo {
  std::string pipeline_name;
  std::string dataset_name;        // "" = the source's schema names
  std::string destination;         // "shop.duckdb"
  std::int64_t load_id = 0;        // newest load of this run in _walbrook.loads; 0 = nothing was copied or applied
  std::uint64_t batches = 0;       // loads that applied changes: each is one transaction of the destination
  std::uint64_t transactions = 0;  // transactions of the source that were applied
  std::uint64_t truncates = 0;
  // Checkpoint before the run, "0/1A2B3C8"; "" = there was none. After sync(): the first commit of the newest load.
  std::string first_lsn;
  std::string last_lsn;  // checkpoint after it: every transaction that committed before this LSN is applied
  std::vector<TableLoad> tables;
  std::vector<SchemaChange> schema_changes;
  std::chrono::system_clock::time_point started_at;
  double seconds = 0;        // duration of the run
  double copy_seconds = 0;   // time spent in copies
  double apply_seconds = 0;  // time spent in applying changes
  bool stopped = false;      // the stop token ended the run; what is durable stays, and the next run continues there

  // Sums over all tables.
  [[nodiscard]] WALBROOK_EXPORT std::uint64_t copied_rows() const;
  [[nodiscard]] WALBROOK_EXPORT std::uint64_t changes() const;  // inserts, updates and deletes
  // Finds a table by its name in the source, "orders" or "public.orders". Returns nullptr if the run did not concern
  // it. The pointer is valid as long as this object lives and `tables` is not changed.
  [[nodiscard]] WALBROOK_EXPORT const TableLoad* table(const std::string& name) const;
};

// Prints a summary of a few lines for people.
WALBROOK_EXPORT std::ostream& operator<<(std::ostream& out, const LoadInfo& load);

}  // namespace walbrook

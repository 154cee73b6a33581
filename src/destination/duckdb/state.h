// The state in schema _walbrook. It is made to be read by people too: LSNs are text, times are TIMESTAMPTZ.
//
//   format           the version of the format, and the file's id (log_mark.h)
//   checkpoint       one row per pipeline
//   tables           one row per table of the source
//   outputs          one row per output: its table, its state and the reason for it, and its columns as JSON
//   targets          one row per table that walbrook made in this file, finished or not, with its columns' names
//   loads            one row per load that changed something, and one for tables that were copied together; the newest
//                    10,000
//   schema_versions  one row per change of an output's columns
//   prepared         changes of prepared transactions that are not decided yet, in small parts
//
// All functions work in the connection's open transaction. Rows of checkpoint, tables and outputs are replaced by
// DELETE and INSERT: an UPDATE would keep DuckDB from checkpointing while a reader is open.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "destination/duckdb/connection.h"
#include "destination/duckdb/duckdb_capabilities.h"
#include "destination/state.h"
#include "destination/state_tables.h"
#include "destination/target.h"

namespace walbrook::destination::duckdb {

// How many rows one statement inserts into a table of the state, except into `prepared`.
inline constexpr std::size_t most_rows_inserted = 500;

class StateTables {
 public:
  StateTables(Connection& connection, std::string pipeline);

  // Returns false for a file that no pipeline ever wrote to. In a database where each pipeline's state is in a schema
  // of its own (DatabaseTraits::state_per_pipeline), exist() is about this pipeline, and exist_of_any() about all.
  [[nodiscard]] bool exist();
  [[nodiscard]] bool exist_of_any();
  // Creates the tables if there are none; otherwise does the same as check_format.
  void create();
  // Throws Error(destination) if another version of walbrook wrote the state, or if a part of it was dropped.
  void check_format();

  [[nodiscard]] State load();
  [[nodiscard]] std::optional<Checkpoint> checkpoint();
  [[nodiscard]] Lsn checkpoint_lsn();  // unset if there is none

  void put_checkpoint(const Checkpoint& checkpoint);
  // REQUIRES: no two records have the same OID or the same name.
  void put_tables(std::span<const TableRecord> records);
  // REQUIRES: no two records have the same id.
  void put_outputs(std::span<const OutputRecord> records);
  void put_load(const LoadRecord& load);     // REQUIRES: its id is set
  [[nodiscard]] std::int64_t newest_load();  // its id; 0 = none

  [[nodiscard]] std::vector<TargetRecord> targets();  // this pipeline's
  [[nodiscard]] std::optional<TargetRecord> live_target(const std::string& schema, const std::string& table);
  [[nodiscard]] std::optional<TargetRecord> copy_of(OutputId output);  // finished or not
  void put_target(const TargetRecord& record);                         // replaces the one of that schema and table
  // Adds the record of a copy, which may have some already: where transactions conflict by table
  // (DatabaseTraits::state_per_pipeline), those that only add do not conflict with each other. copy_of() then returns
  // the one of a finished copy.
  void add_target(const TargetRecord& record);
  void forget_target(const Target& target);
  // Returns the schemas in which readers find tables by their bare names: first this pipeline's, then those of the
  // others; within each group `public` first, then by name.
  [[nodiscard]] std::vector<std::string> live_schemas();
  // Returns the pipeline that owns a table, be it this one or another; nullopt if walbrook did not make the table.
  [[nodiscard]] std::optional<std::string> owner(const std::string& schema, const std::string& table);

  // Replaces a table of the state by a new one with the same rows, of which one statement inserts no more than
  // most_rows_inserted. REQUIRES: `name` is one of state_table_names, and a transaction is open.
  void rewrite_table(std::string_view name);

  void forget_output(const OutputRecord& output);
  void forget_pipeline();
  void forget_sourced();  // all of the pipeline except outputs and loads without a source

 private:
  [[nodiscard]] std::string table(const char* name) const;
  [[nodiscard]] std::string table_of_all(const char* name) const;  // with the rows of all pipelines
  void create_tables();
  void create_table(std::size_t definition);
  void check_version();
  [[nodiscard]] std::size_t count_checkpoints();

  Connection& connection_;
  std::string pipeline_;
  std::string schema_;  // of the tables
};

}  // namespace walbrook::destination::duckdb

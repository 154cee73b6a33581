// The state in schema _walbrook, made to be read by people too: LSNs as text, times as TIMESTAMPTZ.
//
//   checkpoint       one row a pipeline
//   tables           one row a table of the source
//   outputs          one row an output: its table, its state, why, and its columns as JSON
//   targets          every table that walbrook made in this file, finished or not, and its columns' names
//   loads            one row a load that changed something, and one for tables that were copied together; the newest
//                    10,000
//   schema_versions  one row when an output's columns change
//   prepared         changes of prepared transactions that are not decided yet, in small parts
//
// Functions work in the connection's open transaction. The rows of checkpoint, tables and outputs are replaced by
// DELETE and INSERT: an UPDATE would keep DuckDB from checkpointing while a reader is open.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "destination/duckdb/connection.h"
#include "destination/duckdb/duckdb_capabilities.h"
#include "destination/duckdb/target.h"
#include "destination/state.h"

namespace walbrook::destination::duckdb {

// All of them.
inline constexpr std::array<std::string_view, 8> state_table_names = {
    "format", "checkpoint", "tables", "outputs", "targets", "loads", "schema_versions", "prepared"};
inline constexpr std::int64_t kept_loads = 10'000;

// A row of _walbrook.targets.
struct TargetRecord {
  enum class Kind { live, unfinished_copy, finished_copy } kind = Kind::live;
  OutputId output;
  bool has_source = true;  // OutputRecord::has_source
  Target target;
};

class StateTables {
 public:
  StateTables(Connection& connection, std::string pipeline);

  // False in a file that no pipeline ever wrote to.
  [[nodiscard]] bool exist();
  // Creates them where they are missing. Else as check_format.
  void create();
  // Throws Error(destination) where another version of walbrook wrote the state, or where a part of it was dropped.
  void check_format();

  [[nodiscard]] State load();
  [[nodiscard]] std::optional<Checkpoint> checkpoint();
  [[nodiscard]] Lsn checkpoint_lsn();  // unset where there is none

  void put_checkpoint(const Checkpoint& checkpoint);
  // REQUIRES: no two of them have one OID or one name.
  void put_tables(std::span<const TableRecord> records);
  // REQUIRES: no two of them have one id.
  void put_outputs(std::span<const OutputRecord> records);
  void put_load(const LoadRecord& load);     // its id is set
  [[nodiscard]] std::int64_t newest_load();  // its id; 0 = none

  [[nodiscard]] std::vector<TargetRecord> targets();  // of this pipeline
  [[nodiscard]] std::optional<TargetRecord> live_target(const std::string& schema, const std::string& table);
  [[nodiscard]] std::optional<TargetRecord> copy_of(OutputId output);  // finished or not
  void put_target(const TargetRecord& record);                         // by (schema, table)
  void forget_target(const Target& target);
  // Where readers find tables without their schema's name: this pipeline's schemas, then those of the others; of each
  // `public` first, then by name.
  [[nodiscard]] std::vector<std::string> live_schemas();
  // Whose a table is, whatever the pipeline; nullopt when walbrook did not make it.
  [[nodiscard]] std::optional<std::string> owner(const std::string& schema, const std::string& table);

  void forget_output(const OutputRecord& output);
  void forget_pipeline();
  void forget_sourced();  // all of the pipeline but what has no source

 private:
  [[nodiscard]] std::string table(const char* name) const;
  void check_version();
  [[nodiscard]] std::size_t count_checkpoints();

  Connection& connection_;
  std::string pipeline_;
};

}  // namespace walbrook::destination::duckdb

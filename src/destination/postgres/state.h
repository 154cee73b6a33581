// The state in schema _walbrook. It is made to be read by people too.
//
//   format           the version of the format, and the state's id
//   checkpoint       one row per pipeline
//   tables           one row per table of the source
//   outputs          one row per output: its table, its state and the reason for it, and its columns as JSON
//   targets          one row per table that walbrook made in this database, with its columns' names
//   loads            one row per load that changed something, and one for tables that were copied together; the newest
//                    10,000
//   schema_versions  one row per change of an output's columns
//   prepared         changes of prepared transactions that are not decided yet
//
// All functions work in the session's open transaction.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "destination/postgres/session.h"
#include "destination/state.h"
#include "destination/state_tables.h"
#include "destination/target.h"

namespace walbrook::destination::postgresql {

inline constexpr std::string_view state_schema = "_walbrook";

class StateTables {
 public:
  StateTables(Session& session, std::string pipeline) : session_(session), pipeline_(std::move(pipeline)) {}

  // Returns false for a database that no pipeline ever wrote to.
  [[nodiscard]] bool exist();
  // Creates the tables if there are none; otherwise does the same as check_format.
  void create();
  // Throws Error(destination) if another version of walbrook wrote the state, or if a part of it was dropped.
  void check_format();
  // Returns what distinguishes this state from any other, also from a restored one: the cluster, the table's OID, the
  // state's id.
  [[nodiscard]] std::string identity();

  [[nodiscard]] State load();
  [[nodiscard]] std::optional<Checkpoint> checkpoint();

  void put_checkpoint(const Checkpoint& checkpoint);
  // REQUIRES: no two records have the same OID or the same name.
  void put_tables(std::span<const TableRecord> records);
  // Columns that changed become a new version of the schema. REQUIRES: no two records have the same id.
  void put_outputs(std::span<const OutputRecord> records);
  void put_load(const LoadRecord& load);     // REQUIRES: its id is set
  [[nodiscard]] std::int64_t newest_load();  // its id; 0 = none

  [[nodiscard]] std::vector<TargetRecord> targets();  // this pipeline's
  [[nodiscard]] std::optional<TargetRecord> copy_of(OutputId output);
  void put_target(const TargetRecord& record);  // replaces the one of that schema and table
  void forget_target(const TargetName& name);
  // Returns the pipeline that owns a table, be it this one or another; nullopt if walbrook did not make the table.
  [[nodiscard]] std::optional<std::string> owner(const TargetName& name);

  void keep_prepared(std::uint32_t xid, std::string_view bytes);
  void drop_prepared(std::uint32_t xid);
  void read_prepared(std::uint32_t xid, const std::function<void(std::string_view)>& sink);

  void forget_output(const OutputRecord& output);
  void forget_pipeline();
  void forget_sourced();  // all of the pipeline except outputs and loads without a source

 private:
  postgres::Rows query(const std::string& sql, Session::Parameters parameters = {});
  void change(const std::string& sql, Session::Parameters parameters = {});
  void put_schema_versions(std::span<const OutputRecord> records);
  void insert_schema_versions(const std::vector<std::string>& rows);
  [[nodiscard]] std::vector<TableRecord> tables();
  [[nodiscard]] std::vector<OutputRecord> outputs();

  Session& session_;
  std::string pipeline_;
};

}  // namespace walbrook::destination::postgresql

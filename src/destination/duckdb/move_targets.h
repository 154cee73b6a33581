// Target tables that get other names, in the connection's open transaction.
//
// Every table first gets a name that no other has, so that tables may exchange their names. DuckDB has no ALTER TABLE …
// SET SCHEMA: a table that moves to another schema is created there from its own rows.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "destination/duckdb/connection.h"
#include "destination/duckdb/relation_names.h"
#include "destination/duckdb/state.h"
#include "destination/transaction.h"

namespace walbrook::destination::duckdb {

class TargetMover {
 public:
  // Borrows all of them.
  TargetMover(Connection& connection, StateTables& state, RelationNames& names, const std::string& pipeline)
      : connection_(connection), state_(state), names_(names), pipeline_(pipeline) {}

  // `live`: the records of the tables, in the order of `moves`. Returns them as they are afterwards. Throws
  // TargetRefused if a new name belongs to an object that this pipeline did not make.
  [[nodiscard]] std::vector<TargetRecord> move(std::span<const TargetMove> moves, std::vector<TargetRecord> live);

 private:
  void take_away(TargetRecord& record);
  void put(TargetRecord& record, const OutputRecord& output);
  void rename(const Target& target, const std::string& name, const std::string& doing);
  void recreate(const Target& target, const OutputRecord& output, const std::string& doing);

  Connection& connection_;
  StateTables& state_;
  RelationNames& names_;
  const std::string& pipeline_;
};

}  // namespace walbrook::destination::duckdb

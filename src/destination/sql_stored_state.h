// The state that pipelines stored in tables of a destination with SQL. The tables have the same names and columns at
// each such destination; what differs in their SQL is the dialect.
#pragma once

#include <string>
#include <vector>

#include "destination/stored_state.h"

namespace walbrook::destination {

struct StateDialect {
  bool exists = false;       // the destination has the state's tables
  std::string state;         // what precedes the name of a state's table, without the dot
  std::string catalog;       // what precedes the schema of a target table, with the dot; "" = nothing
  std::string microseconds;  // an expression over a column "{}" of times: microseconds since 1970
  // A relation with schema_name, table_name, column_name, data_type and column_index of all columns of all tables.
  std::string columns;
};

class SqlStoredState final : public StoredState {
 public:
  SqlStoredState(AskSql ask, StateDialect dialect);

  [[nodiscard]] std::vector<StoredPipeline> pipelines() const override;
  [[nodiscard]] std::vector<StoredTable> tables(const std::string& pipeline) const override;
  [[nodiscard]] std::vector<StoredLoad> loads(const std::string& pipeline, std::uint64_t limit) const override;
  [[nodiscard]] std::uint64_t load_count(const std::string& pipeline) const override;
  [[nodiscard]] std::vector<StoredSchemaVersion> schema_versions(const std::string& pipeline) const override;
  [[nodiscard]] std::string definitions(const StoredPipeline& pipeline,
                                        const std::vector<StoredTable>& tables) const override;
  [[nodiscard]] std::vector<std::uint64_t> count_rows(const std::vector<TargetName>& targets) const override;

 private:
  [[nodiscard]] std::string state_table(const char* name) const;
  [[nodiscard]] std::string microseconds(const char* column) const;
  void read_columns(const std::string& pipeline, std::vector<StoredTable>& tables) const;
  void count_rows(std::vector<StoredTable>& tables) const;

  AskSql ask_;
  StateDialect dialect_;
};

}  // namespace walbrook::destination

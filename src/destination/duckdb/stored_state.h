// The state that pipelines stored in a DuckDB file, read by queries on schema _walbrook.
#pragma once

#include <string>
#include <vector>

#include "destination/stored_state.h"

namespace walbrook::destination::duckdb {

class DuckDbStoredState final : public StoredState {
 public:
  explicit DuckDbStoredState(AskSql ask);

  [[nodiscard]] std::vector<StoredPipeline> pipelines() const override;
  [[nodiscard]] std::vector<StoredTable> tables(const std::string& pipeline) const override;
  [[nodiscard]] std::vector<StoredLoad> loads(const std::string& pipeline, std::uint64_t limit) const override;
  [[nodiscard]] std::uint64_t load_count(const std::string& pipeline) const override;
  [[nodiscard]] std::vector<StoredSchemaChange> schema_changes(const std::string& pipeline) const override;
  [[nodiscard]] std::string definitions(const StoredPipeline& pipeline,
                                        const std::vector<StoredTable>& tables) const override;
  [[nodiscard]] std::vector<std::uint64_t> count_rows(const std::vector<TargetName>& targets) const override;

 private:
  [[nodiscard]] std::string state_table(const char* name) const;
  void read_columns(const std::string& pipeline, std::vector<StoredTable>& tables) const;
  void count_rows(std::vector<StoredTable>& tables) const;

  AskSql ask_;
  std::string catalog_;  // quoted: in shop.duckdb a schema `shop` alone would be ambiguous
  bool exists_ = false;
};

}  // namespace walbrook::destination::duckdb

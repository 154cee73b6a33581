// Queries at the destination's server: a session in a transaction that only reads, of which every query sees the same
// state (REPEATABLE READ).
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "destination/postgres/session.h"
#include "destination/query_engine.h"

namespace walbrook::destination::postgresql {

class PostgresReadSession final : public ReadSession {
 public:
  PostgresReadSession(std::unique_ptr<Session> session, ReadOptions options);
  ~PostgresReadSession() override;

  [[nodiscard]] Lsn lsn() const override;
  [[nodiscard]] std::vector<PipelinePosition> positions() const override { return positions_; }
  [[nodiscard]] QueryResult query(const std::string& sql, NestedCells nested) override;
  [[nodiscard]] std::unique_ptr<ArrowRows> arrow_rows(const std::string& sql) override;
  void refresh() override;
  void interrupt() override;

 private:
  void begin();
  [[nodiscard]] QueryResult run(const std::string& sql);
  void take_rows(const postgres::Rows& rows, QueryResult& result, std::size_t& bytes) const;
  void describe(QueryResult& result, const std::vector<Oid>& types);
  void find_positions(const std::string& sql);

  std::unique_ptr<Session> session_;
  ReadOptions options_;
  std::vector<PipelinePosition> all_;  // of every pipeline, in this view
  std::vector<PipelinePosition> positions_;
  std::unique_ptr<PGcancel, void (*)(PGcancel*)> cancel_;
};

}  // namespace walbrook::destination::postgresql

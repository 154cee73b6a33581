// One read-only transaction on a connection of its own, and queries in it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "destination/duckdb/connection.h"
#include "destination/query_engine.h"

namespace walbrook::destination::duckdb {

// The session's connection, which the destination closes when it has to open the file again.
class SessionConnection {
 public:
  explicit SessionConnection(std::shared_ptr<Database> database);
  ~SessionConnection();

  // What is read from the connection between two uses, and ends before it.
  struct Streamed;

  // For the time of one use. Throws Error(destination) once it was closed.
  class Lease {
   public:
    explicit Lease(SessionConnection& owner);
    [[nodiscard]] Connection& operator*() const { return *connection_; }
    [[nodiscard]] std::unique_ptr<Streamed>& streamed() const { return *streamed_; }

   private:
    std::unique_lock<std::mutex> lock_;
    Connection* connection_;
    std::unique_ptr<Streamed>* streamed_;
  };

  void interrupt();
  void close();  // ends what runs, and waits for it

 private:
  std::mutex use_;
  std::mutex pointer_;
  std::unique_ptr<Connection> connection_;  // changed under both
  std::unique_ptr<Streamed> streamed_;      // changed under use_
};

class TransactionReadSession final : public ReadSession {
 public:
  TransactionReadSession(std::shared_ptr<SessionConnection> connection, ReadOptions options);
  ~TransactionReadSession() override;

  [[nodiscard]] Lsn lsn() const override { return lsn_; }
  [[nodiscard]] std::vector<PipelinePosition> positions() const override { return positions_; }
  [[nodiscard]] QueryResult query(const std::string& sql, NestedCells nested) override;
  [[nodiscard]] std::unique_ptr<ArrowRows> arrow_rows(const std::string& sql) override;
  void refresh() override;
  // The query watch does it, and only while a query runs: what begins the next transaction must not be hit.
  void interrupt() override { stop_ = true; }

 private:
  void begin(Connection& connection);
  // DuckDB ends the transaction when a statement fails while it runs.
  void begin_again_if_ended(Connection& connection);
  // Runs `work` under the session's limits. What a limit ended becomes an Error that says so.
  template <class Work>
  auto limited(Connection& connection, const Work& work);
  [[nodiscard]] QueryResult run(Connection& connection, const std::string& sql, NestedCells nested);

  std::shared_ptr<SessionConnection> connection_;
  ReadOptions options_;
  Lsn lsn_;
  bool has_state_ = false;  // as the transaction sees it
  std::vector<PipelinePosition> positions_;
  std::atomic<bool> stop_ = false;  // the query in hand is to end
};

}  // namespace walbrook::destination::duckdb

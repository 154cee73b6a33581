// A read session: one read-only transaction on its own connection, and queries in it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "destination/duckdb/connection.h"
#include "destination/query_engine.h"

namespace walbrook::destination::duckdb {

// The session's connection. The destination closes it when it has to open the file again.
class SessionConnection {
 public:
  explicit SessionConnection(std::shared_ptr<Database> database);
  ~SessionConnection();

  // A result that is read from the connection across several uses, and that ends before the connection does.
  struct Streamed;

  // Holds the connection for the time of one use. Throws Error(destination) after it was closed.
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
  void close();  // interrupts what runs, and waits for it to end

 private:
  std::mutex use_;
  std::mutex pointer_;
  std::unique_ptr<Connection> connection_;  // changed under both mutexes
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
  // The query watch interrupts the query, and only while one runs, so that the beginning of the next transaction is not
  // hit.
  void interrupt() override { stop_ = true; }

 private:
  void begin(Connection& connection);
  // Begins a new transaction if DuckDB has ended this one, as it does when a statement fails while it runs.
  void begin_again_if_ended(Connection& connection);
  // Runs `work` under the session's limits. If a limit ends it, throws an Error that names the limit.
  template <class Work>
  auto limited(Connection& connection, const Work& work);
  [[nodiscard]] QueryResult run(Connection& connection, const std::string& sql, NestedCells nested);

  std::shared_ptr<SessionConnection> connection_;
  ReadOptions options_;
  Lsn lsn_;
  bool has_state_ = false;  // whether the transaction sees any state
  std::vector<PipelinePosition> positions_;
  std::atomic<bool> stop_ = false;  // the running query must end
};

}  // namespace walbrook::destination::duckdb

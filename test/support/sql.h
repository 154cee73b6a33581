// A psql-like session through libpq, for the statements of tests in the source.
#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace walbrook::test {

using SqlRow = std::vector<std::optional<std::string>>;

class Sql {
 public:
  // All methods throw std::runtime_error with the server's own message.
  explicit Sql(const std::string& conninfo);

  // Runs one or several statements as one simple query: without BEGIN they are one transaction.
  void exec(const std::string& sql);
  [[nodiscard]] std::vector<SqlRow> query(const std::string& sql);
  [[nodiscard]] std::string value(const std::string& sql);  // first column of the first row; "" for NULL or no row
  // COPY target FROM STDIN options; `target` is a table, with a list of columns in parentheses if needed.
  void copy_in(const std::string& target, const std::string& options, const std::string& lines);

  // Sends statements and returns at once. `finish` waits for them.
  void send(const std::string& sql);
  [[nodiscard]] bool busy();
  void finish(std::chrono::milliseconds timeout = std::chrono::milliseconds(60'000));

  [[nodiscard]] int pid() const { return PQbackendPID(connection_.get()); }
  [[nodiscard]] PGconn* raw() const { return connection_.get(); }

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  std::unique_ptr<PGconn, Finish> connection_;
};

[[nodiscard]] std::string quote_name(const std::string& name);     // "a""b", for PostgreSQL and DuckDB alike
[[nodiscard]] std::string quote_literal(const std::string& text);  // 'a''b', standard_conforming_strings

}  // namespace walbrook::test

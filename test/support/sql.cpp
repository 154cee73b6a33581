#include "test/support/sql.h"

#include <stdexcept>
#include <thread>

namespace walbrook::test {
namespace {

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Clear>;

void check(PGconn* connection, const PGresult* result, const std::string& sql) {
  const auto status = PQresultStatus(result);
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY) return;
  std::string message = result == nullptr ? PQerrorMessage(connection) : PQresultErrorMessage(result);
  throw std::runtime_error(message + "in: " + sql.substr(0, 400));
}

std::string quoted(const std::string& text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out.push_back(quote);
    out.push_back(c);
  }
  out.push_back(quote);
  return out;
}

}  // namespace

Sql::Sql(const std::string& conninfo) {
  // A statement that waits for a lock for a minute would make the test hang.
  const char* keywords[] = {"dbname", "options", "application_name", nullptr};
  const char* values[] = {conninfo.c_str(), "-c statement_timeout=120s", "walbrook-test", nullptr};
  connection_.reset(PQconnectdbParams(keywords, values, 1));
  if (PQstatus(connection_.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(connection_.get()));
  PQsetNoticeProcessor(
      connection_.get(), [](void*, const char*) {}, nullptr);
}

void Sql::exec(const std::string& sql) {
  const Result result(PQexec(connection_.get(), sql.c_str()));
  check(connection_.get(), result.get(), sql);
}

std::vector<SqlRow> Sql::query(const std::string& sql) {
  const Result result(PQexec(connection_.get(), sql.c_str()));
  check(connection_.get(), result.get(), sql);
  std::vector<SqlRow> rows(static_cast<std::size_t>(PQntuples(result.get())));
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    for (int column = 0; column < PQnfields(result.get()); ++column) {
      std::optional<std::string> value;
      if (PQgetisnull(result.get(), row, column) == 0) {
        value.emplace(PQgetvalue(result.get(), row, column),
                      static_cast<std::size_t>(PQgetlength(result.get(), row, column)));
      }
      rows[static_cast<std::size_t>(row)].push_back(std::move(value));
    }
  }
  return rows;
}

std::string Sql::value(const std::string& sql) {
  const auto rows = query(sql);
  return rows.empty() || rows[0].empty() ? "" : rows[0][0].value_or("");
}

void Sql::copy_in(const std::string& target, const std::string& options, const std::string& lines) {
  const std::string sql = "COPY " + target + " FROM STDIN " + options;
  const Result begun(PQexec(connection_.get(), sql.c_str()));
  if (PQresultStatus(begun.get()) != PGRES_COPY_IN) check(connection_.get(), begun.get(), sql);
  constexpr std::size_t chunk = 1 << 20;
  for (std::size_t at = 0; at < lines.size(); at += chunk) {
    const auto size = static_cast<int>(std::min(chunk, lines.size() - at));
    if (PQputCopyData(connection_.get(), lines.data() + at, size) != 1) break;
  }
  PQputCopyEnd(connection_.get(), nullptr);
  while (const Result result{PQgetResult(connection_.get())}) check(connection_.get(), result.get(), sql);
}

void Sql::send(const std::string& sql) {
  if (PQsendQuery(connection_.get(), sql.c_str()) != 1) throw std::runtime_error(PQerrorMessage(connection_.get()));
}

bool Sql::busy() {
  if (PQconsumeInput(connection_.get()) != 1) throw std::runtime_error(PQerrorMessage(connection_.get()));
  return PQisBusy(connection_.get()) != 0;
}

void Sql::finish(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (true) {
    while (busy()) {
      if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("a sent statement did not end in time");
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    const Result result(PQgetResult(connection_.get()));
    if (result == nullptr) return;
    check(connection_.get(), result.get(), "a statement sent before");
  }
}

std::string quote_name(const std::string& name) {
  return quoted(name, '"');
}
std::string quote_literal(const std::string& text) {
  return quoted(text, '\'');
}

}  // namespace walbrook::test

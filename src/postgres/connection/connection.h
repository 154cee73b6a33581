// Connections to the source by libpq. A URL, key=value pairs or the environment name it, and every libpq parameter is
// passed through.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/lsn.h"
#include "base/source_text.h"
#include "model/source_type.h"
#include "postgres/connection/endpoint.h"

namespace walbrook::postgres {

constexpr milliseconds stop_interval(200);  // how late a stop may be noticed in a wait for the server

struct ResultDeleter {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ResultDeleter>;
struct FinishConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using OpenedConnection = std::unique_ptr<PGconn, FinishConnection>;

// Returns how many rows a statement changed or returned.
[[nodiscard]] std::uint64_t affected_rows(PGresult* result);

// The rows of a query, all as text.
class Rows {
 public:
  // `encoding`: converts text that is not UTF-8; nullptr: all of it is UTF-8.
  explicit Rows(Result result, std::shared_ptr<const SourceText> encoding = nullptr)
      : result_(std::move(result)), encoding_(std::move(encoding)) {}
  [[nodiscard]] std::uint64_t affected() const { return affected_rows(result_.get()); }
  [[nodiscard]] int columns() const { return PQnfields(result_.get()); }
  [[nodiscard]] std::string name(int column) const { return PQfname(result_.get(), column); }
  [[nodiscard]] std::vector<Oid> types() const;  // of the columns
  [[nodiscard]] int size() const { return PQntuples(result_.get()); }
  [[nodiscard]] bool is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  // Both return UTF-8, and "" for NULL. Text in another encoding is converted by SourceText::name_to_utf8, a JSON
  // document by json_to_utf8.
  [[nodiscard]] std::string text(int row, int column) const;
  [[nodiscard]] std::string json(int row, int column) const;
  [[nodiscard]] bool boolean(int row, int column) const;  // 't'
  [[nodiscard]] Oid oid(int row, int column) const;
  [[nodiscard]] std::int64_t integer(int row, int column) const;
  [[nodiscard]] Lsn lsn(int row, int column) const;

 private:
  [[nodiscard]] std::string_view bytes(int row, int column) const;
  Result result_;
  std::shared_ptr<const SourceText> encoding_;
};

// Returns "" if there is none.
[[nodiscard]] std::string_view sqlstate_of(const PGresult* result);

class Connection {
 public:
  // Opens a connection. Sets application_name=walbrook unless the user set one. The session has the text output that
  // postgres/values/values.h expects, no timeouts and an empty search_path, whatever is set for the role or the
  // database. `options` are further -c settings ("-c logical_decoding_work_mem=256MB"). If a failure is one to wait for
  // (failure_consequence.h), waits and tries again as the endpoint's options specify.
  //
  // Throws Stopped, and Error: configuration if libpq does not accept the parameters, connection if trying again may
  // help, otherwise permission_denied or source_not_ready. The error has host, port, database and the server's own
  // reason, never the password.
  static Connection open(const Endpoint& endpoint, ConnectionUse use, const std::string& options = {});

  // Runs a query and returns its rows. Throws Stopped, and Error: connection if the connection broke or the server is
  // silent (server_wait.h), permission_denied for SQLSTATE 42501, otherwise source_not_ready. `doing` names the action
  // in errors.
  Rows query(const std::string& sql, const std::vector<std::optional<std::string>>& parameters = {},
             std::string_view doing = "querying the catalog");
  void execute(const std::string& sql, std::string_view doing);
  // Runs a statement of somebody else, and returns its rows. The server refuses text that holds several statements.
  Rows query_one(const std::string& sql, std::string_view doing);

  // Runs statements and returns the last result, as PQexec does, even if it is an error; for COPY it returns the result
  // that begins it. Throws Stopped, and Error(connection) if the server is silent. `also` ends the wait as the
  // endpoint's stop does.
  [[nodiscard]] Result run(const std::string& sql, const std::vector<std::optional<std::string>>& parameters,
                           std::string_view doing, const std::stop_token& also = {});
  // A row of a COPY that sends rows.
  struct FreeRow {
    void operator()(char* row) const { PQfreemem(row); }
  };
  using CopyRow = std::unique_ptr<char, FreeRow>;
  // Waits for the next row and returns it, or nullptr at the end, which `finish_copy` still has to take.
  [[nodiscard]] CopyRow next_row(int& size, std::string_view doing);
  // Returns the next row without waiting. `size` is 0 if no whole row has arrived, and negative at the end.
  [[nodiscard]] CopyRow take_row(int& size);
  // Takes what is left of the current statement. Throws its error.
  void finish_copy(std::string_view doing);

  // Makes the server end the current statement, and takes its results. The connection cannot be used any more if that
  // takes longer than a second. Returns whether the statement had succeeded before the server received the request.
  enum class Abandoned { ended, had_succeeded };
  Abandoned abandon_statement();

  // Takes what the socket has, without blocking. Returns false if the connection broke; what arrived before can still
  // be read.
  [[nodiscard]] bool receive();

  // Converts text that the server sends as the database stores it, because the database's encoding is SQL_ASCII or has
  // one byte per character; nullptr if the server sends UTF-8. `run`, `query` and Rows convert by themselves. Text that
  // is given to libpq otherwise goes through `encoded`.
  [[nodiscard]] const std::shared_ptr<const SourceText>& encoding() const { return encoding_; }
  [[nodiscard]] std::string encoded(std::string sql) const;
  // Makes the server send text as the database stores it even if its encoding has several bytes per character. The
  // characters are requested on a separate connection (server_text.h).
  void take_text_as_stored();
  // Makes the server convert all text from here on.
  void take_text_converted();

  [[nodiscard]] std::string quote_name(std::string_view name) const;
  [[nodiscard]] std::string quote_table(std::string_view schema, std::string_view name) const;
  [[nodiscard]] std::string quote_literal(std::string_view text) const;
  [[nodiscard]] int server_version() const { return PQserverVersion(connection_.get()); }  // 150018
  [[nodiscard]] PGconn* raw() const { return connection_.get(); }
  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }
  [[nodiscard]] std::string database() const;
  [[nodiscard]] std::string user() const;
  [[nodiscard]] std::string where() const;    // "127.0.0.1:5432/shop"
  [[nodiscard]] std::string tls() const;      // "TLSv1.3"; "" where the connection is not encrypted
  [[nodiscard]] bool leaves_machine() const;  // judging by the host's name

  // Errors leave out the server's details about values and constraints, which show values of rows.
  void hide_values() { hides_values_ = true; }
  // Returns the Error for the connection's last failure, with the SQLSTATE from `result` if there is one.
  [[nodiscard]] Error failure(const PGresult* result, std::string_view doing) const;

 private:
  Connection(OpenedConnection connection, Endpoint endpoint)
      : connection_(std::move(connection)), endpoint_(std::move(endpoint)) {}
  [[nodiscard]] Result take_results(std::string_view doing, const std::stop_token& also);
  [[nodiscard]] Rows rows_of(Result result, std::string_view doing);
  static Connection open_once(const Endpoint& endpoint, ConnectionUse use, const std::string& options);
  [[nodiscard]] bool cancel(milliseconds limit);

  OpenedConnection connection_;
  Endpoint endpoint_;
  std::shared_ptr<const SourceText> encoding_;
  bool hides_values_ = false;
};

}  // namespace walbrook::postgres

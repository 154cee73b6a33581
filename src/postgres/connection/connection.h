// Connections to the source: libpq, by URL, key=value or environment, with every libpq parameter passed through.
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

constexpr milliseconds stop_interval(200);  // how late a stop may be noticed while the server is waited for

struct ResultDeleter {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ResultDeleter>;
struct FinishConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using OpenedConnection = std::unique_ptr<PGconn, FinishConnection>;

// Rows of a query, all as text.
class Rows {
 public:
  // `encoding`: of what is not UTF-8; nullptr: all of it is.
  explicit Rows(Result result, std::shared_ptr<const SourceText> encoding = nullptr)
      : result_(std::move(result)), encoding_(std::move(encoding)) {}
  [[nodiscard]] int size() const { return PQntuples(result_.get()); }
  [[nodiscard]] bool is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  // "" for NULL. As UTF-8: of another encoding as SourceText::name_to_utf8 makes it, of a JSON document as
  // json_to_utf8.
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

// "" when there is none.
[[nodiscard]] std::string_view sqlstate_of(const PGresult* result);

class Connection {
 public:
  // Sets application_name=walbrook unless the user set one, a session whose text output is the one that
  // postgres/values/values.h expects, no timeouts and an empty search_path, all of them over what is set for the role
  // or the database. `options` are further -c settings ("-c logical_decoding_work_mem=256MB"). Throws Error:
  // configuration for parameters that libpq does not take, connection when trying again may help, else
  // permission_denied or source_not_ready; with host, port, database and the server's own reason, never with the
  // password. What is to be waited for (failure_consequence.h) is waited for as the endpoint's options say; Stopped.
  static Connection open(const Endpoint& endpoint, ConnectionUse use, const std::string& options = {});

  // Throws Error: connection when it broke or the server is silent (server_wait.h), permission_denied for SQLSTATE
  // 42501, else source_not_ready; Stopped. `doing` says what was being done.
  Rows query(const std::string& sql, const std::vector<std::optional<std::string>>& parameters = {},
             std::string_view doing = "asking the catalog");
  void execute(const std::string& sql, std::string_view doing);

  // Runs statements and returns the last result, as PQexec does, be it an error; of COPY the one that begins it. Throws
  // Stopped, and Error(connection) where the server is silent. `also` ends the wait as the endpoint's stop does.
  [[nodiscard]] Result run(const std::string& sql, const std::vector<std::optional<std::string>>& parameters,
                           std::string_view doing, const std::stop_token& also = {});
  // Of a COPY that sends rows: the next one, nullptr at the end, which is still to be taken by `finish_copy`.
  struct FreeRow {
    void operator()(char* row) const { PQfreemem(row); }
  };
  using CopyRow = std::unique_ptr<char, FreeRow>;
  [[nodiscard]] CopyRow next_row(int& size, std::string_view doing);
  // The same without waiting: `size` is 0 when no whole row is there, negative at the end.
  [[nodiscard]] CopyRow take_row(int& size);
  // Takes what is left of the statement in hand. Throws its error.
  void finish_copy(std::string_view doing);

  // Has the server end the statement in hand, and takes its results. The connection is of no more use where that takes
  // longer than a second. Returns whether the statement had succeeded before the server heard of it.
  enum class Abandoned { ended, had_succeeded };
  Abandoned abandon_statement();

  // Takes what the socket has, without blocking. False: the connection broke; what came before is still to be read.
  [[nodiscard]] bool receive();

  // How text is converted that the server sends as the database stores it, because its encoding is SQL_ASCII or has one
  // byte a character; nullptr where the server sends UTF-8. `run`, `query` and Rows convert by themselves; what is
  // given to libpq otherwise goes through `encoded`.
  [[nodiscard]] const std::shared_ptr<const SourceText>& encoding() const { return encoding_; }
  [[nodiscard]] std::string encoded(std::string sql) const;
  // Has text sent as the database stores it also where its encoding has several bytes a character; the characters are
  // asked for on a connection of their own (server_text.h).
  void take_text_as_stored();
  // Has the server convert all text from here on.
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
  [[nodiscard]] bool leaves_machine() const;  // by what the host is called

  // The Error for the connection's last failure; SQLSTATE from `result` if there is one.
  [[nodiscard]] Error failure(const PGresult* result, std::string_view doing) const;

 private:
  Connection(OpenedConnection connection, Endpoint endpoint)
      : connection_(std::move(connection)), endpoint_(std::move(endpoint)) {}
  static Connection open_once(const Endpoint& endpoint, ConnectionUse use, const std::string& options);
  [[nodiscard]] bool cancel(milliseconds limit);

  OpenedConnection connection_;
  Endpoint endpoint_;
  std::shared_ptr<const SourceText> encoding_;
};

}  // namespace walbrook::postgres

// A session of the destination's server. Its errors are the destination's, not the source's.
//
// Threads: one at a time uses a session.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "postgres/connection/connection.h"
#include "postgres/connection/copy_in.h"

namespace walbrook::destination::postgresql {

// The server refused a statement.
class ServerError final : public Error {
 public:
  ServerError(std::string sqlstate, std::string cause, Remedy remedy, ErrorFacts facts)
      : Error(ErrorKind::destination, std::move(cause), std::move(remedy), std::move(facts)),
        sqlstate_(std::move(sqlstate)) {}
  // It is not among the facts, by which the source's errors are judged.
  [[nodiscard]] const std::string& sqlstate() const { return sqlstate_; }
  // Whether the statement conflicts with the tables that it names, or with their constraints: it would fail again.
  [[nodiscard]] bool concerns_table() const;
  // Whether a value's text is not one of its type: a label that an enum lacks, a record with other attributes.
  [[nodiscard]] bool concerns_form_of_value() const;

 private:
  std::string sqlstate_;
};

class Session {
 public:
  using Parameters = std::vector<std::optional<std::string>>;

  // Throws DestinationUnreachable; otherwise Error(destination), also for a server that walbrook cannot use.
  explicit Session(const postgres::Endpoint& server);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() = default;

  // Runs one statement and returns its rows. `doing` names the action in errors. This and all that follow throw
  // DestinationUnreachable if the connection broke, and ServerError if the server refused the statement.
  postgres::Rows query(const std::string& sql, const Parameters& parameters, std::string_view doing);
  // The same for a statement of a user: text that holds several statements is refused.
  postgres::Rows query_one(const std::string& sql, std::string_view doing);
  // Runs one statement without rows. Returns how many rows it changed.
  std::uint64_t change(const std::string& sql, const Parameters& parameters, std::string_view doing);
  // Runs statements without parameters in one round trip.
  void execute(const std::string& sql, std::string_view doing);
  // Sends `rows`, in COPY's text format, to the table, and returns their number.
  std::uint64_t copy(const std::string& table_and_columns, std::string_view rows, std::string_view doing);
  // Begins a COPY … FROM STDIN, for rows that come one after another.
  [[nodiscard]] std::unique_ptr<postgres::CopyIn> begin_copy(const std::string& sql, const std::string& doing);

  // Ends the transaction that is open, if there is one, without a commit. Never throws.
  void rollback() noexcept;
  [[nodiscard]] bool is_broken() const;
  [[nodiscard]] bool has_failed() const;                                   // a statement of the open transaction failed
  [[nodiscard]] std::string where() const { return connection_.where(); }  // "127.0.0.1:5432/shop"
  [[nodiscard]] int server_version() const { return connection_.server_version(); }
  [[nodiscard]] postgres::Connection& connection() { return connection_; }

 private:
  postgres::Connection connection_;
};

// Throws `failed` as an error of the destination.
[[noreturn]] void throw_of_destination(const Error& failed);

// Runs `work`, whose errors concern the destination's server, and throws them as the destination's.
template <class Work>
auto at_server(const Work& work) {
  try {
    return work();
  } catch (const postgres::Stopped&) {
    throw;
  } catch (const Error& failed) {
    throw_of_destination(failed);
  }
}

// Creates the schema if it does not exist. REQUIRES: no other session of this process creates it.
void create_schema(Session& session, const std::string& schema);

[[nodiscard]] std::string identifier(std::string_view name);                           // "name"
[[nodiscard]] std::string literal(std::string_view text);                              // 'text'
[[nodiscard]] std::string full_name(std::string_view schema, std::string_view table);  // "schema"."table"

}  // namespace walbrook::destination::postgresql

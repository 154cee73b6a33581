#include "destination/postgres/session.h"

#include <fmt/format.h>

#include <array>

#include "base/quoting.h"
#include "destination/destination.h"
#include "postgres/connection/session.h"

namespace walbrook::destination::postgresql {
namespace {

constexpr int oldest_version = 130'000;  // pg_current_xact_id
// A statement that waits longer for readers of a table gives way to them, since others queue up behind it.
constexpr const char* lock_timeout = "10s";

void check_usable(postgres::Connection& connection) {
  const char* encoding = PQparameterStatus(connection.raw(), "server_encoding");
  if (encoding != nullptr && std::string_view(encoding) != "UTF8") {
    throw Error(ErrorKind::destination,
                fmt::format("database {} has the encoding {}, in which not every text of a source can be stored",
                            connection.where(), encoding),
                "Use a database with the encoding UTF8: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.");
  }
  if (connection.server_version() < oldest_version) {
    throw Error(ErrorKind::destination,
                fmt::format("{} is a server of version {}", connection.where(), connection.server_version() / 10'000),
                "As a destination, walbrook needs PostgreSQL 13 or later.");
  }
}

// What is committed must be durable, whatever is set for the role or the database.
void set_up(postgres::Connection& connection) {
  connection.query(fmt::format("SELECT pg_catalog.set_config('lock_timeout', '{}', false), "
                               "CASE WHEN pg_catalog.current_setting('synchronous_commit') = 'off' THEN "
                               "pg_catalog.set_config('synchronous_commit', 'on', false) END",
                               lock_timeout),
                   {}, "setting up the session");
}

}  // namespace

bool ServerError::concerns_table() const {
  // Values, constraints, dependent objects, limits of rows and indexes; syntax, missing objects, privileges.
  constexpr std::array<std::string_view, 7> classes = {"0A", "22", "23", "2B", "42", "44", "54"};
  for (const auto& each : classes) {
    if (sqlstate_.starts_with(each)) return true;
  }
  return false;
}

bool ServerError::concerns_form_of_value() const {
  return sqlstate_ == "22P02";  // invalid_text_representation
}

void throw_of_destination(const Error& failed) {
  auto facts = failed.facts();
  facts.destination = std::exchange(facts.server, {});
  auto sqlstate = std::exchange(facts.sqlstate, {});
  if (failed.kind() == ErrorKind::connection) {
    throw DestinationUnreachable(failed.cause(), failed.remedy(), std::move(facts));
  }
  const bool is_of_server =
      failed.kind() == ErrorKind::source_not_ready || failed.kind() == ErrorKind::permission_denied;
  if (!is_of_server) throw Error(failed.kind(), failed.cause(), failed.remedy(), std::move(facts));
  throw ServerError(std::move(sqlstate), failed.cause(), failed.remedy(), std::move(facts));
}

Session::Session(const postgres::Endpoint& server)
    : connection_(at_server([&] {
        auto opened = postgres::Connection::open(server, postgres::ConnectionUse::catalog);
        check_usable(opened);
        set_up(opened);
        opened.hide_values();
        return opened;
      })) {}

postgres::Rows Session::query(const std::string& sql, const Parameters& parameters, std::string_view doing) {
  return at_server([&] { return connection_.query(sql, parameters, doing); });
}

postgres::Rows Session::query_one(const std::string& sql, std::string_view doing) {
  return at_server([&] { return connection_.query_one(sql, doing); });
}

std::uint64_t Session::change(const std::string& sql, const Parameters& parameters, std::string_view doing) {
  return query(sql, parameters, doing).affected();
}

void Session::execute(const std::string& sql, std::string_view doing) {
  static_cast<void>(query(sql, {}, doing));
}

std::unique_ptr<postgres::CopyIn> Session::begin_copy(const std::string& sql, const std::string& doing) {
  return at_server([&] { return std::make_unique<postgres::CopyIn>(connection_, sql, doing); });
}

std::uint64_t Session::copy(const std::string& table_and_columns, std::string_view rows, std::string_view doing) {
  const auto copying = begin_copy(fmt::format("COPY {} FROM STDIN", table_and_columns), std::string(doing));
  return at_server([&] {
    copying->write(rows);
    return copying->finish();
  });
}

bool Session::is_broken() const {
  return PQstatus(connection_.raw()) != CONNECTION_OK;
}

bool Session::has_failed() const {
  return PQtransactionStatus(connection_.raw()) == PQTRANS_INERROR;
}

void Session::rollback() noexcept {
  try {
    if (is_broken() || PQtransactionStatus(connection_.raw()) == PQTRANS_IDLE) return;
    if (PQtransactionStatus(connection_.raw()) == PQTRANS_ACTIVE) static_cast<void>(connection_.abandon_statement());
    connection_.execute("ROLLBACK", "rolling back");
  } catch (
      const std::exception&) {  // NOLINT(bugprone-empty-catch): the connection is broken, and the server rolls back
  }
}

void create_schema(Session& session, const std::string& schema) {
  // Without the question a role that may not create schemas could not use one that is there.
  const auto exists = session.query("SELECT pg_catalog.to_regnamespace(pg_catalog.quote_ident($1)) IS NOT NULL",
                                    {schema}, "looking for schema " + schema);
  if (exists.boolean(0, 0)) return;
  session.execute("CREATE SCHEMA IF NOT EXISTS " + identifier(schema), "creating schema " + schema);
}

std::string identifier(std::string_view name) {
  return quote_identifier(name);
}

std::string literal(std::string_view text) {
  return quote_literal(text);
}

std::string full_name(std::string_view schema, std::string_view table) {
  return identifier(schema) + "." + identifier(table);
}

}  // namespace walbrook::destination::postgresql

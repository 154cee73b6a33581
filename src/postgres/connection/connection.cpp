#include "postgres/connection/connection.h"

#include <fmt/format.h>
#include <poll.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <future>
#include <map>
#include <thread>

#include "base/mask_secrets.h"
#include "base/quoting.h"
#include "base/standard_descriptors.h"
#include "postgres/connection/connect_failure.h"
#include "postgres/connection/dial.h"
#include "postgres/connection/outage.h"
#include "postgres/connection/server_wait.h"
#include "postgres/connection/session.h"

namespace walbrook::postgres {
namespace {

constexpr int longest_default_connect_timeout_s = 10;
constexpr int keepalives_count = 3;

constexpr auto encoding_advice =
    "It is a URL (postgresql://user@host/database) or key=value pairs. Special characters of a password are "
    "percent-encoded in a URL; better leave it out and use PGPASSWORD or ~/.pgpass.";

using Parameters = ConnectionParameters;

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using OptionList = std::unique_ptr<PQconninfoOption, FreeOptions>;

bool is_conninfo(const std::string& text) {
  return text.starts_with("postgresql://") || text.starts_with("postgres://") || text.find('=') != std::string::npos;
}

// Returns every parameter as libpq will use it: from the string, the service file, the environment and its own
// defaults.
//
// libpq reports them only once it has begun to connect. So it is given an sslmode that it refuses. It does so after it
// has resolved everything else and before it uses the network. (The password keeps it from reading the password file.)
Parameters resolve(const std::string& conninfo) {
  constexpr auto refused = "walbrook-asks-for-the-parameters-only";
  if (is_conninfo(conninfo)) {
    char* reason = nullptr;
    const OptionList parsed(PQconninfoParse(conninfo.c_str(), &reason));
    const std::unique_ptr<char, decltype(&PQfreemem)> owned(reason, &PQfreemem);
    if (!parsed) {
      throw Error(
          ErrorKind::configuration,
          "the connection string cannot be parsed: " + without_quoted(one_line(reason != nullptr ? reason : "")),
          encoding_advice);
    }
  }
  const std::array<const char*, 4> names = {"dbname", "password", "sslmode", nullptr};
  const std::array<const char*, 4> values = {conninfo.c_str(), "-", refused, nullptr};
  const OpenedConnection probe(PQconnectStartParams(names.data(), values.data(), 1));
  if (!probe) throw Error(ErrorKind::internal, "out of memory while preparing a connection");
  const std::string message = PQerrorMessage(probe.get());
  if (message.find(refused) == std::string::npos) {
    // Without a role libpq takes the name of the operating system's user, and in a container there may be none.
    const bool lacks_user = message.find("local user with ID") != std::string::npos;
    throw Error(
        ErrorKind::configuration, "the connection's parameters cannot be used: " + mask_secrets(one_line(message)),
        lacks_user ? "Name the role to connect as: postgresql://ROLE@host/database, username in secrets.toml, or "
                     "PGUSER."
                   : "Check the connection string, PGSERVICE and the service file.");
  }
  Parameters resolved;
  const OptionList options(PQconninfo(probe.get()));
  for (const auto* option = options.get(); option != nullptr && option->keyword != nullptr; ++option) {
    if (option->val != nullptr) resolved[option->keyword] = option->val;
  }
  return resolved;
}

// The kernel, too, detects a peer that vanished silently: by keepalives if nothing is sent, and by tcp_user_timeout if
// what was sent is not acknowledged.
Parameters timeouts(milliseconds network_timeout) {
  const auto network_s =
      std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::seconds>(network_timeout).count(), 1);
  return {{"connect_timeout", std::to_string(std::min<std::int64_t>(network_s, longest_default_connect_timeout_s))},
          {"tcp_user_timeout", std::to_string(network_timeout.count())},
          {"keepalives_idle", std::to_string(std::max<std::int64_t>(network_s / 2, 1))},
          {"keepalives_interval", std::to_string(std::max<std::int64_t>(network_s / 2 / keepalives_count, 1))},
          {"keepalives_count", std::to_string(keepalives_count)}};
}

Parameters additions(const Parameters& resolved, ConnectionUse use, const std::string& options,
                     milliseconds network_timeout) {
  Parameters added;
  const auto users = parameter(resolved, "options");
  added["options"] = (users.empty() ? "" : users + " ") + startup_options() + (options.empty() ? "" : " " + options);
  added["client_encoding"] = "UTF8";
  added["fallback_application_name"] = "walbrook";
  for (const auto& [name, value] : timeouts(network_timeout)) {
    if (parameter(resolved, name).empty()) added[name] = value;
  }
  if (use == ConnectionUse::replication) added["replication"] = "database";
  return added;
}

void log_notice(void* /*unused*/, const PGresult* notice) {
  spdlog::debug("source: {}", one_line(PQresultErrorMessage(notice)));
}

// If the password in a URL holds an unescaped '@' or '/', a part of it ends up in what libpq takes for host, port or
// database.
std::string unspoiled(const std::string& name) {
  const auto at = name.rfind('@');
  return at == std::string::npos ? name : "***" + name.substr(at);
}

void require_port(const Parameters& resolved) {
  const auto port = resolved.find("port");
  if (port == resolved.end() || port->second.find_first_not_of("0123456789, ") == std::string::npos) return;
  throw Error(ErrorKind::configuration, "the connection string cannot be used: its port is not a number",
              encoding_advice);
}

std::string place(PGconn* connection) {
  const auto text = [](const char* value) { return std::string(value != nullptr ? value : ""); };
  return fmt::format("{}:{}/{}", unspoiled(text(PQhost(connection))), text(PQport(connection)),
                     unspoiled(text(PQdb(connection))));
}

// Blanks in `text` the part of a password that is in `spoiled` (see above).
void blank_out(std::string& text, const char* spoiled) {
  const std::string_view name = spoiled != nullptr ? spoiled : "";
  const auto end = name.rfind('@');
  if (end == std::string_view::npos || end == 0) return;
  const auto secret = name.substr(0, end);
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3)) {
    text.replace(at, secret.size(), "***");
  }
}

// The address of the connection decides, because a name may mean this machine too.
bool is_other_machine(PGconn* connection) {
  const char* connected = PQhostaddr(connection);
  const std::string_view address = connected != nullptr ? connected : "";  // "": a Unix socket
  return !address.empty() && address != "::1" && !address.starts_with("127.");
}

// Warns once per process. libpq does not report how the password was requested; at worst it was sent in clear text.
void warn_of_open_password(PGconn* connection, const std::string& where) {
  static std::atomic<bool> warned = false;
  if (PQconnectionUsedPassword(connection) == 0 || PQsslInUse(connection) != 0 || !is_other_machine(connection)) return;
  if (warned.exchange(true)) return;
  spdlog::warn(
      "the connection to {} asks for a password and is not encrypted: anyone who can read the network traffic can read "
      "the password and the rows\n  sslmode=require refuses such a connection; the server needs ssl = on for it.",
      where);
}

template <class Integer>
Integer parse_integer(const char* text) {
  Integer value{};
  const std::string_view view(text);
  std::from_chars(view.data(), view.data() + view.size(), value);
  return value;
}

}  // namespace

std::string_view Rows::bytes(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}
std::string Rows::text(int row, int column) const {
  return encoding_ != nullptr ? encoding_->name_to_utf8(bytes(row, column)) : std::string(bytes(row, column));
}
std::string Rows::json(int row, int column) const {
  return encoding_ != nullptr ? encoding_->json_to_utf8(bytes(row, column)) : std::string(bytes(row, column));
}
bool Rows::boolean(int row, int column) const {
  return PQgetvalue(result_.get(), row, column)[0] == 't';
}
Oid Rows::oid(int row, int column) const {
  return parse_integer<Oid>(PQgetvalue(result_.get(), row, column));
}
std::int64_t Rows::integer(int row, int column) const {
  return parse_integer<std::int64_t>(PQgetvalue(result_.get(), row, column));
}
Lsn Rows::lsn(int row, int column) const {
  return Lsn::parse(PQgetvalue(result_.get(), row, column)).value_or(Lsn{});
}

std::vector<Oid> Rows::types() const {
  std::vector<Oid> types;
  for (int column = 0; column < columns(); ++column) types.push_back(PQftype(result_.get(), column));
  return types;
}

std::uint64_t affected_rows(PGresult* result) {
  return parse_integer<std::uint64_t>(PQcmdTuples(result));
}

std::string_view sqlstate_of(const PGresult* result) {
  const char* state = result != nullptr ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
  return state != nullptr ? state : "";
}

Connection Connection::open(const Endpoint& endpoint, ConnectionUse use, const std::string& options) {
  occupy_standard_descriptors();
  Outage outage(endpoint, use);
  while (true) {
    try {
      auto connection = open_once(endpoint, use, options);
      endpoint.note_success(use);
      outage.over();
      return connection;
    } catch (const Stopped&) {
      throw;
    } catch (const Error& failed) {
      outage.wait_or_throw(failed, Asked::connection);
    }
  }
}

Connection Connection::open_once(const Endpoint& endpoint, ConnectionUse use, const std::string& options) {
  const auto conninfo = endpoint.conninfo();
  const auto resolved = resolve(conninfo);
  require_port(resolved);
  const auto added = additions(resolved, use, options, endpoint.options().network_timeout);
  const auto named = [&resolved](const char* name) { return parameter(resolved, name); };
  const auto refusal = [](std::string message, const Connection& failed) {
    blank_out(message, PQhost(failed.raw()));
    blank_out(message, PQdb(failed.raw()));
    return connect_failure(message, {failed.where(), unspoiled(failed.database()), failed.user()});
  };
  OpenedConnection opened;
  try {
    opened = dial(endpoint, conninfo, resolved, added);
  } catch (const Error& silent) {
    if (silent.kind() != ErrorKind::connection) throw;
    auto message = silent.cause();
    blank_out(message, named("host").c_str());
    throw connect_failure(message,
                          {fmt::format("{}:{}/{}", unspoiled(named("host")), named("port"), unspoiled(named("dbname"))),
                           unspoiled(named("dbname")), named("user")});
  }
  Connection connection(std::move(opened), endpoint);
  if (PQstatus(connection.raw()) != CONNECTION_OK) throw refusal(PQerrorMessage(connection.raw()), connection);
  PQsetErrorVerbosity(connection.raw(), PQERRORS_DEFAULT);
  warn_of_open_password(connection.raw(), connection.where());
  PQsetNoticeReceiver(connection.raw(), log_notice, nullptr);
  PQsetnonblocking(connection.raw(), 1);  // a write that the peer does not take must not block
  require_settings(connection, session_settings());
  connection.encoding_ = use_own_encoding(connection);
  return connection;
}

Result Connection::run(const std::string& sql, const std::vector<std::optional<std::string>>& parameters,
                       std::string_view doing, const std::stop_token& also) {
  std::vector<std::optional<std::string>> own;  // converted to the database's encoding
  for (const auto& parameter : parameters) own.push_back(parameter ? std::optional(encoded(*parameter)) : std::nullopt);
  std::vector<const char*> values;
  values.reserve(own.size());
  for (const auto& parameter : own) values.push_back(parameter ? parameter->c_str() : nullptr);
  const auto statement = encoded(sql);
  // A walsender accepts only the simple protocol.
  const int sent = parameters.empty() ? PQsendQuery(raw(), statement.c_str())
                                      : PQsendQueryParams(raw(), statement.c_str(), static_cast<int>(values.size()),
                                                          nullptr, values.data(), nullptr, nullptr, 0);
  if (sent == 0) throw failure(nullptr, doing);
  return take_results(doing, also);
}

Result Connection::take_results(std::string_view doing, const std::stop_token& also) {
  ServerWait wait(*this, doing, also);
  Result last;
  while (true) {
    auto next = wait.result();
    if (next == nullptr) return last;
    last = std::move(next);
    wait.message_came();
    const auto status = PQresultStatus(last.get());
    if (status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH || status == PGRES_COPY_IN) return last;
  }
}

Rows Connection::query(const std::string& sql, const std::vector<std::optional<std::string>>& parameters,
                       std::string_view doing) {
  return rows_of(run(sql, parameters, doing), doing);
}

Rows Connection::query_one(const std::string& sql, std::string_view doing) {
  const int sent =
      PQsendQueryParams(raw(), encoded(sql).c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0);  // takes one statement
  if (sent == 0) throw failure(nullptr, doing);
  return rows_of(take_results(doing, {}), doing);
}

Rows Connection::rows_of(Result result, std::string_view doing) {
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) throw failure(result.get(), doing);
  return Rows(std::move(result), encoding_);
}

void Connection::execute(const std::string& sql, std::string_view doing) {
  query(sql, {}, doing);
}

Connection::CopyRow Connection::next_row(int& size, std::string_view doing) {
  ServerWait wait(*this, doing);
  while (true) {
    auto row = take_row(size);
    if (size != 0) return row;
    wait.once();
  }
}

Connection::CopyRow Connection::take_row(int& size) {
  char* bytes = nullptr;
  size = PQgetCopyData(raw(), &bytes, 1);
  return CopyRow(size > 0 ? bytes : nullptr);
}

void Connection::finish_copy(std::string_view doing) {
  ServerWait wait(*this, doing);
  Result failed;
  while (auto next = wait.result()) {
    if (failed == nullptr && PQresultStatus(next.get()) != PGRES_COMMAND_OK) failed = std::move(next);
  }
  if (failed != nullptr) throw failure(failed.get(), doing);
}

// PQcancel connects again and waits without a limit. So it runs in a thread, which is left alone if it takes too long.
bool Connection::cancel(milliseconds limit) {
  std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> request(PQgetCancel(raw()), &PQfreeCancel);
  if (request == nullptr) return false;
  std::packaged_task<bool()> task([request = std::move(request)] {
    std::array<char, 256> reason{};
    return PQcancel(request.get(), reason.data(), static_cast<int>(reason.size())) != 0;
  });
  auto sent = task.get_future();
  std::thread(std::move(task)).detach();
  return sent.wait_for(limit) == std::future_status::ready && sent.get();
}

Connection::Abandoned Connection::abandon_statement() {
  constexpr milliseconds limit(500);  // for each half
  auto became = Abandoned::ended;
  // A request that arrives late would end the next statement.
  if (PQtransactionStatus(raw()) != PQTRANS_ACTIVE || !cancel(limit)) return became;
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < deadline) {
    char* row = nullptr;
    const int size = PQgetCopyData(raw(), &row, 1);
    if (size > 0) PQfreemem(row);
    if (size > 0) continue;
    if (size < 0 && PQisBusy(raw()) == 0) {
      const Result result(PQgetResult(raw()));
      if (result == nullptr) return became;
      if (PQresultStatus(result.get()) == PGRES_TUPLES_OK) became = Abandoned::had_succeeded;
      continue;
    }
    pollfd socket{.fd = PQsocket(raw()), .events = POLLIN, .revents = 0};
    poll(&socket, 1, static_cast<int>(stop_interval.count()));
    if (!receive()) break;
  }
  return became;
}

// In TLS, a record of up to 16 kB may be half taken while poll() reports nothing more for the socket. libpq requests at
// least 8 kB, so the second call takes the rest.
bool Connection::receive() {
  bool good = PQconsumeInput(raw()) != 0;
  if (good && PQsslInUse(raw()) != 0) good = PQconsumeInput(raw()) != 0;
  return good;
}

void Connection::take_text_as_stored() {
  if (encoding_ == nullptr) encoding_ = use_multibyte_encoding(*this);
}

void Connection::take_text_converted() {
  execute("SET client_encoding = 'UTF8'", "setting the client encoding");
  encoding_ = nullptr;
}

std::string Connection::encoded(std::string sql) const {
  return encoding_ != nullptr ? encoding_->from_utf8(sql) : std::move(sql);
}

std::string Connection::quote_name(std::string_view name) const {
  return quote_identifier(name);
}

std::string Connection::quote_table(std::string_view schema, std::string_view name) const {
  return quote_name(schema) + "." + quote_name(name);
}

// Every session of walbrook has standard_conforming_strings on.
std::string Connection::quote_literal(std::string_view text) const {
  return walbrook::quote_literal(text);
}

std::string Connection::database() const {
  return PQdb(raw()) != nullptr ? PQdb(raw()) : "";
}
std::string Connection::user() const {
  return PQuser(raw()) != nullptr ? PQuser(raw()) : "";
}
std::string Connection::where() const {
  return place(raw());
}

std::string Connection::tls() const {
  const char* protocol = PQsslInUse(raw()) != 0 ? PQsslAttribute(raw(), "protocol") : nullptr;
  return protocol != nullptr ? protocol : "";
}

bool Connection::leaves_machine() const {
  const char* named = PQhost(raw());
  const std::string_view host = named != nullptr ? named : "";
  const bool socket = host.empty() || host.starts_with('/') || host.starts_with('@');
  return !socket && host != "localhost" && host != "::1" && !host.starts_with("127.");
}

Error Connection::failure(const PGresult* result, std::string_view doing) const {
  const auto sqlstate = sqlstate_of(result);
  const char* primary = result != nullptr ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : nullptr;
  const char* detail = result != nullptr ? PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL) : nullptr;
  auto reason = one_line(primary != nullptr ? primary : PQerrorMessage(raw()));
  const bool shows_values = sqlstate.starts_with("22") || sqlstate.starts_with("23");
  if (detail != nullptr && !(hides_values_ && shows_values)) reason += " (" + one_line(detail) + ")";
  if (encoding_ != nullptr) reason = encoding_->name_to_utf8(reason);
  auto kind = ErrorKind::source_not_ready;
  if (PQstatus(raw()) != CONNECTION_OK || is_of_connection(sqlstate)) {
    kind = ErrorKind::connection;
  } else if (sqlstate == "42501") {
    kind = ErrorKind::permission_denied;
  }
  const char* hint = result != nullptr ? PQresultErrorField(result, PG_DIAG_MESSAGE_HINT) : nullptr;
  return {kind,
          mask_secrets(fmt::format("{}: {} reports: {}", doing, where(), reason)),
          hint == nullptr        ? ""
          : encoding_ != nullptr ? encoding_->name_to_utf8(one_line(hint))
                                 : one_line(hint),
          {.server = where(), .sqlstate = std::string(sqlstate)}};
}

}  // namespace walbrook::postgres

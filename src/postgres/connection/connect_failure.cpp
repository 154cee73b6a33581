#include "postgres/connection/connect_failure.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/mask_secrets.h"

namespace walbrook::postgres {
namespace {

struct Cause {
  std::string words;  // libpq's or the server's, in English; in another language there is no hint
  ErrorKind kind;
  std::string hint;
  std::string sqlstate = {};  // libpq does not report that of a refused connection
};

constexpr auto too_many_connections = "53300";

std::vector<Cause> authentication_causes(const ConnectAttempt& attempt) {
  const auto& user = attempt.user;
  return {
      {"password authentication failed", ErrorKind::permission_denied,
       fmt::format("Check the password of role {} (in the URL, PGPASSWORD or ~/.pgpass).", user)},
      {"no password supplied", ErrorKind::permission_denied,
       fmt::format("Give the password of role {} in the URL, PGPASSWORD or ~/.pgpass.", user)},
      {"no pg_hba.conf entry", ErrorKind::permission_denied,
       fmt::format(
           "Allow it in the server's pg_hba.conf, for example: host \"{}\" \"{}\" ADDRESS/32 scram-sha-256; then "
           "SELECT pg_reload_conf().",
           attempt.database, user)},
      {"requires a valid client certificate", ErrorKind::permission_denied,
       "Name the client's certificate by sslcert=FILE and its key by sslkey=FILE."},
      {"certificate authentication failed", ErrorKind::permission_denied,
       fmt::format("The certificate in sslcert must be issued for role {}, or pg_ident.conf must map its name.", user)},
      {"Peer authentication failed", ErrorKind::permission_denied,
       "Run as the operating system's user of that name, or connect over TCP (host=127.0.0.1) with a password."},
      {"must be superuser or replication role", ErrorKind::permission_denied,
       fmt::format("ALTER ROLE \"{0}\" REPLICATION; (on RDS: GRANT rds_replication TO \"{0}\";)", user)},
      {"permission denied to start WAL sender", ErrorKind::permission_denied,
       fmt::format("ALTER ROLE \"{0}\" REPLICATION; (on RDS: GRANT rds_replication TO \"{0}\";)", user)},
      {"permission denied for database", ErrorKind::permission_denied,
       fmt::format("GRANT CONNECT ON DATABASE \"{}\" TO \"{}\";", attempt.database, user)},
      {"is not permitted to log in", ErrorKind::permission_denied, fmt::format("ALTER ROLE \"{}\" LOGIN;", user)},
      {fmt::format("role \"{}\" does not exist", user), ErrorKind::permission_denied,
       fmt::format("Create it: CREATE ROLE \"{}\" LOGIN REPLICATION PASSWORD '…';", user)},
  };
}

std::vector<Cause> server_causes(const ConnectAttempt& attempt) {
  return {
      {fmt::format("database \"{}\" does not exist", attempt.database), ErrorKind::source_not_ready,
       fmt::format("Check the database's name (psql -l lists them): {} was requested.", attempt.database)},
      {"exceeds max_wal_senders", ErrorKind::connection,
       "Raise max_wal_senders (needs a restart), or end walsenders that are not needed (pg_stat_replication).",
       too_many_connections},
      {"all AVAILABLE replication", ErrorKind::connection, "Raise max_wal_senders (needs a restart).",
       too_many_connections},
      {"too many clients", ErrorKind::connection, "Raise max_connections (needs a restart), or close connections.",
       too_many_connections},
      {"too many connections for", ErrorKind::connection,
       fmt::format("Raise the limit: ALTER ROLE \"{}\" CONNECTION LIMIT -1; or of the database.", attempt.user),
       too_many_connections},
      {"remaining connection slots are reserved", ErrorKind::connection,
       "Raise max_connections (needs a restart), or close connections.", too_many_connections},
      {"starting up", ErrorKind::connection, "Wait until the server has started."},
      {"shutting down", ErrorKind::connection, "Wait until the server is up again."},
      {"in recovery mode", ErrorKind::connection, "Wait until the server has recovered."},
      {"unsupported startup parameter", ErrorKind::source_not_ready,
       "A connection pooler is in between. Logical replication needs the server itself: give its own host and port."},
      {"unrecognized configuration parameter", ErrorKind::source_not_ready,
       "Check `options`; walbrook itself needs PostgreSQL 14 or later."},
      {"invalid value for parameter", ErrorKind::configuration, "Check `options` in the connection string."},
  };
}

std::vector<Cause> network_causes() {
  return {
      {"invalid sslmode value", ErrorKind::configuration,
       "sslmode is one of disable, allow, prefer, require, verify-ca, verify-full."},
      {"server does not support SSL", ErrorKind::source_not_ready,
       "Turn ssl on in the server, or set sslmode=disable if the network can be trusted."},
      {"root certificate file", ErrorKind::source_not_ready,
       "Put the certificate authority there, or name it by sslrootcert=FILE."},
      {"certificate verify failed", ErrorKind::source_not_ready,
       "The server's certificate is not signed by the authority in sslrootcert, or has expired."},
      {"does not match host name", ErrorKind::source_not_ready,
       "Connect by the name in the server's certificate, or set sslmode=verify-ca."},
      {"SSL SYSCALL error", ErrorKind::connection,
       "The connection broke while it was being encrypted: check the server, and what is between it and here."},
      {"unexpected eof while reading", ErrorKind::connection,
       "The connection broke while it was being encrypted: check the server, and what is between it and here."},
      {"unknown ca", ErrorKind::permission_denied,
       "The server does not trust the authority that issued the certificate in sslcert."},
      {"SSL", ErrorKind::source_not_ready, "Check sslmode, sslrootcert, sslcert and sslkey."},
      {"could not translate host name", ErrorKind::connection, "Check the host's name and the network's name service."},
      {"timeout expired", ErrorKind::connection, "Check host, port and firewall; connect_timeout limits the wait."},
      {"Connection refused", ErrorKind::connection,
       "Check host and port, that the server runs, and that it listens there (listen_addresses)."},
      {"No such file or directory", ErrorKind::connection,
       "No server listens on that socket: check that it runs, or name host and port."},
      {"No route to host", ErrorKind::connection, "Check host, network and firewall."},
      {"Network is unreachable", ErrorKind::connection, "Check host, network and firewall."},
  };
}

constexpr std::size_t sqlstate_size = 5;
constexpr std::string_view state_end = ": ";

// Returns the SQLSTATE at the beginning: "28P01" of "28P01: password authentication failed".
std::string_view state_in_front(std::string_view line) {
  const auto state = line.substr(0, sqlstate_size);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool plausible = line.substr(state.size()).starts_with(state_end) && std::ranges::any_of(state, is_digit) &&
                         std::ranges::all_of(state, [&](char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); });
  return plausible ? state : std::string_view();
}

// Returns the SQLSTATE in a line of PQERRORS_VERBOSE, in any language: "FATAL:  28P01: password authentication failed".
std::string_view state_in(std::string_view line) {
  constexpr std::string_view severity_end = ":  ";
  const auto end = line.find(severity_end);
  return end == std::string_view::npos ? std::string_view() : state_in_front(line.substr(end + severity_end.size()));
}

// Returns the SQLSTATE of the address that was tried last: a refusal that means more than "not now" ends the attempts.
std::string last_state(std::string_view message) {
  std::string state;
  while (!message.empty()) {
    const auto line = message.substr(0, message.find('\n'));
    message.remove_prefix(std::min(message.size(), line.size() + 1));
    if (const auto found = state_in(line); !found.empty()) state = found;
  }
  return state;
}

// Returns the kind for messages whose words are not known; only English ones are.
ErrorKind kind_of_state(std::string_view state) {
  if (state.empty() || is_of_connection(state)) return ErrorKind::connection;
  return state.starts_with("28") || state == "42501" ? ErrorKind::permission_denied : ErrorKind::source_not_ready;
}

// Returns "reason" of "connection to server at "h" (ip), port N failed: FATAL:  reason".
std::string_view bare_reason(std::string_view line) {
  if (line.starts_with("connection to server")) {
    if (const auto end = line.find(" failed: "); end != std::string_view::npos) line.remove_prefix(end + 9);
  }
  for (const std::string_view severity : {"FATAL:  ", "ERROR:  ", "PANIC:  "}) {
    if (line.starts_with(severity)) line.remove_prefix(severity.size());
  }
  if (!state_in_front(line).empty()) line.remove_prefix(sqlstate_size + state_end.size());
  return line;
}

}  // namespace

bool is_of_connection(std::string_view sqlstate) {
  return sqlstate.starts_with("08") || sqlstate.starts_with("57P") || sqlstate.starts_with("53");
}

std::string one_line(std::string_view message) {
  std::vector<std::string_view> reasons;
  while (!message.empty()) {
    const auto end = message.find('\n');
    const auto line = message.substr(0, end);
    message = end == std::string_view::npos ? std::string_view() : message.substr(end + 1);
    if (line.empty() || line.starts_with('\t')) continue;  // after a tab: libpq's own hint
    if (line.starts_with("LOCATION:  ")) continue;         // a place in the server's source code
    const auto reason = bare_reason(line);
    if (std::ranges::find(reasons, reason) == reasons.end()) reasons.push_back(reason);
  }
  return reasons.empty() ? "no reason was given" : fmt::format("{}", fmt::join(reasons, "; "));
}

std::string without_quoted(std::string_view message) {
  std::string out;
  bool inside = false;
  for (const char c : message) {
    if (c == '"') {
      out += inside ? "***\"" : "\"";
      inside = !inside;
    } else if (!inside) {
      out.push_back(c);
    }
  }
  return out;
}

Error connect_failure(std::string_view message, const ConnectAttempt& attempt) {
  const auto reason = mask_secrets(one_line(message));
  const auto cause = fmt::format("cannot connect to {} as {}: {}", attempt.where, attempt.user, reason);
  const ErrorFacts facts{.server = attempt.where, .sqlstate = last_state(message)};
  for (const auto& causes : {authentication_causes(attempt), network_causes(), server_causes(attempt)}) {
    for (const auto& known : causes) {
      // The server's own answer counts, even if another address was silent before.
      if (known.kind == ErrorKind::connection && kind_of_state(facts.sqlstate) != ErrorKind::connection) continue;
      if (reason.find(known.words) == std::string::npos) continue;
      auto known_facts = facts;
      if (known_facts.sqlstate.empty()) known_facts.sqlstate = known.sqlstate;
      return {known.kind, cause, known.hint, known_facts};
    }
  }
  return {kind_of_state(facts.sqlstate), cause, {}, facts};
}

}  // namespace walbrook::postgres

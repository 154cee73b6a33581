#include "postgres/connection/server_wait.h"

#include <fmt/format.h>
#include <netinet/in.h>
// This header must follow netinet/in.h. It has fields of tcp_info that netinet/tcp.h lacks.
#include <linux/tcp.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

namespace walbrook::postgres {
namespace {

using std::chrono::steady_clock;

constexpr milliseconds shown_after(1'000);            // shorter waits are not shown
constexpr milliseconds counted_after(1'000);          // bytes are counted after this time without a whole message
constexpr std::uint64_t sign_bytes = 64 << 10;        // of an incomplete message that are a sign of life
constexpr std::uint64_t longest_message = 1U << 30U;  // MaxAllocSize: no row and no value is longer
constexpr std::uint64_t message_slack = 16 << 20;     // what came before the message and is in the same count

// Returns how many bytes the peer has sent so far. Returns nullopt for a Unix socket, where it is not known, but where
// nothing is between the two either.
std::optional<std::uint64_t> received_bytes(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  if (size < offsetof(tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received) return std::nullopt;
  return info.tcpi_bytes_received;
}

}  // namespace

// ClientRead: the process waits for a statement, so the statement or its result was lost. ClientWrite: its output is
// not taken, although there is nothing to take on this side. WalSender…: a stream that has nothing to send would have
// answered. Only the creation of a slot reads the log without sending anything.
bool is_at_work(const ServerProcess& process) {
  if (process.state != "active") return false;
  if (process.statement.starts_with("CREATE_REPLICATION_SLOT")) return process.wait_event != "ClientRead";
  return process.wait_event_type != "Client" && process.wait_event_type != "Activity";
}

void SilenceWatch::sign_of_life(SteadyTime now) {
  sign_ = message_ = now;
  base_.reset();
}

void SilenceWatch::bytes_came(SteadyTime now, int socket, const std::string& where) {
  if (now - message_ < counted_after) {
    sign_ = now;
    return;
  }
  const auto bytes = received_bytes(socket);
  if (!bytes) {
    sign_ = now;
    return;
  }
  if (!base_) base_ = counted_ = *bytes;
  if (*bytes - counted_ >= sign_bytes) {
    counted_ = *bytes;
    sign_ = now;
  }
  if (*bytes - *base_ > longest_message + message_slack) {
    throw Error(ErrorKind::connection,
                fmt::format("{} sends a message that is longer than allowed ({} MB so far): the connection is "
                            "considered broken",
                            where, (*bytes - *base_) >> 20U));
  }
}

milliseconds SilenceWatch::silent_for(SteadyTime now) const {
  return std::chrono::duration_cast<milliseconds>(now - sign_);
}

bool looks_at_work(const Connection& connection) {
  const auto& endpoint = connection.endpoint();
  if (!endpoint.options().looks_twice) return false;
  try {
    auto second = Connection::open(endpoint.for_a_look(), ConnectionUse::catalog);
    const auto rows =
        second.query("SELECT state, wait_event_type, wait_event, query FROM pg_catalog.pg_stat_activity WHERE pid = $1",
                     {std::to_string(PQbackendPID(connection.raw()))}, "checking a silent connection");
    if (rows.size() == 0) return false;
    return is_at_work({.state = rows.text(0, 0),
                       .wait_event_type = rows.text(0, 1),
                       .wait_event = rows.text(0, 2),
                       .statement = rows.text(0, 3)});
  } catch (const Stopped&) {
    throw;
  } catch (const Error& failed) {
    spdlog::debug("a silent connection cannot be checked: {}", failed.cause());
    return false;
  }
}

Error silence(const Connection& connection, std::string_view doing, milliseconds silent_for) {
  return {ErrorKind::connection,
          fmt::format("{}: {} has not answered for {} s: the connection is considered broken", doing,
                      connection.where(), std::chrono::duration_cast<std::chrono::seconds>(silent_for).count()),
          {},
          {.server = connection.where()}};
}

ServerWait::ServerWait(Connection& connection, std::string_view doing, std::stop_token also)
    : connection_(connection), doing_(doing), also_(std::move(also)), began_(steady_clock::now()), silence_(began_) {}

void ServerWait::once() {
  const auto& endpoint = connection_.endpoint();
  endpoint.check_stop(doing_);
  if (also_.stop_requested()) throw Stopped(ErrorKind::source_not_ready, fmt::format("{}: stopped", doing_));
  if (broken_) throw connection_.failure(nullptr, doing_);
  const int flushed = PQflush(connection_.raw());
  if (flushed < 0) throw connection_.failure(nullptr, doing_);
  const int events = flushed > 0 ? POLLIN | POLLOUT : POLLIN;
  pollfd socket{.fd = PQsocket(connection_.raw()), .events = static_cast<short>(events), .revents = 0};
  poll(&socket, 1, static_cast<int>(stop_interval.count()));
  const auto now = steady_clock::now();
  if ((socket.revents & ~POLLOUT) != 0) {
    broken_ = !connection_.receive();  // what arrived before must still be read: it may hold the reason
    if (broken_) return;
    silence_.bytes_came(now, socket.fd, connection_.where());
  }
  check_silence(now);
}

Result ServerWait::result() {
  while (PQisBusy(connection_.raw()) != 0) once();
  return Result(PQgetResult(connection_.raw()));
}

void ServerWait::check_silence(SteadyTime now) {
  const auto& endpoint = connection_.endpoint();
  if (!note_ && now - began_ >= shown_after) {
    note_.emplace(endpoint, fmt::format("{}: waiting for the answer of {}", doing_, connection_.where()));
  }
  const auto silent = silence_.silent_for(now);
  if (silent < endpoint.options().network_timeout) return;
  if (!looks_at_work(connection_)) throw silence(connection_, doing_, silent);
  silence_.sign_of_life(steady_clock::now());
  if (note_) {
    note_->report(
        fmt::format("{}: {} is at work on it and has sent nothing for a long time", doing_, connection_.where()));
  }
}

}  // namespace walbrook::postgres

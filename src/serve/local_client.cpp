#include "serve/local_client.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <span>
#include <thread>
#include <utility>

#include "base/percent_encoding.h"
#include "postgres/catalog/table_name.h"
#include "serve/http_message.h"
#include "serve/socket_path.h"
#include "serve/wire_json.h"

namespace walbrook::serve {
namespace {

using std::chrono::steady_clock;

constexpr milliseconds answer_timeout{5'000};     // of a run, for the first byte of its answer
constexpr std::chrono::hours query_timeout{24};   // the run has its own limit, and the user Ctrl-C
constexpr std::chrono::hours request_timeout{1};  // the load in hand ends first, however large it is
constexpr milliseconds between_dials{50};
constexpr milliseconds longest_ending{500};  // of a process, from its first closed descriptor to its last

[[noreturn]] void does_not_answer(const std::string& path) {
  throw Error(
      ErrorKind::destination,
      fmt::format("the run at {} does not answer: nothing arrived within {} s", path, answer_timeout.count() / 1000),
      "It is still there, and nothing is lost: try again in a moment. If this continues, its process is stopped or the "
      "machine is overloaded; the run's log shows what it last did.");
}

class ClientConnection {
 public:
  explicit ClientConnection(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

  // Returns false if `what` was not possible before `deadline`. The next call finds errors and a closed connection.
  [[nodiscard]] bool wait(short what, steady_clock::time_point deadline) const {
    while (true) {
      const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now()).count();
      pollfd waits{descriptor_.get(), what, 0};
      const int ready = ::poll(&waits, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000'000)));
      if (ready > 0) return true;
      if (ready == 0 || errno != EINTR) return false;
    }
  }

  // Returns false if `deadline` passed. A server that refuses a request closes before it has read all of it.
  [[nodiscard]] bool send(std::string_view text, steady_clock::time_point deadline) const {
    while (!text.empty()) {
      const auto sent = ::send(descriptor_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent > 0) text.remove_prefix(static_cast<std::size_t>(sent));
      if (sent < 0 && errno != EAGAIN && errno != EINTR) return true;  // the answer that was sent is read first
      if (sent < 0 && errno == EAGAIN && !wait(POLLOUT, deadline)) return false;
    }
    return true;
  }

  [[nodiscard]] ssize_t receive(std::span<char> into) const {
    return ::recv(descriptor_.get(), into.data(), into.size(), 0);
  }

 private:
  Descriptor descriptor_;
};

struct Reply {
  int status = 0;
  std::string body;
};

struct Asked {
  std::string_view method, target, body;
  milliseconds timeout;  // of the whole answer, once the run has accepted the request
  std::function<void(std::size_t ahead)> waits = {};
};

// Returns nullopt if no run is there. Waits while the run accepts no more connections.
std::optional<Descriptor> connect_to(const std::string& path) {
  const auto deadline = steady_clock::now() + answer_timeout;
  while (true) {
    auto dialled = dial(path);
    switch (dialled.state) {
      case Dialled::State::connected:
        return std::move(dialled.descriptor);
      case Dialled::State::nobody:
        return std::nullopt;
      case Dialled::State::busy:
        if (steady_clock::now() >= deadline) does_not_answer(path);
        std::this_thread::sleep_for(between_dials);
        continue;
      case Dialled::State::unknown:
        throw Error(
            ErrorKind::destination,
            fmt::format("it cannot be determined whether a run answers at {}: {}", path, strerror(dialled.error)),
            "Fix that first: while a run is at work, it alone can open a DuckDB file.");
    }
  }
}

// A process that ends closes its descriptors one after the other: the connection may close before the socket.
bool is_soon_gone(const std::string& path) {
  const auto end = steady_clock::now() + longest_ending;
  while (probe(path) != Dialled::State::nobody) {
    if (steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

// Returns nullopt if no run was there, or if the run ended before it accepted the request.
std::optional<Reply> ask(const std::string& path, const Asked& asked) {
  auto descriptor = connect_to(path);
  if (!descriptor) return std::nullopt;
  const ClientConnection connection(*std::move(descriptor));
  const auto began = steady_clock::now();
  auto deadline = began + answer_timeout;
  if (!connection.send(request_text(asked.method, asked.target, asked.body), deadline)) does_not_answer(path);
  ResponseReader reader;
  bool is_taken = false;
  std::array<char, 65536> buffer{};
  while (connection.wait(POLLIN, deadline)) {
    const auto got = connection.receive(buffer);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) {
      if (is_taken) {
        throw Error(ErrorKind::destination, fmt::format("the run at {} ended before it answered", path), "Try again.");
      }
      if (is_soon_gone(path)) return std::nullopt;
      throw Error(ErrorKind::destination, fmt::format("the run at {} closed the connection without an answer", path),
                  "It is at work: try again.");
    }
    const auto state = reader.take({buffer.data(), static_cast<std::size_t>(got)});
    if (state == ResponseReader::State::complete) return Reply{reader.status(), std::move(reader.body())};
    if (state == ResponseReader::State::malformed)
      throw Error(ErrorKind::internal, fmt::format("the process that answers at {} is not walbrook", path));
    if (!is_taken && reader.has_interim()) {
      if (reader.queue() > 0 && asked.waits) asked.waits(reader.queue());
      deadline = began + asked.timeout;
    }
    is_taken = is_taken || reader.has_interim();
    if (reader.status() != 0) deadline = std::max(deadline, steady_clock::now() + answer_timeout);  // it is arriving
  }
  does_not_answer(path);
}

[[noreturn]] void throw_answered_error(const std::string& body) {
  const auto document = nlohmann::json::parse(body, nullptr, false);
  if (!document.is_object() || !document.contains("error")) {
    throw Error(ErrorKind::internal, "the running walbrook gave an unknown answer");
  }
  const bool users_fault = document.value("kind", "") == to_string(ErrorKind::configuration);
  throw Error(users_fault ? ErrorKind::configuration : ErrorKind::destination, document.value("error", ""),
              document.value("hint", ""));
}

}  // namespace

std::optional<std::string> ask_status(const std::string& path) {
  auto reply = ask(path, {.method = "GET", .target = "/status", .body = {}, .timeout = answer_timeout});
  if (!reply) return std::nullopt;
  if (reply->status != 200) throw_answered_error(reply->body);
  return std::move(reply->body);
}

bool ask_request(const std::string& path, replication::Requested what, const std::vector<postgres::TableName>& tables,
                 const std::string& where) {
  const auto body = to_json(AskedTables{.tables = tables, .where = where});
  const auto target = fmt::format("/{}", replication::to_string(what));
  const auto reply = ask(path, {.method = "POST", .target = target, .body = body, .timeout = request_timeout});
  if (!reply) return false;
  if (reply->status != 200) throw_answered_error(reply->body);
  return true;
}

std::optional<SqlAnswer> ask_sql(const std::string& path, const SqlQuestion& question) {
  const auto target = fmt::format("/sql?nested={}&lane={}&pipeline={}",
                                  question.nested == destination::NestedCells::json ? "json" : "text",
                                  question.is_of_walbrook ? "state" : "query", percent_encoded(question.pipeline));
  const auto reply = ask(
      path,
      {.method = "POST", .target = target, .body = question.sql, .timeout = query_timeout, .waits = question.waits});
  if (!reply) return std::nullopt;
  if (reply->status != 200) throw_answered_error(reply->body);
  return sql_answer_from_json(reply->body);
}

}  // namespace walbrook::serve

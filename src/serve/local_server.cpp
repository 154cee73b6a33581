// Threads:
//   reception   accepts connections, reads requests, writes answers, notices clients that disconnect; blocks only on
//               its descriptors
//   lanes       one for each kind of request (lane.h): status, state (walbrook's own short queries), requests
//               for tables, and `queries` threads for users' queries. A lane's thread answers a job and wakes the
//               reception.
//
// Invariants:
//   * a connection belongs to the reception's thread alone; a lane's thread sees only its job;
//   * every state of a connection has a deadline: a half-sent request, an answer that nobody takes, a query that waits
//     for its turn. A running query is ended by its limits (destination/duckdb/query_watch.h);
//   * a job that nobody waits for is cancelled again at every tick until its thread has answered; only then does its
//     thread become free.
//
// Interleaving: client A's query runs, client B's waits for its turn. A is killed: poll reports the hangup, the
// reception cancels A's job and drops the connection. The query ends with an interrupt, and its thread stores the
// answer and wakes the reception, which finds no client for the answer and releases the job; the thread takes B's.
// Meanwhile `status` was answered by its own lane.
#include "serve/local_server.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <list>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "base/descriptor.h"
#include "serve/http_message.h"
#include "serve/lane.h"
#include "serve/socket_path.h"
#include "serve/wire_json.h"

namespace walbrook::serve {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t max_connections = 128;     // beyond these, the oldest without a complete request is closed
constexpr milliseconds tick{50};                 // the poll interval while a deadline runs
constexpr milliseconds accept_pause{200};        // after a connection could not be accepted: no descriptor was free
constexpr milliseconds state_timeout{4'000};     // of walbrook's own queries; a client waits 5 s for status
constexpr milliseconds last_write_timeout{500};  // of a client that takes its answer while the run ends
constexpr int query_nice = 10;                   // loads take precedence
constexpr std::size_t most_waiting_queries = 32;

std::string error_json(const Error& error) {
  const nlohmann::ordered_json body = {
      {"error", error.cause()}, {"hint", error.hint()}, {"kind", to_string(error.kind())}};
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Answer refusal(int status, const std::string& cause, const std::string& hint = {}) {
  const auto kind = status < 500 ? ErrorKind::configuration : ErrorKind::destination;
  return {.status = status, .body = error_json(Error(kind, cause, hint))};
}

// Returns the answer of `body`, or the error that it throws as an answer.
template <class Body>
Answer answer_of(const Body& body) {
  try {
    return {.status = 200, .body = body()};
  } catch (const Error& error) {
    return {.status = error.kind() == ErrorKind::configuration ? 400 : 500, .body = error_json(error)};
  } catch (const std::exception& unexpected) {
    return {.status = 500, .body = error_json(Error(ErrorKind::internal, unexpected.what()))};
  }
}

std::optional<replication::Requested> requested_at(std::string_view path) {
  using enum replication::Requested;
  for (const auto what : {resync, suspend, resume}) {
    if (path.substr(0, 1) == "/" && path.substr(1) == replication::to_string(what)) return what;
  }
  return std::nullopt;
}

std::string parameter(const HttpRequest& request, const char* name) {
  const auto found = request.parameters.find(name);
  return found == request.parameters.end() ? std::string() : found->second;
}

}  // namespace

class LocalServer::Impl {
 public:
  Impl(std::string path, destination::Destination& destination, ServedRun run, const ServerOptions& options)
      : path_(std::move(path)),
        destination_(destination),
        run_(std::move(run)),
        options_(options),
        listening_(listen_at(path_)),
        wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        status_(
            {}, [this](Job&) { return answer_of([this] { return to_json(run_.status()); }); }, [this] { wake(); }),
        state_(
            {}, [this](Job& job) { return answer_sql(job, Asker::walbrook); }, [this] { wake(); }),
        requests_(
            {}, [this](Job& job) { return answer_request(job); }, [this] { wake(); }),
        queries_(
            {.threads = options.queries, .most_waiting = most_waiting_queries, .nice = query_nice},
            [this](Job& job) { return answer_sql(job, Asker::user); }, [this] { wake(); }) {
    if (wake_.get() < 0) {
      ::unlink(path_.c_str());
      throw Error(ErrorKind::destination, fmt::format("the local server cannot be woken: {}", strerror(errno)));
    }
    thread_ = std::thread([this] { receive(); });
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  ~Impl() {
    end_queries();
    ending_ = true;
    wake();
    thread_.join();
    ::unlink(path_.c_str());
  }

  void end_queries() {
    queries_end_ = true;
    wake();
  }

  bool wait_for_queries(milliseconds limit) {
    end_queries();
    std::unique_lock lock(idle_mutex_);
    return idle_changed_.wait_for(lock, limit, [this] { return queries_are_over_; });
  }

 private:
  enum class Asker { user, walbrook };

  struct Connection {
    enum class State { reads, waits, writes } state = State::reads;
    Descriptor socket;
    steady_clock::time_point accepted, deadline;
    RequestReader reader;
    std::shared_ptr<Job> job;
    Lane* lane = nullptr;
    std::string head;  // sent first, then the body
    std::string body;
    std::size_t sent = 0;  // of head and body together
    bool is_over = false;
  };

  void wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
  }

  // ---- the lanes' threads ----

  Answer answer_sql(Job& job, Asker asker) {
    return answer_of([&] {
      const auto& request = job.request();
      const auto nested =
          parameter(request, "nested") == "json" ? destination::NestedCells::json : destination::NestedCells::text;
      destination::ReadOptions options{.pipeline = parameter(request, "pipeline"), .limits = options_.limits};
      if (asker == Asker::walbrook) options.limits = {.timeout = state_timeout};
      const auto session = destination::query_engine_of(destination_).open_session(options);
      const Job::Running running(job, *session);
      if (job.is_cancelled()) throw Error(ErrorKind::destination, "no client waits for the answer");
      auto result = session->query(request.body, nested);
      return to_json(sql_answer(std::move(result), session->positions()));
    });
  }

  Answer answer_request(Job& job) {
    return answer_of([&] {
      const auto what = *requested_at(job.request().path);
      const auto asked = tables_from_json(job.request().body);
      if (asked.where.empty()) {
        run_.request(what, asked.tables);
      } else {
        run_.request_part(asked.tables.front(), asked.where);
      }
      return std::string("{}");
    });
  }

  // ---- the reception's thread ----

  void receive() {
    while (true) {
      const auto now = steady_clock::now();
      if (ending_ && connections_.empty() && leaving_.empty()) break;
      poll_descriptors(now);
      look_at_deadlines(steady_clock::now());
      if (queries_end_ || ending_) end_jobs(now);
      std::erase_if(connections_, [](const Connection& connection) { return connection.is_over; });
      std::erase_if(leaving_, [](const std::shared_ptr<Job>& job) {
        const bool is_answered = job->is_answered();
        if (is_answered) {
          job->release();
        } else {
          job->cancel();
        }
        return is_answered;
      });
      tell_whether_idle();
    }
  }

  // Waits for the next event and handles it.
  void poll_descriptors(steady_clock::time_point now) {
    std::vector<pollfd> waits = {{wake_.get(), POLLIN, 0},
                                 {ending_ || now < accept_again_ ? -1 : listening_.get(), POLLIN, 0}};
    std::vector<Connection*> polled;
    for (auto& connection : connections_) {
      // For a client whose job is in progress, only a hangup matters: further bytes stay unread.
      const short events = connection.state == Connection::State::reads    ? POLLIN
                           : connection.state == Connection::State::writes ? POLLOUT
                                                                           : 0;
      waits.push_back({connection.socket.get(), events, 0});
      polled.push_back(&connection);
    }
    const bool has_deadlines = !connections_.empty() || !leaving_.empty() || now < accept_again_ || ending_;
    if (::poll(waits.data(), waits.size(), has_deadlines ? static_cast<int>(tick.count()) : -1) < 0) return;
    if (waits[0].revents != 0) {
      std::uint64_t count = 0;
      [[maybe_unused]] const auto got = ::read(wake_.get(), &count, sizeof count);
    }
    for (std::size_t i = 0; i < polled.size(); ++i) {
      auto& connection = *polled[i];
      const auto happened = waits[i + 2].revents;
      if (connection.state == Connection::State::waits && connection.job->is_answered()) {
        answer(connection, std::move(connection.job->answer()));
      } else if (happened != 0) {
        serve(connection, happened);
      }
    }
    if (waits[1].revents != 0) accept_all();
  }

  // Makes room by closing the oldest connection whose request is not complete. Returns false if there is none.
  bool evict() {
    auto oldest = connections_.end();
    for (auto at = connections_.begin(); at != connections_.end(); ++at) {
      if (at->state == Connection::State::reads && (oldest == connections_.end() || at->accepted < oldest->accepted))
        oldest = at;
    }
    if (oldest == connections_.end()) return false;
    connections_.erase(oldest);
    return true;
  }

  void accept_all() {
    while (true) {
      if (connections_.size() >= max_connections && !evict()) {
        accept_again_ = steady_clock::now() + accept_pause;
        return;
      }
      Descriptor client(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (client.get() < 0) {
        if (errno == EINTR || errno == ECONNABORTED) continue;
        if (errno != EAGAIN) accept_again_ = steady_clock::now() + accept_pause;
        return;
      }
      auto& connection = connections_.emplace_back();
      connection.socket = std::move(client);
      connection.accepted = steady_clock::now();
      connection.deadline = connection.accepted + options_.request_timeout;
    }
  }

  void serve(Connection& connection, short happened) {
    switch (connection.state) {
      case Connection::State::reads:
        read(connection);
        return;
      case Connection::State::waits:
        if ((happened & (POLLHUP | POLLERR)) != 0) leave(connection);
        return;
      case Connection::State::writes:
        write(connection);
        return;
    }
  }

  void read(Connection& connection) {
    std::array<char, 16384> buffer{};
    const auto got = ::recv(connection.socket.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
      connection.is_over = true;
      return;
    }
    switch (connection.reader.take({buffer.data(), static_cast<std::size_t>(got)})) {
      case RequestReader::State::incomplete:
        if (connection.reader.takes_continue()) send_interim(connection, continue_text());
        return;
      case RequestReader::State::refused:
        answer(connection, refusal(connection.reader.status(), connection.reader.problem()));
        return;
      case RequestReader::State::complete:
        dispatch(connection);
        return;
    }
  }

  // An interim answer has few bytes and the socket's buffer is empty: it is sent whole, or the client is gone.
  static void send_interim(const Connection& connection, std::string_view text) {
    [[maybe_unused]] const auto sent =
        ::send(connection.socket.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }

  Lane* lane_of(const HttpRequest& request) {
    if (request.method == "GET" && request.path == "/status") return &status_;
    if (request.method != "POST") return nullptr;
    if (requested_at(request.path)) return &requests_;
    if (request.path == "/sql") return parameter(request, "lane") == "state" ? &state_ : &queries_;
    return nullptr;
  }

  void dispatch(Connection& connection) {
    const auto& request = connection.reader.request();
    auto* const lane = lane_of(request);
    if (lane == nullptr) {
      answer(connection, refusal(404, "there is GET /status, POST /sql, /resync, /suspend and /resume"));
      return;
    }
    if (ending_ || (queries_end_ && lane == &queries_)) {
      answer(connection, refusal(503, "the run is ending"));
      return;
    }
    auto job = std::make_shared<Job>(request);
    const auto ahead = lane->put(job);
    if (!ahead) {
      answer(connection, refusal(503,
                                 fmt::format("the run answers {} at a time, and {} wait already", queries_text(),
                                             most_waiting_queries),
                                 "Try again later, or start the run with a larger --queries."));
      return;
    }
    if (lane != &status_) send_interim(connection, processing_text(*ahead));
    connection.state = Connection::State::waits;
    connection.job = std::move(job);
    connection.lane = lane;
    connection.deadline = steady_clock::now() + options_.longest_wait;
  }

  [[nodiscard]] std::string queries_text() const {
    return options_.queries == 1 ? "one query" : fmt::format("{} queries", options_.queries);
  }

  // Gives up the connection: nobody waits for its job's answer any more.
  void leave(Connection& connection) {
    if (connection.job && !connection.lane->take_back(connection.job)) {
      connection.job->cancel();
      leaving_.push_back(std::move(connection.job));
    }
    connection.job.reset();
    connection.is_over = true;
  }

  void answer(Connection& connection, Answer answer) {
    connection.head = response_head(answer.status, answer.body.size());
    connection.body = std::move(answer.body);
    connection.state = Connection::State::writes;
    connection.accepted = steady_clock::now();
    connection.deadline = connection.accepted + options_.idle_timeout;
    write(connection);
  }

  void write(Connection& connection) {
    const auto whole = connection.head.size() + connection.body.size();
    while (connection.sent < whole) {
      const bool in_head = connection.sent < connection.head.size();
      const auto& part = in_head ? connection.head : connection.body;
      const auto at = in_head ? connection.sent : connection.sent - connection.head.size();
      const auto sent = ::send(connection.socket.get(), part.data() + at, part.size() - at, MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0 && errno == EAGAIN) return;
      if (sent <= 0) break;
      connection.sent += static_cast<std::size_t>(sent);
      connection.deadline =
          std::min(steady_clock::now() + options_.idle_timeout, connection.accepted + options_.answer_timeout);
    }
    finish(connection);
  }

  static void finish(Connection& connection) {
    if (connection.job) connection.job->release();
    connection.is_over = true;
  }

  void look_at_deadlines(steady_clock::time_point now) {
    for (auto& connection : connections_) {
      if (connection.is_over || now < connection.deadline) continue;
      switch (connection.state) {
        case Connection::State::reads:
          answer(connection, refusal(408, fmt::format("the request was not complete within {} ms",
                                                      options_.request_timeout.count())));
          break;
        case Connection::State::waits:
          if (connection.lane == &requests_ || !connection.lane->take_back(connection.job)) {
            connection.deadline = steady_clock::time_point::max();  // it is in progress
            break;
          }
          connection.job.reset();
          answer(connection,
                 refusal(503,
                         fmt::format("the query waited {} s for its turn: the run answers {} at a time",
                                     std::chrono::duration<double>(options_.longest_wait).count(), queries_text()),
                         "Try again later, or start the run with a larger --queries."));
          break;
        case Connection::State::writes:
          finish(connection);
          break;
      }
    }
  }

  // The run ends: waiting jobs are answered with that, and running ones are interrupted until they end.
  void end_jobs(steady_clock::time_point now) {
    for (auto& connection : connections_) {
      using State = Connection::State;
      if (connection.is_over) continue;
      if (ending_ && connection.state == State::reads) connection.is_over = true;
      if (ending_ && connection.state == State::writes) {
        if (!last_write_) last_write_ = now + last_write_timeout;
        connection.deadline = std::min(connection.deadline, *last_write_);
      }
      if (connection.state != State::waits || (!ending_ && connection.lane != &queries_)) continue;
      if (!connection.lane->take_back(connection.job)) {
        if (!connection.job->is_answered()) connection.job->cancel();
        continue;
      }
      connection.job.reset();
      answer(connection, refusal(503, "the run is ending"));
    }
  }

  void tell_whether_idle() {
    const bool over =
        queries_end_ && leaving_.empty() && std::ranges::none_of(connections_, [this](const Connection& connection) {
          return connection.lane == &queries_ && connection.state == Connection::State::waits;
        });
    {
      const std::scoped_lock lock(idle_mutex_);
      queries_are_over_ = over;
    }
    if (over) idle_changed_.notify_all();
  }

  std::string path_;
  destination::Destination& destination_;
  ServedRun run_;
  ServerOptions options_;
  Descriptor listening_, wake_;
  std::atomic<bool> queries_end_ = false, ending_ = false;

  std::mutex idle_mutex_;
  std::condition_variable idle_changed_;
  bool queries_are_over_ = false;  // none runs, and none will

  // Used by the reception's thread alone.
  std::list<Connection> connections_;
  std::list<std::shared_ptr<Job>> leaving_;  // cancelled, and not answered yet
  steady_clock::time_point accept_again_;
  std::optional<steady_clock::time_point> last_write_;  // set while the run ends

  Lane status_, state_, requests_, queries_;  // destroyed before what their work uses
  std::thread thread_;
};

LocalServer::LocalServer(const std::string& path, destination::Destination& destination, ServedRun run,
                         const ServerOptions& options)
    : impl_(std::make_unique<Impl>(path, destination, std::move(run), options)) {}

LocalServer::~LocalServer() = default;

void LocalServer::end_queries() {
  impl_->end_queries();
}

bool LocalServer::wait_for_queries(milliseconds limit) {
  return impl_->wait_for_queries(limit);
}

}  // namespace walbrook::serve

#include "serve/local_server.h"

#include <fmt/format.h>
#include <httplib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "serve/socket_path.h"

namespace walbrook::serve {
namespace {

constexpr int unused_port = 80;               // a Unix socket has none, the library wants a number
constexpr std::size_t answering_threads = 4;  // so that a long query does not keep `status` waiting
constexpr std::size_t max_sql_bytes = 1 << 20;
constexpr std::time_t status_timeout_s = 5;
constexpr std::time_t query_timeout_s = 24 * 60 * 60;  // a query may take its time; the user ends it with Ctrl-C
constexpr std::time_t resync_timeout_s = 60 * 60;      // the load in hand ends first, however large it is
constexpr const char* json_type = "application/json";

std::string error_json(const std::exception& error) {
  nlohmann::ordered_json body = {{"error", error.what()}};
  if (const auto* own = dynamic_cast<const Error*>(&error)) {
    body = {{"error", own->cause()}, {"mend", own->mend()}, {"kind", to_string(own->kind())}};
  }
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

class LocalServer::Impl {
 public:
  Impl(std::string path, destination::Destination& destination, ServedRun run)
      : path_(std::move(path)), destination_(destination), run_(std::move(run)) {
    const auto folder = std::filesystem::path(path_).parent_path();
    prepare_socket_folder(folder);
    remove_dead_sockets(folder);
    if (answers(path_)) {
      throw Error(ErrorKind::destination, fmt::format("another walbrook answers at {}", path_),
                  "Two runs cannot write one destination: stop the other one first.");
    }
    ::unlink(path_.c_str());  // of a process that was killed
    set_up();
    if (!server_.set_address_family(AF_UNIX).bind_to_port(path_, unused_port)) {
      throw Error(ErrorKind::destination,
                  fmt::format("the local socket {} cannot be made: {}", path_, strerror(errno)));
    }
    ::chmod(path_.c_str(), 0600);
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    // `stop` before the loop began would be lost, and the destructor would wait for ever.
    while (!server_.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  ~Impl() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      for (auto* session : sessions_) session->interrupt();
    }
    server_.stop();
    thread_.join();
    ::unlink(path_.c_str());
  }

 private:
  // A session that the destructor can interrupt.
  class Registered {
   public:
    Registered(Impl& server, destination::ReadSession& session) : server_(server), session_(session) {
      const std::lock_guard lock(server_.mutex_);
      if (server_.stopping_) throw Error(ErrorKind::destination, "the run is ending");
      server_.sessions_.insert(&session_);
    }
    Registered(const Registered&) = delete;
    Registered& operator=(const Registered&) = delete;
    ~Registered() {
      const std::lock_guard lock(server_.mutex_);
      server_.sessions_.erase(&session_);
    }

   private:
    Impl& server_;
    destination::ReadSession& session_;
  };

  void set_up() {
    server_.new_task_queue = [] { return new httplib::ThreadPool(answering_threads); };
    server_.set_keep_alive_max_count(1);  // an idle connection would delay the end of the run
    server_.set_keep_alive_timeout(1);
    server_.set_payload_max_length(max_sql_bytes);
    server_.Get("/status", [this](const httplib::Request&, httplib::Response& response) {
      answer(response, [this] { return to_json(run_.status()); });
    });
    server_.Post("/resync", [this](const httplib::Request& request, httplib::Response& response) {
      answer(response, [&] {
        run_.resync(tables_from_json(request.body));
        return std::string("{}");
      });
    });
    server_.Post("/sql", [this](const httplib::Request& request, httplib::Response& response) {
      const bool as_json = request.get_param_value("nested") == "json";
      answer(response, [&] {
        return run_sql(request.body, as_json ? destination::NestedCells::json : destination::NestedCells::text);
      });
    });
  }

  std::string run_sql(const std::string& sql, destination::NestedCells nested) {
    const auto session = destination_.open_read_session();
    const Registered registered(*this, *session);
    SqlAnswer result;
    result.result = session->query(sql, nested);
    result.lsn = session->lsn();
    return to_json(result);
  }

  template <class Body>
  static void answer(httplib::Response& response, const Body& body) {
    try {
      response.set_content(body(), json_type);
    } catch (const std::exception& error) {
      const auto* own = dynamic_cast<const Error*>(&error);
      response.status = own != nullptr && own->kind() == ErrorKind::configuration ? 400 : 500;
      response.set_content(error_json(error), json_type);
    }
  }

  std::string path_;
  destination::Destination& destination_;
  ServedRun run_;
  std::mutex mutex_;  // guards sessions_ and stopping_
  std::set<destination::ReadSession*> sessions_;
  bool stopping_ = false;
  httplib::Server server_;
  std::thread thread_;
};

LocalServer::LocalServer(const std::string& path, destination::Destination& destination, ServedRun run)
    : impl_(std::make_unique<Impl>(path, destination, std::move(run))) {}

LocalServer::~LocalServer() = default;

namespace {

// nullopt: nobody was there, or he went away before he answered.
std::optional<httplib::Response> ask(const std::string& path, std::time_t timeout_s,
                                     const std::function<httplib::Result(httplib::Client&)>& request) {
  if (!answers(path)) return std::nullopt;
  httplib::Client client(path, unused_port);
  client.set_address_family(AF_UNIX);
  client.set_connection_timeout(status_timeout_s);
  client.set_read_timeout(timeout_s);
  auto result = request(client);
  if (!result) return std::nullopt;
  return std::move(*result);
}

[[noreturn]] void throw_answered_error(const std::string& body) {
  const auto document = nlohmann::json::parse(body, nullptr, false);
  if (!document.is_object() || !document.contains("error")) {
    throw Error(ErrorKind::internal, "the running walbrook gave an answer that is not understood");
  }
  const bool users_fault = document.value("kind", "") == to_string(ErrorKind::configuration);
  throw Error(users_fault ? ErrorKind::configuration : ErrorKind::destination, document.value("error", ""),
              document.value("mend", ""));
}

}  // namespace

std::optional<std::string> ask_status(const std::string& path) {
  auto response = ask(path, status_timeout_s, [](httplib::Client& client) { return client.Get("/status"); });
  if (!response) return std::nullopt;
  if (response->status != 200) throw_answered_error(response->body);
  return std::move(response->body);
}

bool ask_resync(const std::string& path, const std::vector<source::TableName>& tables) {
  const auto response = ask(path, resync_timeout_s, [&](httplib::Client& client) {
    return client.Post("/resync", to_json(tables), json_type);
  });
  if (!response) return false;
  if (response->status != 200) throw_answered_error(response->body);
  return true;
}

std::optional<SqlAnswer> ask_sql(const std::string& path, const std::string& sql, destination::NestedCells nested) {
  const auto* const address = nested == destination::NestedCells::json ? "/sql?nested=json" : "/sql";
  const auto response = ask(path, query_timeout_s, [&](httplib::Client& client) {
    return client.Post(address, sql, "text/plain; charset=utf-8");
  });
  if (!response) return std::nullopt;
  if (response->status != 200) throw_answered_error(response->body);
  return sql_answer_from_json(response->body);
}

}  // namespace walbrook::serve

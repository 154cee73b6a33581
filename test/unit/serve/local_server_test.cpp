// The local socket in front of a real DuckDB file.
#include "serve/local_server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/descriptor.h"
#include "postgres/catalog/table_name.h"
#include "serve/http_message.h"
#include "serve/local_client.h"
#include "serve/socket_path.h"
#include "serve/wire_json.h"

namespace walbrook::serve {
namespace {

namespace fs = std::filesystem;

// Runs until it is interrupted.
const std::string endless =
    "SELECT count(*) FROM range(100000) a, range(100000) b, range(1000) c WHERE hash(a.range, b.range, c.range) = 1";

class LocalServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "walbrook-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    path_ = (folder_ / "sockets/shop.sock").string();
    destination_ = destination::open_destination(
        {.url = "duckdb:///" + (folder_ / "shop.duckdb").string(), .pipeline = "walbrook"});
    static_cast<void>(destination_->open());
    auto load = destination_->begin({});
    load->put(destination::PutCheckpoint{
        {.slot = "walbrook", .systemid = "1", .timeline = 1, .lsn = *Lsn::parse("0/1A2B3C8")}});
    load->commit();
  }
  void TearDown() override {
    destination_.reset();
    fs::remove_all(folder_);
  }

  std::unique_ptr<LocalServer> serve(const ServerOptions& options = {}) {
    const auto status = [] {
      replication::RunStatus now;
      now.phase = replication::Phase::streaming;
      now.destination = "shop.duckdb";
      return now;
    };
    const auto request = [this](replication::Requested what, const std::vector<postgres::TableName>& tables) {
      if (tables.at(0).name == "unknown") throw Error(ErrorKind::configuration, "no table unknown", "Tables: none.");
      requested_ = what;
      resynced_ = tables;
    };
    return std::make_unique<LocalServer>(path_, *destination_, ServedRun{.status = status, .request = request},
                                         options);
  }
  // A client that sends only `text`. It disconnects when it is destroyed.
  class Client {
   public:
    Client(const std::string& path, const std::string& text) {
      for (int i = 0; i < 100 && socket_.get() < 0; ++i) {  // the queue may be full
        if (i > 0) std::this_thread::sleep_for(milliseconds(20));
        socket_ = dial(path).descriptor;
      }
      EXPECT_GE(socket_.get(), 0);
      EXPECT_EQ(::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    }
    // Waits until an answer begins. Takes nothing of it.
    [[nodiscard]] bool is_answered_within(milliseconds limit) const {
      pollfd waits{socket_.get(), POLLIN, 0};
      return ::poll(&waits, 1, static_cast<int>(limit.count())) == 1 && (waits.revents & POLLIN) != 0;
    }
    // Returns what arrives until the server closes the connection or `limit` has passed.
    [[nodiscard]] std::string received(milliseconds limit) const {
      std::string text;
      const auto deadline = std::chrono::steady_clock::now() + limit;
      while (std::chrono::steady_clock::now() < deadline) {
        pollfd waits{socket_.get(), POLLIN, 0};
        if (::poll(&waits, 1, 20) <= 0) continue;
        std::array<char, 4096> buffer{};
        const auto got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (got <= 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
      }
      return text + "…";
    }

   private:
    Descriptor socket_;
  };
  [[nodiscard]] static std::string question(const std::string& sql) { return request_text("POST", "/sql", sql); }
  [[nodiscard]] static milliseconds since(std::chrono::steady_clock::time_point began) {
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
  }
  [[nodiscard]] static std::string cause_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.cause();
    }
    return "nothing was thrown";
  }

  [[nodiscard]] static ErrorKind kind_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.kind();
    }
    ADD_FAILURE() << "nothing was thrown";
    return ErrorKind::internal;
  }

  fs::path folder_;
  std::string path_;
  std::vector<postgres::TableName> resynced_;
  replication::Requested requested_ = replication::Requested::resync;
  std::unique_ptr<destination::Destination> destination_;
};

TEST_F(LocalServerTest, answers_status_and_sql_with_the_lsn) {
  const auto server = serve();
  const auto status = ask_status(path_);
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status_from_json(*status).phase, replication::Phase::streaming);
  const auto answer = ask_sql(path_, {.sql = "SELECT 42 AS n, NULL AS nothing, 'ü' AS t"});
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->lsn.to_string(), "0/1A2B3C8");
  ASSERT_EQ(answer->result.rows.size(), 1U);
  EXPECT_EQ(answer->result.rows[0], (std::vector<std::optional<std::string>>{"42", std::nullopt, "ü"}));
  EXPECT_TRUE(answer->result.columns[0].numeric);
  EXPECT_EQ(ask_sql(path_, {.sql = "SELECT ['a'] AS l"})->result.rows[0][0], "[a]");
  const auto nested = ask_sql(path_, {.sql = "SELECT ['a'] AS l", .nested = destination::NestedCells::json});
  EXPECT_TRUE(nested->result.columns[0].json);
  EXPECT_EQ(nested->result.rows[0][0], "[\"a\"]");
}

TEST_F(LocalServerTest, wrong_sql_is_the_users_error_and_nothing_is_written) {
  const auto server = serve();
  EXPECT_EQ(kind_of([&] { static_cast<void>(ask_sql(path_, {.sql = "SELECT nosuch FROM nowhere"})); }),
            ErrorKind::configuration);
  EXPECT_EQ(kind_of([&] { static_cast<void>(ask_sql(path_, {.sql = "DROP TABLE _walbrook.checkpoint"})); }),
            ErrorKind::configuration);
  EXPECT_TRUE(ask_sql(path_, {.sql = "FROM _walbrook.checkpoint"}).has_value());
}

TEST_F(LocalServerTest, a_resync_reaches_the_run_and_its_refusal_the_asker) {
  const std::vector<postgres::TableName> tables = {{.schema = "public", .name = "t", .columns = {}},
                                                   {.schema = "S\"x", .name = "with . and ü", .columns = {}}};
  EXPECT_FALSE(ask_request(path_, replication::Requested::resync, tables));
  const auto server = serve();
  EXPECT_TRUE(ask_request(path_, replication::Requested::resync, tables));
  ASSERT_EQ(resynced_.size(), 2U);
  EXPECT_EQ(resynced_[1].schema, "S\"x");
  EXPECT_EQ(resynced_[1].name, "with . and ü");
  for (const auto what : {replication::Requested::suspend, replication::Requested::resume}) {
    EXPECT_TRUE(ask_request(path_, what, tables));
    EXPECT_EQ(requested_, what);
  }
  EXPECT_EQ(kind_of([&] {
              static_cast<void>(ask_request(path_, replication::Requested::resync,
                                            {{.schema = "public", .name = "unknown", .columns = {}}}));
            }),
            ErrorKind::configuration);
}

TEST_F(LocalServerTest, nobody_answers_before_and_behind_the_run) {
  EXPECT_FALSE(ask_status(path_).has_value());
  serve().reset();
  EXPECT_FALSE(ask_status(path_).has_value());
  EXPECT_FALSE(ask_sql(path_, {.sql = "SELECT 1"}).has_value());
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(LocalServerTest, only_its_user_can_reach_it) {
  const auto server = serve();
  struct stat folder {};
  struct stat socket {};
  ASSERT_EQ(stat((folder_ / "sockets").c_str(), &folder), 0);
  ASSERT_EQ(stat(path_.c_str(), &socket), 0);
  EXPECT_EQ(folder.st_mode & 0777U, 0700U);
  EXPECT_EQ(socket.st_mode & 0777U, 0600U);
}

TEST_F(LocalServerTest, a_dead_socket_is_replaced_a_living_one_is_not) {
  prepare_socket_folder(folder_ / "sockets");
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path_.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(dead);
  ASSERT_TRUE(fs::exists(path_));
  const auto server = serve();
  EXPECT_TRUE(ask_status(path_).has_value());
  EXPECT_EQ(kind_of([&] { static_cast<void>(serve()); }), ErrorKind::destination);
  EXPECT_TRUE(ask_status(path_).has_value());
}

TEST_F(LocalServerTest, dead_sockets_of_others_go_once_they_are_old) {
  prepare_socket_folder(folder_ / "sockets");
  const std::string left = (folder_ / "sockets/old.sock").string();
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  left.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(dead);
  remove_dead_sockets(folder_ / "sockets");
  EXPECT_TRUE(fs::exists(left));
  fs::last_write_time(left, fs::file_time_type::clock::now() - std::chrono::minutes(2));
  remove_dead_sockets(folder_ / "sockets");
  EXPECT_FALSE(fs::exists(left));
}

using namespace std::chrono_literals;

// The end of a run does not wait for a query.
TEST_F(LocalServerTest, a_long_query_is_interrupted_when_the_run_ends) {
  auto server = serve();
  std::string cause;
  std::thread asking([&] { cause = cause_of([&] { static_cast<void>(ask_sql(path_, {.sql = endless})); }); });
  std::this_thread::sleep_for(300ms);
  EXPECT_TRUE(ask_status(path_).has_value()) << "a long query keeps status waiting";
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(server->wait_for_queries(5s));
  asking.join();
  EXPECT_EQ(cause, "the query was ended before it was answered");
  EXPECT_EQ(cause_of([&] { static_cast<void>(ask_sql(path_, {.sql = "SELECT 1"})); }), "the run is ending");
  EXPECT_TRUE(ask_status(path_).has_value()) << "only queries end";
  server.reset();
  EXPECT_LT(since(began), 5s);
}

// Four of them made a run unresponsive forever.
TEST_F(LocalServerTest, a_closed_connection_interrupts_its_query) {
  const auto server = serve();
  for (int i = 0; i < 8; ++i) {
    const Client leaves(path_, question(endless));
    std::this_thread::sleep_for(i % 2 == 0 ? 100ms : 0ms);
  }
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(ask_status(path_).has_value());
  EXPECT_EQ(ask_sql(path_, {.sql = "SELECT 42"})->result.rows[0][0], "42");
  EXPECT_LT(since(began), 2s);
}

TEST_F(LocalServerTest, status_and_walbrooks_own_questions_wait_for_no_query) {
  const auto server = serve({.queries = 2});
  std::vector<std::unique_ptr<Client>> asking;
  for (int i = 0; i < 6; ++i) asking.push_back(std::make_unique<Client>(path_, question(endless)));
  std::this_thread::sleep_for(200ms);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(ask_status(path_).has_value());
  EXPECT_TRUE(ask_sql(path_, {.sql = "FROM _walbrook.checkpoint", .is_of_walbrook = true}).has_value());
  EXPECT_TRUE(ask_request(path_, replication::Requested::resync, {{.schema = "public", .name = "t", .columns = {}}}));
  EXPECT_LT(since(began), 2s);
}

TEST_F(LocalServerTest, a_query_waits_for_its_turn_and_is_told) {
  std::size_t ahead = 0;
  const auto tell = [&ahead](std::size_t count) { ahead = count; };
  auto server = serve({.longest_wait = 400ms});
  {
    const Client first(path_, question(endless));
    std::this_thread::sleep_for(100ms);
    EXPECT_EQ(cause_of([&] { static_cast<void>(ask_sql(path_, {.sql = "SELECT 1", .waits = tell})); }),
              "the query waited 0.4 s for its turn: the run answers one query at a time");
    EXPECT_EQ(ahead, 1U);
  }
  server.reset();
  server = serve();
  auto first = std::make_unique<Client>(path_, question(endless));
  const std::jthread ends([&first] {
    std::this_thread::sleep_for(100ms);
    first.reset();
  });
  EXPECT_EQ(ask_sql(path_, {.sql = "SELECT 7", .waits = tell})->result.rows[0][0], "7");
}

TEST_F(LocalServerTest, no_more_than_some_queries_wait) {
  const auto server = serve();
  std::vector<std::unique_ptr<Client>> asking;
  for (int i = 0; i < 33; ++i) asking.push_back(std::make_unique<Client>(path_, question(endless)));
  std::this_thread::sleep_for(300ms);
  EXPECT_EQ(cause_of([&] { static_cast<void>(ask_sql(path_, {.sql = "SELECT 1"})); }),
            "the run answers one query at a time, and 32 wait already");
}

TEST_F(LocalServerTest, a_query_has_limits) {
  const auto server = serve({.limits = {.timeout = 2s, .rows = 10, .bytes = 2048}});
  EXPECT_EQ(cause_of([&] { static_cast<void>(ask_sql(path_, {.sql = endless})); }), "the query was ended after 2 s");
  EXPECT_EQ(cause_of([&] { static_cast<void>(ask_sql(path_, {.sql = "FROM range(11)"})); }),
            "the result has more than 10 rows");
  EXPECT_EQ(cause_of([&] { static_cast<void>(ask_sql(path_, {.sql = "SELECT repeat('x', 3000)"})); }),
            "the result is larger than 2048 bytes");
  EXPECT_EQ(ask_sql(path_, {.sql = "FROM range(10)"})->result.rows.size(), 10U);
}

TEST_F(LocalServerTest, what_is_no_whole_request_has_a_time_limit) {
  const auto server = serve({.request_timeout = 300ms});
  const Client silent(path_, "");
  const Client half(path_, "POST /sql HTTP/1.1\r\nContent-Length: 100\r\n\r\nSELECT");
  const Client garbage(path_, std::string("\0\xff\r\n\r\n", 6));
  const Client endless_head(path_, std::string(20'000, 'x'));
  const Client endless_body(path_, "POST /sql HTTP/1.1\r\nContent-Length: 10000000\r\n\r\nSELECT");
  const Client unknown(path_, "DELETE /status HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(ask_status(path_).has_value());
  const auto begins = [](const Client& client, const std::string& head) {
    const auto text = client.received(3s);
    EXPECT_TRUE(text.starts_with("HTTP/1.1 " + head) && !text.ends_with("…")) << text;
  };
  begins(silent, "408");
  begins(half, "408");
  begins(garbage, "400");
  begins(endless_head, "431");
  begins(endless_body, "413");
  begins(unknown, "404");
}

TEST_F(LocalServerTest, a_client_that_takes_nothing_keeps_nobody_waiting) {
  // No other limit lets go of the first client before the second one gives up.
  const auto server = serve({.longest_wait = 60s, .idle_timeout = 300ms, .answer_timeout = 1h});
  const Client stuck(path_, question("SELECT repeat('x', 1000) FROM range(20000)"));
  ASSERT_TRUE(stuck.is_answered_within(60s));
  EXPECT_EQ(ask_sql(path_, {.sql = "SELECT 7"})->result.rows[0][0], "7");
  const auto taken = stuck.received(60s);
  EXPECT_FALSE(taken.ends_with("…")) << "the server has closed its connection";
  EXPECT_LT(taken.size(), 20'000'000U) << "and has sent only what its buffers took";
}

TEST_F(LocalServerTest, a_hundred_ask_at_once) {
  const auto server = serve({.request_timeout = 1s});
  std::vector<std::unique_ptr<Client>> silent;
  for (int i = 0; i < 150; ++i) silent.push_back(std::make_unique<Client>(path_, "GET /st"));
  std::atomic<int> answered = 0;
  std::vector<std::thread> asking;
  for (int i = 0; i < 100; ++i) {
    asking.emplace_back([&, i] {
      const bool is_answered = i % 4 == 0 ? ask_sql(path_, {.sql = "SELECT 1", .is_of_walbrook = true}).has_value()
                                          : ask_status(path_).has_value();
      if (is_answered) ++answered;
    });
  }
  for (auto& thread : asking) thread.join();
  EXPECT_EQ(answered, 100);
}

// It was taken for a run that does not exist, and then for a file that another process has locked: "end that process".
TEST_F(LocalServerTest, a_run_that_does_not_answer_is_not_taken_for_gone) {
  prepare_socket_folder(folder_ / "sockets");
  const Descriptor listening = listen_at(path_);
  try {
    static_cast<void>(ask_status(path_));
    FAIL() << "somebody answered";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::destination);
    EXPECT_NE(error.cause().find("does not answer"), std::string::npos) << error.what();
    EXPECT_EQ(error.hint().find("End "), std::string::npos) << error.what();
  }
}

// Without free descriptors it cannot be determined which processes live.
TEST_F(LocalServerTest, a_shortage_is_not_taken_for_death) {
  const auto server = serve();
  const std::string other = (folder_ / "sockets/other.sock").string();
  const Descriptor living = listen_at(other);
  fs::last_write_time(other, fs::file_time_type::clock::now() - std::chrono::hours(2));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  // With so few descriptors, only the listing of the folder gets one; formerly its socket was then removed.
  const Descriptor next(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const rlimit few{.rlim_cur = static_cast<rlim_t>(next.get()) + 2, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  remove_dead_sockets(folder_ / "sockets");
  const bool is_there = fs::exists(other);
  const rlimit none{.rlim_cur = static_cast<rlim_t>(next.get()) + 1, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto state = probe(other);
  const auto asked = cause_of([&] { static_cast<void>(ask_status(path_)); });
  const auto served = cause_of([&] { static_cast<void>(serve()); });
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(is_there) << "the socket of a living run was removed";
  EXPECT_EQ(state, Dialled::State::unknown);
  EXPECT_NE(asked.find("it cannot be determined whether a run answers at"), std::string::npos) << asked;
  EXPECT_NE(served.find("it cannot be determined whether another walbrook answers at"), std::string::npos) << served;
  EXPECT_TRUE(ask_status(path_).has_value());
}

}  // namespace
}  // namespace walbrook::serve

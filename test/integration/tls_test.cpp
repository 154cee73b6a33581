// Connections with TLS: certificates of both sides, and what is never sent without it.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <thread>

#include "test/support/loopback.h"
#include "test/support/replicated_database.h"
#include "test/support/tells.h"

namespace walbrook::test {
namespace {

namespace fs = std::filesystem;

// Two authorities, and certificates that they sign: NAME.crt and NAME.key.
class Certificates {
 public:
  Certificates() : folder_("certificates") {
    for (const auto* authority : {"ca", "other_ca"}) {
      openssl(fmt::format("req -x509 {0} -days 2 -subj /CN={1} -keyout {1}.key -out {1}.crt", new_key, authority));
    }
  }
  // `days` may be negative: then it has expired.
  void make(const std::string& name, const std::string& common_name, const std::string& authority = "ca",
            int days = 2) const {
    openssl(fmt::format("req {} -subj /CN={} -keyout {}.key -out {}.csr", new_key, common_name, name, name));
    openssl(fmt::format("x509 -req -days {0} -in {1}.csr -CA {2}.crt -CAkey {2}.key -CAcreateserial -out {1}.crt", days,
                        name, authority));
  }
  [[nodiscard]] fs::path operator/(const std::string& file) const { return folder_ / file; }

 private:
  static constexpr auto new_key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

  void openssl(const std::string& arguments) const {
    const auto result = run({.argv = {"sh", "-c", "umask 077 && openssl " + arguments}, .folder = folder_.path()});
    if (!result.succeeded()) throw std::runtime_error(result.describe());
  }

  TempFolder folder_;
};

// A server that lets the role `loader` in with a client certificate alone, and a pipeline from it.
class Tls : public ::testing::Test {
 protected:
  Tls() : server({.hba = {"hostssl all loader 127.0.0.1/32 cert", "host all loader 127.0.0.1/32 reject"}}) {
    certificates.make("server", "db.test");
    certificates.make("loader", "loader");
    serve_with("server");
    exec("CREATE ROLE loader LOGIN REPLICATION");
    exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (1); GRANT SELECT ON t TO loader");
    exec("CREATE PUBLICATION walbrook FOR TABLE t");
    pipeline = {.source = conninfo(), .file = folder / "copy.duckdb"};
  }

  void exec(const std::string& sql) const { Sql(server.conninfo()).exec(sql); }

  // Gives the server this certificate, and restarts it.
  void serve_with(const std::string& name) {
    const auto data = server.folder() / "data";
    struct stat owner {};
    ASSERT_EQ(stat(data.c_str(), &owner), 0);
    for (const auto& [from, to] :
         {std::pair{name + ".crt", "server.crt"}, {name + ".key", "server.key"}, {"ca.crt", "root.crt"}}) {
      fs::copy_file(certificates / from, data / to, fs::copy_options::overwrite_existing);
      EXPECT_TRUE(geteuid() != 0 || chown((data / to).c_str(), owner.st_uid, owner.st_gid) == 0);
    }
    Sql sql(server.conninfo());
    sql.exec("ALTER SYSTEM SET ssl = on");
    sql.exec("ALTER SYSTEM SET ssl_ca_file = 'root.crt'");
    server.restart();
  }

  [[nodiscard]] std::string parameters(const std::string& separator, const std::string& client = "loader") const {
    auto text = "sslmode=verify-full" + separator + "sslrootcert=" + (certificates / "ca.crt").string();
    for (const std::string kind : {"cert", "key"}) {
      const auto file =
          client.empty() ? fs::path("/nonexistent") : certificates / (client + (kind == "key" ? ".key" : ".crt"));
      text += separator + "ssl" + kind + "=" + file.string();
    }
    return text;
  }
  // Connects with the certificate of `client`; "": without one.
  [[nodiscard]] std::string conninfo(const std::string& client = "loader", const std::string& host = "db.test") const {
    return fmt::format("host={} hostaddr=127.0.0.1 port={} dbname=postgres user=loader {}", host, server.port(),
                       parameters(" ", client));
  }
  // `check` and `run` end at once, with this reason.
  void expect_refused(const std::string& source, const std::string& why, const std::string& hint) const {
    auto refused = pipeline;
    refused.source = source;
    refused.server.clear();
    refused.file = folder / "refused.duckdb";
    for (const auto& result : {run(refused.command("check")), refused.run({}, {}, milliseconds(10'000))}) {
      EXPECT_EQ(result.exit_code, 3) << result.describe();
      EXPECT_NE((result.out + result.err).find(why), std::string::npos) << why << "\n" << result.describe();
      EXPECT_NE((result.out + result.err).find(hint), std::string::npos) << hint << "\n" << result.describe();
    }
  }
  [[nodiscard]] bool arrives(const std::string& rows) const {
    return pipeline.arrives("SELECT count(*) AS n FROM public.t", rows);
  }

  Certificates certificates;
  PostgresServer server;
  TempFolder folder{"tls"};
  Pipeline pipeline;
};

TEST_F(Tls, certificates_of_both_sides_are_replaced_while_a_run_follows) {
  certificates.make("expired", "db.test", "ca", -1);
  Process follower(pipeline.command("run", {"--follow"}));
  ASSERT_TRUE(arrives("1")) << follower.err();
  const auto sessions = [this](const std::string& kind) {
    return Sql(server.conninfo())
        .value(
            "SELECT string_agg(DISTINCT concat_ws(' ', ssl, client_dn), ',') FROM pg_stat_ssl JOIN pg_stat_activity "
            "USING (pid) WHERE usename = 'loader' AND backend_type = " +
            quote_literal(kind));
  };
  for (const auto* kind : {"client backend", "walsender"}) {
    EXPECT_TRUE(eventually([&] { return sessions(kind) == "t /CN=loader"; }, milliseconds(10'000))) << sessions(kind);
  }
  serve_with("expired");
  EXPECT_TRUE(tells(follower, "certificate verify failed")) << follower.err();
  certificates.make("loader", "mallory");  // files of the same name
  serve_with("server");
  EXPECT_TRUE(tells(follower, "certificate authentication failed")) << follower.err();
  certificates.make("loader", "loader");
  exec("INSERT INTO t VALUES (2)");
  EXPECT_TRUE(arrives("2")) << follower.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(10'000)).exit_code, 0) << follower.err();
}

TEST_F(Tls, a_destination_is_reached_with_certificates_too) {
  exec("CREATE DATABASE copies OWNER loader");
  pipeline.server =
      fmt::format("postgresql://loader@db.test:{}/copies?hostaddr=127.0.0.1&{}", server.port(), parameters("&"));
  const auto result = pipeline.run();
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(Sql(server.conninfo("copies")).value("SELECT sum(id) FROM t"), "1");
  pipeline.server =
      fmt::format("postgresql://loader@other.test:{}/copies?hostaddr=127.0.0.1&{}", server.port(), parameters("&"));
  const auto refused = pipeline.run();
  EXPECT_EQ(refused.exit_code, 4) << refused.describe();
  EXPECT_NE(refused.err.find("does not match host name \"other.test\""), std::string::npos) << refused.describe();
}

TEST_F(Tls, what_does_not_fit_is_refused_with_its_reason) {
  certificates.make("mallory", "mallory");
  certificates.make("forged", "loader", "other_ca");
  expect_refused(conninfo(""), "connection requires a valid client certificate", "sslcert");
  expect_refused(conninfo("mallory"), "certificate authentication failed for user \"loader\"", "sslcert");
  expect_refused(conninfo("forged"), "unknown ca", "sslcert");
  expect_refused(conninfo("loader", "other.test"), "does not match host name \"other.test\"", "certificate");
  expect_refused(conninfo() + " sslmode=disable", "pg_hba.conf", "");
  certificates.make("expired", "db.test", "ca", -1);
  serve_with("expired");
  expect_refused(conninfo(), "certificate verify failed", "expired");
  certificates.make("impostor", "db.test", "other_ca");
  serve_with("impostor");
  expect_refused(conninfo(), "certificate verify failed", "not signed by the authority");
}

// A listener that answers each request for TLS and stores what it was sent.
class PlainServer {
 public:
  enum class Answer : char { no = 'N', yes_and_close = 'S' };

  explicit PlainServer(Answer reply) : answer_(reply), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    auto address = loopback(0);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener_, generic, size) != 0 || listen(listener_, 8) != 0 ||
        getsockname(listener_, generic, &size) != 0) {
      throw std::runtime_error("no port");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] {
      for (int client = accept(listener_, nullptr, nullptr); client >= 0;
           client = accept(listener_, nullptr, nullptr)) {
        answer(client);
        close(client);
      }
    });
  }
  PlainServer(const PlainServer&) = delete;
  PlainServer& operator=(const PlainServer&) = delete;
  ~PlainServer() { end(); }

  [[nodiscard]] int port() const { return port_; }
  // Ends it, and returns all that it was sent.
  const std::string& end() {
    if (thread_.joinable()) {
      shutdown(listener_, SHUT_RDWR);
      thread_.join();
      close(listener_);
    }
    return sent_;
  }

 private:
  void answer(int client) {
    std::array<char, 4096> bytes{};
    for (auto size = read(client, bytes.data(), bytes.size()); size > 0;
         size = read(client, bytes.data(), bytes.size())) {
      sent_.append(bytes.data(), static_cast<std::size_t>(size));
      if (write(client, &answer_, 1) != 1 || answer_ == Answer::yes_and_close) return;
    }
  }

  Answer answer_;
  int listener_;
  int port_ = 0;
  std::string sent_;
  std::thread thread_;
};

TEST(TlsRequired, a_server_without_it_is_sent_nothing_but_the_question) {
  PlainServer server(PlainServer::Answer::no);
  const TempFolder folder("plain");
  const Pipeline pipeline{
      .source =
          fmt::format("postgresql://loader:secret@127.0.0.1:{}/shop?sslmode=require&gssencmode=disable", server.port()),
      .file = folder / "copy.duckdb"};
  const std::string question("\0\0\0\x08\x04\xd2\x16\x2f", 8);  // SSLRequest
  for (const auto& result : {run(pipeline.command("check")), pipeline.run({"--follow"}, {}, milliseconds(10'000))}) {
    EXPECT_EQ(result.exit_code, 3) << result.describe();
    EXPECT_NE((result.out + result.err).find("server does not support SSL"), std::string::npos) << result.describe();
  }
  auto sent = server.end();
  ASSERT_FALSE(sent.empty());
  while (sent.starts_with(question)) sent.erase(0, question.size());
  EXPECT_EQ(sent, "") << "it was sent more than the question";
}

// As in front of a server that is down: without TLS, the same is waited for too.
TEST(TlsRequired, a_connection_that_breaks_before_it_is_encrypted_is_waited_for) {
  const PlainServer server(PlainServer::Answer::yes_and_close);
  const TempFolder folder("breaks");
  const Pipeline pipeline{
      .source = fmt::format("host=127.0.0.1 port={} user=loader sslmode=require gssencmode=disable", server.port()),
      .file = folder / "copy.duckdb"};
  const auto result = pipeline.run({"--startup-timeout", "1"}, {}, milliseconds(10'000));
  EXPECT_EQ(result.exit_code, 3) << result.describe();
  EXPECT_NE(result.err.find("waited 1 s for it"), std::string::npos) << result.describe();
}

}  // namespace
}  // namespace walbrook::test

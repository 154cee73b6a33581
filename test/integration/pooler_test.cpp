// PgBouncer between walbrook and the server: each of its answers to a replication connection leads to a clear message.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

namespace fs = std::filesystem;

fs::path pooler_files() {
  return fs::path(WALBROOK_SOURCE_DIR) / "build/pgbouncer";
}

class Pooler : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(pooler_files() / "complete")) GTEST_SKIP() << "tools/install-pgbouncer brings PgBouncer";
    fs::create_directory(folder);
    for (const auto& file : fs::directory_iterator(pooler_files())) {
      fs::copy(file, folder / file.path().filename(), fs::copy_options::copy_symlinks);
    }
    db.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  }
  void TearDown() override {
    process.reset();
    fs::remove_all(folder);
  }
  // Starts it in session mode. `ignored` is its setting ignore_startup_parameters.
  void start(const std::string& ignored) {
    fs::permissions(folder, fs::perms::all);  // its own user creates the socket
    std::ofstream(folder / "ini") << fmt::format(
        "[databases]\n* = host={} port={} user=postgres\n"
        "[pgbouncer]\nlisten_addr =\nunix_socket_dir = {}\nlisten_port = {}\nauth_type = any\npool_mode = session\n"
        "ignore_startup_parameters = {}\n",
        db.server().folder().string(), db.server().port(), folder.string(), port, ignored);
    process = std::make_unique<Process>(ProcessSpec{.argv = {folder / "pgbouncer", folder / "ini"},
                                                    .env = {{"LD_LIBRARY_PATH", folder.string()}},
                                                    .folder = "/",
                                                    .user = "postgres"});
    const auto socket = folder / fmt::format(".s.PGSQL.{}", port);
    ASSERT_TRUE(eventually([&] { return fs::exists(socket); }, milliseconds(10'000))) << process->err();
    pipeline = db.pipeline;
    pipeline.source = fmt::format("host={} port={} user=postgres dbname={}", folder.string(), port, db.name());
  }
  // `check` and `run` end with this message and say what to do, and nothing was created.
  void expect_refused(const std::string& why) const {
    for (const auto& result : {run(pipeline.command("check")), pipeline.run({"--startup-timeout", "0"})}) {
      EXPECT_EQ(result.exit_code, 3) << result.describe();
      EXPECT_NE((result.out + result.err).find(why), std::string::npos) << result.describe();
      EXPECT_NE((result.out + result.err).find("A connection pooler is in between"), std::string::npos)
          << result.describe();
    }
    EXPECT_EQ(db.value("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"), "0");
    EXPECT_EQ(db.value("SELECT count(*) FROM pg_publication"), "0");
  }

  static constexpr int port = 6432;
  ReplicatedDatabase db;
  fs::path folder = db.server().folder() / "pooler";
  Pipeline pipeline;
  std::unique_ptr<Process> process;
};

TEST_F(Pooler, that_takes_no_session_settings) {
  start("");
  expect_refused("unsupported startup parameter: options");
}

TEST_F(Pooler, that_refuses_replication_connections) {
  start("options");
  expect_refused("unsupported startup parameter: replication");
  // The catalog was read through it.
  EXPECT_NE(run(pipeline.command("check")).out.find("publication walbrook will be created for 1 table"),
            std::string::npos);
}

TEST_F(Pooler, that_opens_an_ordinary_connection_in_place_of_it) {
  start("options,replication");
  expect_refused("gave an ordinary connection in place of a replication connection");
}

}  // namespace
}  // namespace walbrook::test

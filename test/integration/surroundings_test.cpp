// The surroundings of a run: the folder, the user, limits of the process, files that are in the way. Each problem has
// one clear message and an exit code, and nothing is lost.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "test/support/duck_reader.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

namespace fs = std::filesystem;

mode_t mode_of(const fs::path& file) {
  struct stat found {};
  return ::stat(file.c_str(), &found) == 0 ? found.st_mode & 0777U : 0;
}

void expect_message(const ProcessResult& result, int exit_code, const std::string& text) {
  EXPECT_EQ(result.exit_code, exit_code) << result.describe();
  EXPECT_NE(result.err.find(text), std::string::npos) << "\"" << text << "\" is missing in\n" << result.describe();
}

class Surroundings : public ::testing::Test {
 protected:
  Surroundings() { db.exec("CREATE TABLE t(id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a')"); }

  // Returns `walbrook run` from a shell in which `before` was executed first: "umask 0", "ulimit -f 100".
  [[nodiscard]] ProcessSpec run_after(const std::string& before, const std::vector<std::string>& extra = {},
                                      const Environment& env = {}) const {
    auto spec = db.pipeline.command("run", extra, env);
    std::vector<std::string> argv = {"bash", "-c", before + R"(; exec "$0" "$@")"};
    argv.insert(argv.end(), spec.argv.begin(), spec.argv.end());
    spec.argv = std::move(argv);
    return spec;
  }

  ReplicatedDatabase db;
};

// ---- only the owner can read files with data ----

TEST_F(Surroundings, files_with_data_are_their_owners_whatever_the_umask) {
  Process follower(run_after("umask 0", {"--follow"}));
  const auto log = fs::path(db.file().string() + ".wal");
  ASSERT_TRUE(eventually([&] { return db.value("SELECT count(*) FROM pg_replication_slots WHERE active") == "1"; },
                         milliseconds(20'000)))
      << follower.err();
  db.exec("INSERT INTO t VALUES (2, 'b')");
  EXPECT_TRUE(eventually([&] { return fs::exists(log); }, milliseconds(20'000))) << follower.err();
  EXPECT_EQ(mode_of(db.file()), 0600U);
  EXPECT_EQ(mode_of(log), 0600U);
  // A first run that ends before it has a position drops its slot, which is read below.
  ASSERT_TRUE(eventually([&] { return db.pipeline.status_of("t")["state"] == "streaming"; }, milliseconds(20'000)))
      << follower.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0);

  const auto capture = db.folder() / "frames";
  const auto recorded = run(walbrook_command({"decode", "--source", db.conninfo(), "--slot", db.pipeline.slot,
                                              "--publication", "walbrook", "--record", capture}));
  EXPECT_EQ(recorded.exit_code, 0) << recorded.describe();
  EXPECT_EQ(mode_of(capture), 0600U);
}

TEST_F(Surroundings, a_file_that_was_opened_to_a_group_stays_open_and_its_log_with_it) {
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  fs::permissions(db.file(), fs::perms(0640));
  Process follower(db.pipeline.command("run", {"--follow"}));
  const auto log = fs::path(db.file().string() + ".wal");
  int id = 10;
  EXPECT_TRUE(eventually(
      [&] {
        db.exec(fmt::format("INSERT INTO t VALUES ({}, 'b')", ++id));
        return mode_of(log) == 0640U;
      },
      milliseconds(20'000)))
      << std::oct << mode_of(log) << follower.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0);
  EXPECT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(mode_of(db.file()), 0640U);
  EXPECT_EQ(db.differences(), "");
}

// ---- names ----

TEST_F(Surroundings, a_name_neither_moves_the_cursor_nor_reverses_a_line) {
  const std::string name = "evil\x1b[31m\xE2\x80\xAEgpj\nerror: not one";
  db.exec(fmt::format("CREATE TABLE \"{0}\"(id int PRIMARY KEY, \"{0}\" text)", name));
  const auto check_text = [](const ProcessResult& result) {
    for (const auto* raw : {"\x1b", "\xE2\x80\xAE", "\nerror: not one"}) {
      EXPECT_EQ(result.out.find(raw), std::string::npos) << result.describe();
      EXPECT_EQ(result.err.find(raw), std::string::npos) << result.describe();
    }
  };
  check_text(
      run(walbrook_command({"check", "--source", db.conninfo(), "--destination", "duckdb:///" + db.file().string()})));
  auto result = db.pipeline.run();
  check_text(result);
  EXPECT_NE(result.err.find(R"(copied public.evil\x1B[31m\u202Egpj\nerror: not one)"), std::string::npos)
      << result.describe();
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"status"},
                                                                     {"pipeline", db.pipeline.slot, "info"},
                                                                     {"pipeline", db.pipeline.slot, "trace"},
                                                                     {"pipeline", db.pipeline.slot, "schema"},
                                                                     {"resync", "nothing"}}) {
    auto full = arguments;
    full.insert(full.end(), {"--destination", "duckdb:///" + db.file().string()});
    check_text(run(walbrook_command(full)));
  }
  // A program gets the unchanged name, and JSON shown on a terminal is as safe as a message.
  result = run(walbrook_command({"status", "--json", "--destination", "duckdb:///" + db.file().string()}));
  check_text(result);
  bool found = false;
  const auto document = nlohmann::json::parse(result.out);
  for (const auto& table : document.at("tables")) found = found || table.at("name") == name;
  EXPECT_TRUE(found) << result.describe();
  db.exec(fmt::format("INSERT INTO \"{}\" VALUES (1, 'x')", name));
  check_text(db.pipeline.run({"--log-format", "json", "--log-level", "debug"}));
}

// ---- folder and user ----

TEST_F(Surroundings, a_folder_that_was_deleted_is_called_so) {
  const auto gone = db.folder() / "gone";
  db.pipeline.file = "shop.duckdb";
  const auto in_it = fmt::format("mkdir '{0}'; cd '{0}'; rmdir '{0}'", gone.string());
  auto spec = run_after(in_it);
  for (auto& argument : spec.argv) {
    if (argument.starts_with("duckdb:")) argument = "duckdb:///shop.duckdb";
  }
  expect_message(run(spec), 2, "is relative to the current folder, which was deleted\n");
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"), "0");
  // An absolute path needs no current folder.
  db.pipeline.file = db.folder() / "shop.duckdb";
  const auto copied = run(run_after(in_it));
  EXPECT_EQ(copied.exit_code, 0) << copied.describe();
}

TEST_F(Surroundings, a_tilde_is_the_home_folder) {
  const Environment env = {{"HOME", db.folder().path().string()}};
  const std::vector<std::string> start = {"run",      "--source",      db.conninfo(), "--slot",
                                          "walbrook", "--publication", "walbrook"};
  for (const auto* destination : {"~/a.duckdb", "duckdb:///~/a.duckdb"}) {
    auto arguments = start;
    arguments.insert(arguments.end(), {"--destination", destination});
    const auto result = run(walbrook_command(arguments, env));
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_TRUE(fs::exists(db.folder() / "a.duckdb"));
  }
  auto arguments = start;
  arguments.insert(arguments.end(), {"--destination", "~joe/a.duckdb"});
  expect_message(run(walbrook_command(arguments, env)), 2, "names the home folder of another user");
}

TEST_F(Surroundings, a_user_without_a_passwd_entry_names_the_role) {
  if (geteuid() != 0) GTEST_SKIP() << "only root takes another uid";
  const auto folder = db.folder() / "own";
  fs::create_directory(folder);
  ASSERT_EQ(chown(folder.c_str(), 54321, 54321), 0);
  fs::permissions(db.folder().path(), fs::perms(0711));
  db.pipeline.file = folder / "copy.duckdb";
  const Environment env = {{"HOME", std::nullopt}, {"XDG_RUNTIME_DIR", std::nullopt}, {"USER", std::nullopt}};
  const auto as_nobody = [&] {
    auto spec = db.pipeline.command("run", {}, env);
    spec.argv.insert(spec.argv.begin(), {"setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups"});
    return run(spec);
  };
  const auto with_role = db.pipeline.source;
  db.pipeline.source = fmt::format("host=127.0.0.1 port={} dbname={}", db.server().port(), db.name());
  const auto result = as_nobody();
  expect_message(result, 2, "local user with ID 54321 does not exist");
  EXPECT_NE(result.err.find("Name the role to connect as"), std::string::npos) << result.describe();
  db.pipeline.source += " user=postgres";
  const auto copied = as_nobody();
  EXPECT_EQ(copied.exit_code, 0) << copied.describe();
}

// A server without TLS that requires a password, reached by an address other than the loopback interface's.
TEST(OpenNetwork, a_password_that_goes_unencrypted_is_reported) {
  const auto addresses = run({.argv = {"hostname", "-I"}}).out;
  const auto address = addresses.substr(0, addresses.find_first_of(" \n"));
  if (address.find('.') == std::string::npos) GTEST_SKIP() << "this machine has no other address";
  PostgresServer server({.settings = {"listen_addresses=*"},
                         .hba = {"host all loader all scram-sha-256", "host replication loader all scram-sha-256"}});
  Sql(server.conninfo()).exec("CREATE ROLE loader LOGIN REPLICATION SUPERUSER PASSWORD 'hunter2'");
  ReplicatedDatabase db(server);
  db.exec("CREATE TABLE t(id int PRIMARY KEY)");
  const auto source = fmt::format("host={} port={} user=loader dbname={}", address, server.port(), db.name());
  const Environment env = {{"PGPASSWORD", "hunter2"}};
  db.pipeline.source = source;
  auto result = db.pipeline.run({}, env);
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.err.find("asks for a password and is not encrypted"), std::string::npos) << result.describe();
  EXPECT_EQ(result.err.find("asks for a password"), result.err.rfind("asks for a password")) << result.describe();
  // On this machine alone, nobody else can listen.
  db.pipeline.source = fmt::format("host=127.0.0.1 port={} user=loader dbname={}", server.port(), db.name());
  result = db.pipeline.run({}, env);
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(result.err.find("asks for a password"), std::string::npos) << result.describe();
  // If TLS is required and refused, nothing is sent.
  db.pipeline.source = source + " sslmode=require";
  result = db.pipeline.run({}, env);
  expect_message(result, 3, "server does not support SSL, but SSL was required");
  EXPECT_NE(result.err.find("Turn ssl on in the server"), std::string::npos) << result.describe();
}

// ---- files in the way ----

TEST_F(Surroundings, a_log_without_its_file_is_not_thrown_away) {
  const auto log = fs::path(db.file().string() + ".wal");
  write_file(log, "commits that are nowhere else");
  const auto result = db.pipeline.run();
  expect_message(result, 4, "does not exist, but its log " + log.string() + " does");
  EXPECT_EQ(read_file(log), "commits that are nowhere else");
  const auto checked = run(db.pipeline.command("check"));
  EXPECT_EQ(checked.exit_code, 4) << checked.describe();
  EXPECT_NE(checked.out.find("but its log"), std::string::npos) << checked.describe();
  EXPECT_FALSE(fs::exists(db.file()));
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"), "0")
      << "nothing was made in the source";
  // A reset has no use for it.
  EXPECT_EQ(db.pipeline.run({"--reset", "--yes"}).exit_code, 0);
  EXPECT_EQ(read_file(log.string() + ".orig"), "commits that are nowhere else");
  EXPECT_EQ(db.differences(), "");
}

TEST_F(Surroundings, a_damaged_log_is_called_so) {
  const auto log = fs::path(db.file().string() + ".wal");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  db.exec("INSERT INTO t VALUES (2, 'b')");
  ASSERT_TRUE(db.pipeline.run({}, {{"WALBROOK_FAULT", "after_commit"}}).killed());
  const auto file = read_file(db.file());
  const auto whole = read_file(log);
  auto damaged = whole;
  for (auto at = whole.size() / 2; at < whole.size() / 2 + 40; ++at) damaged[at] = static_cast<char>(~damaged[at]);
  write_file(log, damaged);
  expect_message(db.pipeline.run(), 4, "the log of the destination " + db.file().string() + " cannot be replayed");
  EXPECT_TRUE(read_file(db.file()) == file && read_file(log) == damaged) << "something was changed";
  write_file(log, whole);
  EXPECT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(db.differences(), "");
}

// DuckDB itself replays both kinds of log silently.
TEST_F(Surroundings, p2_a_log_of_another_file_or_of_a_newer_one_is_not_replayed) {
  const auto log = fs::path(db.file().string() + ".wal");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  const auto older = read_file(db.file());
  db.exec("INSERT INTO t VALUES (2, 'b')");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  db.exec("INSERT INTO t VALUES (3, 'c')");
  const auto killed = db.pipeline.run({}, {{"WALBROOK_FAULT", "after_commit"}});
  ASSERT_TRUE(killed.killed()) << killed.describe();
  ASSERT_GT(fs::file_size(log), 0U);
  const auto newest = read_file(db.file());
  const auto newest_log = read_file(log);
  const auto expect_refused = [&](const Pipeline& pipeline, const std::string& why) {
    const auto file = read_file(pipeline.file);
    for (const auto* command : {"run", "status"}) expect_message(run(pipeline.command(command)), 4, why);
    EXPECT_TRUE(read_file(pipeline.file) == file) << "the file was changed";
    EXPECT_TRUE(read_file(pipeline.file.string() + ".wal") == newest_log) << "the log was changed";
  };

  write_file(db.file(), older);
  expect_refused(db.pipeline, "is newer than the file, which is an older copy of the one it belongs to");

  Pipeline another = db.pipeline;
  another.file = db.folder() / "another.duckdb";
  another.slot = db.pipeline.slot + "_b";
  ASSERT_EQ(another.run().exit_code, 0);
  write_file(another.file.string() + ".wal", newest_log);
  expect_refused(another, "belongs to another file");
  fs::remove(another.file.string() + ".wal");
  EXPECT_EQ(another.run().exit_code, 0);

  write_file(db.file(), newest);
  write_file(log, newest_log);
  EXPECT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(db.differences(), "");
}

TEST_F(Surroundings, an_encrypted_file_is_called_so) {
  DuckReader duck(":memory:", DuckReader::Access::read_write);
  duck.exec("SET force_mbedtls_unsafe = 'true'");
  duck.exec(fmt::format("ATTACH '{}' AS e (ENCRYPTION_KEY 'key'); CREATE TABLE e.t AS SELECT 1 AS a; DETACH e",
                        db.file().string()));
  expect_message(db.pipeline.run(), 4, db.file().string() + " is encrypted, and walbrook gives DuckDB no key");
}

// DuckDB's own checksum of a header (1.5.5, src/common/checksum.cpp): every eight bytes times a prime.
std::uint64_t header_checksum(const std::string& file) {
  std::uint64_t sum = 5381;
  for (std::size_t at = 8; at < 4096; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, file.data() + at, sizeof word);
    sum ^= word * 0xbf58476d1ce4e5b9U;
  }
  return sum;
}

TEST_F(Surroundings, a_file_of_a_newer_duckdb_is_called_so) {
  DuckReader(db.file(), DuckReader::Access::read_write).exec("CREATE TABLE t AS SELECT 1 AS a");
  auto bytes = read_file(db.file());
  bytes[12] = 99;  // the storage version, after checksum and "DUCK"
  const auto sum = header_checksum(bytes);
  std::memcpy(bytes.data(), &sum, sizeof sum);
  write_file(db.file(), bytes);
  expect_message(db.pipeline.run(), 4, "was written by another version of DuckDB");
  EXPECT_TRUE(read_file(db.file()) == bytes) << "the file was changed";
}

TEST_F(Surroundings, p2_nothing_is_applied_where_a_part_of_the_state_was_dropped) {
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  db.exec("INSERT INTO t VALUES (2, 'b')");
  const auto whole = read_file(db.file());
  for (const auto* table : {"format", "checkpoint", "tables", "targets", "loads", "schema_versions", "prepared"}) {
    DuckReader(db.file(), DuckReader::Access::read_write).exec(fmt::format("DROP TABLE _walbrook.{}", table));
    for (const auto* command : {"run", "status"}) {
      expect_message(
          run(db.pipeline.command(command)), 4,
          fmt::format("walbrook's state in copy.duckdb is incomplete: table {} is missing in schema _walbrook", table));
    }
    EXPECT_EQ(DuckReader(db.file()).value("SELECT count(*) FROM public.t"), "1");
    write_file(db.file(), whole);  // from a backup
  }
  EXPECT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(db.differences(), "");
}

// ---- limits of the process ----

TEST_F(Surroundings, a_limit_of_a_files_size_is_told_and_costs_nothing) {
  db.exec(
      "INSERT INTO t SELECT n, (SELECT string_agg(md5(n || '.' || m), '') FROM generate_series(1, 40) m) "
      "FROM generate_series(2, 5000) n");
  const auto result = run(run_after("ulimit -f 1000", {}, {{"LOAD__RETRIES", "1"}}));
  EXPECT_EQ(result.signal, 0) << result.describe();
  expect_message(result, 4, "This process may write files of 1000 kB at most (ulimit -f): raise the limit.");
  const auto copied = db.pipeline.run();
  EXPECT_EQ(copied.exit_code, 0) << copied.describe();
  EXPECT_EQ(db.differences(), "");
}

TEST_F(Surroundings, a_limit_of_memory_is_told) {
  const auto result = run(run_after("ulimit -v 100000"));
  expect_message(result, 1, "This process may have 100000 kB of address space (ulimit -v)");
  EXPECT_EQ(db.pipeline.run().exit_code, 0);
}

// ---- words that are not flags ----

TEST_F(Surroundings, no_argument_shows_its_password) {
  const std::string url = "postgresql://joe:hunter2@db/shop";
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"run", url},
                                                                     {url},
                                                                     {"run", "--slot", url},
                                                                     {"run", "--publication", url},
                                                                     {"run", "--table", url},
                                                                     {"run", "--log-level", url},
                                                                     {"run", "--batch-rows", url},
                                                                     {"run", "--project", url},
                                                                     {"run", "--until-lsn", url},
                                                                     {"run", "--destination", url},
                                                                     {"run", "--source", "mysql://joe:hunter2@db/shop"},
                                                                     {"run", "--source", "joe:hunter2@db/shop"},
                                                                     {"run", "joe:hunter2@db"},
                                                                     {"run", "--password", "hunter2"},
                                                                     {"run", "--password=hunter2"},
                                                                     {"run", "-phunter2"},
                                                                     {"run", "-W", "hunter2"},
                                                                     {"resync", url},
                                                                     {"pipeline", url, "info"},
                                                                     {"init", url},
                                                                     {"completion", url},
                                                                     {"decode", url}}) {
    for (const bool json : {false, true}) {
      auto all = arguments;
      if (json) all.insert(all.end(), {"--log-format", "json"});
      const auto result = run(walbrook_command(all));
      EXPECT_GE(result.exit_code, 2) << result.describe();
      EXPECT_EQ((result.out + result.err).find("hunter2"), std::string::npos) << result.describe();
    }
  }
}

}  // namespace
}  // namespace walbrook::test

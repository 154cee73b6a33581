// What only the DuckDB destination has: URLs, errors on opening, the state as users read it, a full disk, the log.
#include <duckdb.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "destination/place.h"
#include "test/contract/duckdb_user.h"
#include "test/unit/duckdb/duckdb_case.h"

namespace walbrook::contract {
namespace {

namespace fs = std::filesystem;

class DuckDbTest : public DuckDbCase {
 protected:
  [[nodiscard]] static std::string error_of_opening(destination::DestinationOptions options) {
    try {
      options.pipeline = "walbrook";
      (void)destination::open_destination(options)->open();
    } catch (const Error& failed) {
      return std::string(to_string(failed.kind())) + ": " + failed.what();
    }
    return "";
  }
  // Executes statements as a user who opens the file with DuckDB itself.
  void as_user(std::initializer_list<const char*> statements) {
    close();
    run_in_duckdb(file(), statements);
  }
  static void expect_says(const std::string& error, std::initializer_list<const char*> parts) {
    for (const auto* part : parts) EXPECT_NE(error.find(part), std::string::npos) << part << " is not in: " << error;
  }
};

// Changes the working directory for a test.
class WorkingFolder {
 public:
  explicit WorkingFolder(const std::string& folder) : before_(fs::current_path()) { fs::current_path(folder); }
  WorkingFolder(const WorkingFolder&) = delete;
  WorkingFolder& operator=(const WorkingFolder&) = delete;
  ~WorkingFolder() {
    std::error_code ignored;
    fs::current_path(before_, ignored);
  }

 private:
  fs::path before_;
};

TEST_F(DuckDbTest, urls_name_files) {
  const WorkingFolder here(folder());
  const auto path = [](const std::string& url) { return destination::place_of(url).identity; };
  const auto in_folder = [&](const std::string& name) { return (fs::canonical(folder()) / name).string(); };
  for (const std::string url :
       {"shop.duckdb", "./shop.duckdb", "duckdb:shop.duckdb", "duckdb:///shop.duckdb", "duckdb:///./shop.duckdb"}) {
    EXPECT_EQ(path(url), in_folder("shop.duckdb")) << url;
  }
  EXPECT_EQ(path("duckdb:///two%20words.duckdb"), in_folder("two words.duckdb"));
  EXPECT_EQ(path("duckdb:////data/shop.duckdb"), "/data/shop.duckdb");
  EXPECT_EQ(path("/data/shop.duckdb"), "/data/shop.duckdb");
  // Three slashes and a folder: relative, unless only the absolute folder exists.
  EXPECT_EQ(path("duckdb:///usr/shop.duckdb"), "/usr/shop.duckdb");
  EXPECT_EQ(path("duckdb:///nowhere/shop.duckdb"), in_folder("nowhere/shop.duckdb"));
  fs::create_directory("usr");
  EXPECT_EQ(path("duckdb:///usr/shop.duckdb"), in_folder("usr/shop.duckdb"));
  for (const std::string url : {"mysql://u:secret@h/d", "snowflake://x", "duckdb://shop.duckdb", "duckdb:",
                                "duckdb:///", "", "duckdb:///x.duckdb?threads=2", ":memory:", "duckdb:///:memory:"}) {
    const auto error = error_of([&] { (void)path(url); });
    EXPECT_TRUE(error.starts_with("configuration: ")) << url << " -> " << error;
    EXPECT_EQ(error.find("secret"), std::string::npos);
  }
  expect_says(error_of_opening({.url = "snowflake://x"}), {"configuration: ", "snowflake", "Known: duckdb"});
}

TEST_F(DuckDbTest, what_stands_in_the_way_of_opening_is_told) {
  expect_says(error_of_opening({.url = folder() + "/none/x.duckdb"}), {"destination: ", "does not exist", "mkdir -p"});
  expect_says(error_of_opening({.url = folder()}), {"destination: ", "is a folder"});
  expect_says(error_of_opening({.url = file(), .read_only = true}), {"destination: ", "does not exist"});
  EXPECT_FALSE(fs::exists(file())) << "reading must not create a file";
  std::ofstream(file()) << std::string(8192, 'x');
  expect_says(error_of_opening({.url = file()}), {"destination: ", "is not a DuckDB database", "--destination"});
  fs::remove(file());
  expect_says(error_of_opening({.url = file(), .memory_limit = "lots"}), {"configuration: ", "memory_limit"});
  if (::geteuid() != 0) {
    fs::permissions(folder(), fs::perms::owner_read | fs::perms::owner_exec);
    expect_says(error_of_opening({.url = file()}), {"destination: ", "may not be written"});
    fs::permissions(folder(), fs::perms::owner_all);
  }
}

TEST_F(DuckDbTest, a_file_of_another_version_is_told) {
  open();
  close();
  // The header: 8 bytes of checksum, "DUCK", 8 bytes of storage version, …
  std::array<std::uint64_t, 512> header{};
  std::fstream bytes(file(), std::ios::in | std::ios::out | std::ios::binary);
  bytes.read(reinterpret_cast<char*>(header.data()), sizeof(header));
  reinterpret_cast<char*>(header.data())[12] = static_cast<char>(250);
  header[0] = 5381;
  for (std::size_t i = 1; i < header.size(); ++i) header[0] ^= header[i] * 0xbf58476d1ce4e5b9U;
  bytes.seekp(0);
  bytes.write(reinterpret_cast<const char*>(header.data()), sizeof(header));
  bytes.close();
  expect_says(error_of_opening({.url = file()}), {"destination: ", "another version of DuckDB"});
}

TEST_F(DuckDbTest, a_locked_file_names_its_holder) {
  std::array<int, 2> ready{};
  ASSERT_EQ(::pipe(ready.data()), 0);
  const auto holder = ::fork();
  ASSERT_GE(holder, 0);
  if (holder == 0) {
    const auto opened = destination::open_destination(options());
    (void)opened->open();
    (void)!::write(ready[1], "x", 1);
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  for (const bool read_only : {false, true}) {
    expect_says(error_of_opening({.url = file(), .read_only = read_only}),
                {"destination: ", "is locked by", ("PID " + std::to_string(holder)).c_str(), "End that process"});
  }
  ::kill(holder, SIGKILL);
  ::waitpid(holder, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  EXPECT_EQ(error_of_opening({.url = file()}), "");
}

TEST_F(DuckDbTest, reading_alone_needs_no_state_and_changes_nothing) {
  open();
  create(orders, {{1, "a"}});
  close();
  const auto opened = destination::open_destination({.url = file(), .pipeline = "walbrook", .read_only = true});
  const auto state = opened->open();
  EXPECT_EQ(state.outputs.size(), 1U);
  const auto session = destination::query_engine_of(*opened).open_session();
  EXPECT_EQ(session->lsn(), state.checkpoint->lsn);
  EXPECT_EQ(ask(*session, "SELECT note FROM public.orders"), Strings{"a"});
  EXPECT_NE(error_of([&] { (void)opened->begin({}); }), "");
}

TEST_F(DuckDbTest, people_can_read_the_state) {
  open();
  const auto table = create(orders, {{1, "a"}});
  load(0x1600000028, [&](Transaction& load) {
    load.put(destination::PutLoad{{.first_commit = Lsn{0x10},
                                   .last_commit = Lsn{0x20},
                                   .transactions = 2,
                                   .inserts = 3,
                                   .tables = "{\"public.orders\":3}"}});
  });
  EXPECT_EQ(ask("SELECT pipeline, slot, systemid, timeline, lsn, written_at BETWEEN now() - INTERVAL 1 HOUR AND now() "
                "FROM _walbrook.checkpoint"),
            Strings{"walbrook|walbrook|7301234567890123456|1|16/28|true"});
  EXPECT_EQ(ask("SELECT source_schema, source_name, state, columns->>'$.columns[0].name' FROM _walbrook.outputs"),
            Strings{"public|orders|streaming|id"});
  EXPECT_EQ(ask("SELECT load_id, first_commit_lsn, last_commit_lsn, transactions, inserts, tables->>'public.orders', "
                "status FROM _walbrook.loads"),
            Strings{"1|0/10|0/20|2|3|3|done"});
  // A change of columns adds a version, a change of state does not.
  auto changed = table;
  load(0x1600000030, [&](Transaction& load) { load.put(destination::PutOutput{changed}); });
  changed.columns = walbrook::contract::table("orders", {{"id", int8, key}});
  load(0x1600000040, [&](Transaction& load) { load.put(destination::PutOutput{changed}); });
  EXPECT_EQ(ask("SELECT version, source_name, columns->>'$.columns[0].type', since_lsn <> '' FROM "
                "_walbrook.schema_versions ORDER BY version"),
            (Strings{"1|orders|int32|false", "2|orders|int64|true"}));
}

TEST_F(DuckDbTest, the_newest_loads_are_kept) {
  open();
  as_user({"INSERT INTO _walbrook.loads (pipeline, load_id) SELECT 'walbrook', i FROM range(1, 10100) r(i)",
           "INSERT INTO _walbrook.loads (pipeline, load_id) VALUES ('other', 1)"});
  open();
  load(0x2000, [](Transaction& load) {
    load.put(destination::PutLoad{{.first_commit = Lsn{1}, .last_commit = Lsn{2}, .tables = "{}"}});
  });
  EXPECT_EQ(ask("SELECT min(load_id), max(load_id), count(*) FROM _walbrook.loads WHERE pipeline = 'walbrook'"),
            Strings{"101|10100|10000"});
  EXPECT_EQ(ask("SELECT count(*) FROM _walbrook.loads WHERE pipeline = 'other'"), Strings{"1"});
}

TEST_F(DuckDbTest, sessions_speak_utc_and_load_nothing_by_themselves) {
  open();
  EXPECT_EQ(ask("SELECT current_setting('TimeZone'), current_setting('autoload_known_extensions'), "
                "current_setting('preserve_insertion_order')"),
            Strings{"UTC|false|true"});
  const auto other = destination::open_destination(
      {.url = folder() + "/other.duckdb", .pipeline = "x", .memory_limit = "300MB", .threads = 1});
  (void)other->open();
  const auto session = destination::query_engine_of(*other).open_session();
  EXPECT_EQ(ask(*session, "SELECT current_setting('memory_limit'), current_setting('threads')"),
            Strings{"286.1 MiB|1"});
}

TEST_F(DuckDbTest, a_table_that_walbrook_did_not_make_is_not_touched) {
  const auto refused = [&](const char* why) {
    const auto error = error_of([&] { (void)begin_copy(destination(), record(orders), orders); });
    EXPECT_TRUE(error.starts_with("destination: public.orders already exists in copy.duckdb and ")) << error;
    EXPECT_NE(error.find(why), std::string::npos) << error;
    auto elsewhere = record(orders);
    elsewhere.id.value += 1;
    elsewhere.target_schema = "mine";
    elsewhere.columns = nullptr;  // it was never copied
    const auto first = record(orders, OutputState::pending);
    const auto taken = destination().inspect(std::vector{first, elsewhere});
    ASSERT_EQ(taken.size(), 1U);
    EXPECT_EQ(taken[0].output.value, orders->oid);
    EXPECT_EQ(taken[0].kind, destination::TargetFinding::Kind::name_conflict);
    expect_says(taken[0].reason, {"public.orders already exists in copy.duckdb", why});
    expect_says(taken[0].hint, {"--dataset"});
  };
  as_user({"CREATE SCHEMA public", "CREATE TABLE public.\"Orders\" AS SELECT 42 AS mine"});
  open();
  refused("was not created by walbrook");
  as_user({"DROP TABLE public.\"Orders\"", "CREATE VIEW public.orders AS SELECT 42 AS mine"});
  open();
  refused("was not created by walbrook");
  as_user({"DROP VIEW public.orders"});
  open("first");
  create(orders, {{1, "first's"}});
  open("second");
  refused("belongs to pipeline \"first\"");
  EXPECT_EQ(ask("SELECT note FROM public.orders"), Strings{"first's"});
  open("first");
  const auto own = record(orders);
  EXPECT_TRUE(destination().inspect({&own, 1}).empty()) << "its own copy is in nobody's way";
}

TEST_F(DuckDbTest, a_state_of_another_version_is_refused_and_not_touched) {
  open();
  create(orders, {{1, "a"}});
  for (const std::string version : {"4", "6"}) {
    close();
    as_user({("UPDATE _walbrook.format SET version = " + version).c_str()});
    for (const bool read_only : {false, true}) {
      auto chosen = options();
      chosen.read_only = read_only;
      expect_says(error_of([&] { (void)destination::open_destination(chosen)->open(); }),
                  {("destination: the state in copy.duckdb has version " + version).c_str(),
                   ", this walbrook reads and writes version 5"});
    }
  }
  as_user({"UPDATE _walbrook.format SET version = 5"});
  open();
  EXPECT_EQ(ask("SELECT note FROM public.orders"), Strings{"a"});
}

TEST_F(DuckDbTest, what_users_build_on_a_copy_survives_its_replacement) {
  open();
  const auto table = create(orders, {{1, "a"}});
  as_user({"CREATE VIEW public.notes AS SELECT note FROM public.orders",
           "ALTER TABLE public.orders ADD COLUMN mine VARCHAR", "UPDATE public.orders SET mine = 'x'",
           "CREATE INDEX by_note ON public.orders(note)"});
  open();
  merge(table, Effect(orders).insert({2, "b"}));
  EXPECT_EQ(ask("SELECT id, note, mine FROM public.orders ORDER BY id"), (Strings{"1|a|x", "2|b|-"}));
  killed([&](destination::Destination& opened) {
    const auto copy = begin_copy(opened, table, orders);
    copy->append(0, inserts(orders, {{1, "new"}}));
    copy->finish();
    const auto load = opened.begin({});
    load->swap_in(table);
    apply(*load, table, Effect(orders).insert({2, "merged"}));
    load->commit();
    die();
  });
  open();
  EXPECT_EQ(ask("SELECT note FROM public.notes ORDER BY note"), (Strings{"merged", "new"}));
}

TEST_F(DuckDbTest, an_unfinished_copy_is_dropped_by_its_own_pipeline_alone) {
  killed([&](destination::Destination& opened) {
    const auto copy = begin_copy(opened, record(orders), orders);
    copy->append(0, inserts(orders, {{1, "a"}}));
    die();
  });
  const std::string copies = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'public'";
  open("other");
  EXPECT_EQ(ask(copies), Strings{"_walbrook_copy_16400"});
  const auto theirs = begin_copy(destination(), record(orders), orders);
  EXPECT_EQ(ask(copies + " ORDER BY ALL"), (Strings{"_walbrook_copy_16400", "_walbrook_copy_16400_2"}));
}

TEST_F(DuckDbTest, a_whole_copy_that_nobody_made_visible_is_dropped_at_open) {
  const std::string copies = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'public' ORDER BY ALL";
  const std::string records = "SELECT schema_name || '.' || table_name FROM _walbrook.targets ORDER BY ALL";
  killed([&](destination::Destination& opened) {
    const auto copy = begin_copy(opened, record(orders), orders);
    copy->append(0, inserts(orders, {{1, "a"}}));
    copy->finish();
    die();
  });
  open("other");
  EXPECT_EQ(ask(copies), Strings{"_walbrook_copy_16400"}) << "it belongs to another pipeline";
  open();
  EXPECT_EQ(ask(copies), Strings{});
  EXPECT_EQ(ask(records), Strings{});
  const auto table = create(orders, {{1, "a"}});
  open();
  EXPECT_EQ(ask(copies), Strings{"orders"}) << "what readers see stays";
}

TEST_F(DuckDbTest, a_target_that_was_altered_by_hand_concerns_its_table_alone) {
  open();
  const auto table = create(orders, {{1, "a"}});
  const auto altered = [&] {
    const auto found = destination().inspect({&table, 1});
    return found.size() == 1
               ? std::string(found[0].kind == destination::TargetFinding::Kind::name_conflict ? "name conflict: "
                                                                                              : "") +
                     found[0].reason
               : "";
  };
  const auto refused = [&] {
    try {
      merge(table, Effect(orders).insert({2, "b"}));
    } catch (const destination::TargetRefused& failed) {
      return std::string(failed.what());
    }
    return std::string();
  };
  EXPECT_EQ(altered(), "");
  as_user({"ALTER TABLE public.orders ADD COLUMN mine INTEGER",
           "ALTER TABLE public.orders ALTER COLUMN note SET NOT NULL", "CREATE INDEX own ON public.orders(note)"});
  open();
  EXPECT_EQ(altered(), "") << "what was added does not count";
  as_user({"DROP INDEX public.own", "ALTER TABLE public.orders ALTER COLUMN id TYPE VARCHAR"});
  open();
  expect_says(altered(), {"column \"id\" of target table public.orders is VARCHAR in copy.duckdb"});
  expect_says(refused(), {"column \"id\" of public.orders is not INTEGER"});
  as_user({"ALTER TABLE public.orders DROP COLUMN note"});
  open();
  expect_says(altered(), {"name conflict: public.orders in copy.duckdb has other columns"});
  expect_says(refused(), {"column \"note\" of public.orders is missing"});
  as_user({"DROP TABLE public.orders"});
  open();
  expect_says(altered(), {"target table public.orders was dropped or renamed in copy.duckdb"});
  expect_says(refused(), {"public.orders"});
  as_user({"CREATE VIEW public.orders AS SELECT 1 AS id, 'a' AS note"});
  open();
  expect_says(altered(), {"name conflict: public.orders in copy.duckdb is a view"});
  ASSERT_EQ(destination().inspect({&table, 1}).size(), 1U);
  expect_says(refused(), {"orders"});
  as_user({"DROP VIEW public.orders"});
  open();
  create(orders, {{1, "fixed"}});
  EXPECT_EQ(altered(), "");
  EXPECT_EQ(ask("SELECT note FROM public.orders"), Strings{"fixed"});
}

TEST_F(DuckDbTest, names_that_duckdb_has_itself) {
  // A file named like a schema, and schemas named like DuckDB's own.
  for (const std::string name : {"public", "temp", "main", "system", "a b.c"}) {
    SCOPED_TRACE(name);
    const auto opened =
        destination::open_destination({.url = folder() + "/" + name + ".duckdb", .pipeline = "walbrook"});
    (void)opened->open();
    for (const std::string schema : {"public", "temp", "main", "a b"}) {
      auto table = record(orders);
      table.target_schema = schema;
      table.target_name = schema + "_orders";
      const auto copy = begin_copy(*opened, table, orders);
      copy->append(0, inserts(orders, {{1, "a"}}));
      copy->finish();
      const auto load = opened->begin({});
      load->swap_in(table);
      apply(*load, table, Effect(orders).remove({1, Null{}}).patch({2, Unchanged{}}, {1, Null{}}));
      load->commit();
    }
    const auto session = destination::query_engine_of(*opened).open_session();
    const auto catalog = ask(*session, "SELECT current_database()").at(0);
    for (const std::string schema : {"public", "temp", "main", "a b"}) {
      EXPECT_EQ(ask(*session, "SELECT id, note FROM \"" + catalog + "\".\"" + schema + "\".\"" + schema + "_orders\""),
                Strings{"2|a"});
    }
  }
}

TEST_F(DuckDbTest, p1_a_full_disk_loses_nothing_and_fixes_itself) {
  close();
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    int failures = 0;
    try {
      const auto opened = destination::open_destination(options());
      (void)opened->open();
      const auto table = record(orders);
      const auto copy = begin_copy(*opened, table, orders);
      copy->append(0, inserts(orders, {{0, "before"}}));
      copy->finish();
      rlimit limit{};
      ::getrlimit(RLIMIT_FSIZE, &limit);
      for (std::uint64_t n = 1; n <= 30; ++n) {
        for (int attempt = 0;; ++attempt) {
          try {
            const auto load = opened->begin({});
            if (n == 1) load->swap_in(table);
            Effect effect(orders);
            for (int i = 0; i < 2000; ++i)
              effect.insert({static_cast<int>(n) * 10'000 + i,
                             std::string(100, 'a' + static_cast<char>(i % 7)) + std::to_string(i * 7919)});
            apply(*load, table, effect);
            load->put(destination::PutCheckpoint{at(n)});
            load->commit();
            break;
          } catch (const Error& failed) {
            ++failures;
            const bool tried_again = failed.kind() == ErrorKind::destination || failed.kind() == ErrorKind::in_doubt;
            if (!tried_again || attempt > 3) {
              std::fprintf(stderr, "load %d: %s\n", static_cast<int>(n), failed.what());
              ::_exit(3);
            }
            limit.rlim_cur = limit.rlim_max;  // as if somebody had freed space
            ::setrlimit(RLIMIT_FSIZE, &limit);
          }
        }
        if (n == 5 || n == 15 || n == 25) {
          limit.rlim_cur = 600'000 + n * 50'000;
          ::setrlimit(RLIMIT_FSIZE, &limit);
        }
      }
      ::_exit(failures == 0 ? 4 : 0);
    } catch (const std::exception& failed) {
      std::fprintf(stderr, "%s\n", failed.what());
      ::_exit(5);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  ASSERT_EQ(WEXITSTATUS(status), 0) << "3: the wrong error or no repair, 4: the disk was never full";
  EXPECT_EQ(open().checkpoint->lsn, Lsn{30});
  EXPECT_EQ(ask("SELECT count(*), count(DISTINCT id) FROM public.orders"), Strings{"60001|60001"});
}

TEST_F(DuckDbTest, p5_the_log_does_not_grow_without_end) {
  open();
  std::vector<std::vector<Cell>> rows;
  for (int i = 0; i < 5000; ++i) rows.push_back({i, "first"});
  const auto table = create(orders, rows);
  const auto reader = destination::query_engine_of(destination()).open_session();
  EXPECT_EQ(ask(*reader, "SELECT count(*) FROM public.orders"), Strings{"5000"});
  std::uintmax_t largest = 0;
  for (std::uint64_t n = 0; n < 300; ++n) {
    Effect effect(orders);
    for (int i = 0; i < 500; ++i)
      effect.replace({static_cast<int>(n * 37 + static_cast<std::uint64_t>(i)) % 5000,
                      std::string(200, static_cast<char>('a' + n % 26))});
    load(0x5000 + n, [&](Transaction& load) { apply(load, table, effect); });
    std::error_code none;
    const auto size = fs::file_size(file() + ".wal", none);
    if (!none) largest = std::max(largest, size);
  }
  EXPECT_LT(largest, 12U << 20U) << "with a reader open all the time";
  EXPECT_LT(fs::file_size(file()), 60U << 20U);
  EXPECT_EQ(ask(*reader, "SELECT count(*), max(note) FROM public.orders"), Strings{"5000|first"});
  close();
}

TEST_F(DuckDbTest, p5_prepared_transactions_give_their_room_back) {
  open();
  const std::string part(20U << 20U, 'p');
  for (std::uint64_t n = 0; n < 12; ++n) {
    load(0x2000 + n, [&](Transaction& load) {
      load.put(destination::KeepPrepared{static_cast<std::uint32_t>(n), part});
    });
    load(0x3000 + n, [&](Transaction& load) { load.put(destination::DropPrepared{static_cast<std::uint32_t>(n)}); });
  }
  EXPECT_LT(fs::file_size(file()), 120U << 20U);
}

}  // namespace
}  // namespace walbrook::contract

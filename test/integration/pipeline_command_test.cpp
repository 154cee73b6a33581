// `walbrook pipeline`: what a pipeline left in its destination, for people and programs, and how it is dropped.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "test/support/duck_reader.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

class PipelineCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    source_.exec(
        "CREATE TABLE orders(id int PRIMARY KEY, \"a \"\"note\" text, price numeric(10,2));"
        "INSERT INTO orders VALUES (1, 'one', 1.5), (2, 'two', 2);"
        "CREATE TABLE customers(id int PRIMARY KEY)");
    std::filesystem::create_directories(folder_ / ".walbrook");
    write_file(config(), "[pipelines.shop]\ndestination = \"duckdb:///shop.duckdb\"\n[pipelines.other]\n");
    write_file(folder_ / ".walbrook" / "secrets.toml", fmt::format("sources.pg_replication.credentials = \"{}\"\n",
                                                                   source_.server().url(source_.name(), "postgres")));
    std::filesystem::permissions(folder_ / ".walbrook" / "secrets.toml", std::filesystem::perms(0600));
  }

  [[nodiscard]] std::filesystem::path config() const { return folder_ / ".walbrook" / "config.toml"; }
  [[nodiscard]] std::filesystem::path file() const { return folder_ / "shop.duckdb"; }
  [[nodiscard]] ProcessSpec command(const std::vector<std::string>& arguments) const {
    auto spec = walbrook_command(arguments);
    spec.folder = folder_.path();
    return spec;
  }
  [[nodiscard]] ProcessResult walbrook(const std::vector<std::string>& arguments) const {
    return run(command(arguments));
  }
  // Returns the output of `walbrook pipeline shop ARGUMENTS --json`.
  [[nodiscard]] nlohmann::json told(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"pipeline", "shop"});
    arguments.emplace_back("--json");
    const auto result = walbrook(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    return nlohmann::json::parse(result.out, nullptr, false);
  }
  void copy_and_change() const {
    auto result = walbrook({"run", "shop"});
    ASSERT_EQ(result.exit_code, 0) << result.describe();
    source_.exec(
        "INSERT INTO orders VALUES (3, 'three', 3); UPDATE orders SET price = 9 WHERE id < 3; DELETE FROM "
        "orders WHERE id = 1");
    result = walbrook({"run", "shop"});
    ASSERT_EQ(result.exit_code, 0) << result.describe();
  }
  [[nodiscard]] std::string slots() const {
    return source_.value("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()");
  }
  [[nodiscard]] std::string publications() const {
    return source_.value("SELECT coalesce(string_agg(pubname, ' ' ORDER BY pubname), '') FROM pg_publication");
  }

  ReplicatedDatabase source_;
  TempFolder folder_{"pipeline"};
};

TEST_F(PipelineCommand, tells_what_is_there) {
  copy_and_change();
  const auto info = told({"info"});
  EXPECT_EQ(info.at("slot"), "shop");
  EXPECT_EQ(info.at("publication"), "shop");
  EXPECT_NE(info.at("source").get<std::string>().find("/" + source_.name()), std::string::npos) << info;
  EXPECT_EQ(info.at("loads"), 2);
  EXPECT_EQ(info.at("tables").at(1).at("table"), "public.orders");
  EXPECT_EQ(info.at("tables").at(1).at("state"), "streaming");
  EXPECT_EQ(info.at("tables").at(1).at("rows"), 2);

  source_.exec("INSERT INTO customers VALUES (1)");
  ASSERT_EQ(walbrook({"run", "shop"}).exit_code, 0);
  const auto loads = told({"loads"}).at("loads");
  ASSERT_EQ(loads.size(), 3U);
  EXPECT_TRUE(loads.at(2).at("first_lsn").is_null());
  const auto traced = told({"trace", "--limit", "3"}).at("loads");
  EXPECT_EQ(traced.at(2).at("schema_changes").size(), 2U) << "the tables are new with their copies";
  EXPECT_EQ(loads.at(2).at("copied_rows"), 2);
  EXPECT_EQ(loads.at(1).at("inserts"), 1);
  EXPECT_EQ(loads.at(1).at("updates"), 2);
  EXPECT_EQ(loads.at(1).at("deletes"), 1);
  EXPECT_EQ(told({"loads", "--limit", "1"}).at("loads").at(0).at("load_id"), 3);

  // A new column has its table copied again.
  source_.exec("ALTER TABLE orders ADD paid boolean; INSERT INTO orders VALUES (4, 'four', 4, true)");
  ASSERT_EQ(walbrook({"run", "shop"}).exit_code, 0);
  source_.exec("INSERT INTO customers VALUES (2)");
  ASSERT_EQ(walbrook({"run", "shop"}).exit_code, 0);
  const auto trace = told({"trace"});
  ASSERT_EQ(trace.at("loads").size(), 1U);
  EXPECT_EQ(trace.at("loads").at(0).at("tables"), nlohmann::json({{"public.customers", 1}}));
  const auto traces = told({"trace", "--limit", "10"}).dump();
  EXPECT_NE(traces.find(R"("change":"added","column":"paid")"), std::string::npos) << traces;
  const auto text = walbrook({"pipeline", "shop", "trace"});
  EXPECT_NE(text.out.find("  public.customers: 1 change\n"), std::string::npos) << text.describe();
  EXPECT_NE(walbrook({"pipeline", "shop"}).out.find("slot         shop\n"), std::string::npos);
}

TEST_F(PipelineCommand, of_another_dataset_naming_or_metadata_the_copies_move_there) {
  copy_and_change();
  const auto result =
      walbrook({"run", "shop", "--dataset", "elsewhere", "--naming", "snake_case", "--metadata", "walbrook"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  DuckReader reader(file());
  EXPECT_EQ(reader.value("SELECT string_agg(schema_name || '.' || table_name, ' ' ORDER BY table_name) FROM "
                         "duckdb_tables() WHERE schema_name <> '_walbrook'"),
            "elsewhere.customers elsewhere.orders");
  EXPECT_EQ(reader.value("SELECT string_agg(id, ' ' ORDER BY id) FROM elsewhere.orders WHERE _lsn > 0"), "2 3");
}

TEST_F(PipelineCommand, overrides_in_the_configuration_name_and_widen_columns) {
  write_file(config(),
             "[pipelines.shop]\ndestination = \"duckdb:///shop.duckdb\"\n[[pipelines.shop.tables]]\nname = \"orders\"\n"
             "[pipelines.shop.tables.overrides.id]\nname = \"order_id\"\ndata_type = \"bigint\"\n");
  copy_and_change();
  DuckReader reader(file());
  EXPECT_EQ(reader.value("SELECT string_agg(order_id::BIGINT, ' ' ORDER BY order_id) FROM public.orders"), "2 3");
  const auto config = walbrook({"config", "shop"});
  EXPECT_NE(config.out.find("pipelines.shop.tables.overrides.id.data_type"), std::string::npos) << config.describe();
}

TEST_F(PipelineCommand, shows_the_columns_of_former_moments_and_what_changed_since) {
  copy_and_change();
  const auto before = told({"info"}).at("checkpoint").get<std::string>();
  source_.exec("ALTER TABLE orders ADD paid boolean; INSERT INTO orders VALUES (4, 'four', 4, true)");
  ASSERT_EQ(walbrook({"run", "shop"}).exit_code, 0);
  source_.exec("ALTER TABLE customers ADD since date DEFAULT '2020-01-01'");
  ASSERT_EQ(walbrook({"run", "shop"}).exit_code, 0);
  const auto after = told({"info"}).at("checkpoint").get<std::string>();

  const auto columns_at = [this](const std::string& moment) {
    std::string names;
    const auto document = told({"schema", "--at", moment});
    for (const auto& table : document.at("tables")) {
      names += table.at("table").get<std::string>() + ":";
      for (const auto& column : table.at("columns")) names += " " + column.at("name").get<std::string>();
      names += "; ";
    }
    return names;
  };
  EXPECT_EQ(columns_at("0/1"), "") << "there was no copy";
  EXPECT_EQ(columns_at(before).find("paid"), std::string::npos) << columns_at(before);
  EXPECT_NE(columns_at(before).find("public.orders: id"), std::string::npos) << columns_at(before);
  EXPECT_NE(columns_at(after).find("paid"), std::string::npos) << columns_at(after);
  EXPECT_EQ(columns_at("2999-01-01"), columns_at(after));
  EXPECT_EQ(columns_at("2020-01-01 00:00:00"), "");

  const auto text = walbrook({"pipeline", "shop", "schema", "--at", before, "--diff"});
  EXPECT_NE(text.out.find("public.orders: column \"paid\" added, since "), std::string::npos) << text.describe();
  EXPECT_NE(text.out.find("public.customers: column \"since\" added, since "), std::string::npos) << text.describe();
  EXPECT_EQ(text.out.find("public.orders added"), std::string::npos) << text.describe();
  EXPECT_EQ(told({"schema", "--diff"}).at("changes").size(), 4U) << "two tables and two columns";
  EXPECT_EQ(walbrook({"pipeline", "shop", "schema", "--at", after, "--diff"}).out, "no change\n");

  const auto refused = walbrook({"pipeline", "shop", "schema", "--at", "yesterday"});
  EXPECT_EQ(refused.exit_code, 2) << refused.describe();
  EXPECT_NE(refused.err.find("--at \"yesterday\" is neither an LSN nor a time"), std::string::npos)
      << refused.describe();
  EXPECT_EQ(walbrook({"pipeline", "shop", "loads", "--diff"}).exit_code, 2);
}

TEST_F(PipelineCommand, writes_the_schema_as_sql_and_for_programs) {
  copy_and_change();
  const auto document = told({"schema"});
  const auto& columns = document.at("tables").at(1).at("columns");
  EXPECT_EQ(columns.at(0), nlohmann::json({{"name", "id"}, {"type", "INTEGER"}, {"key", true}}));
  EXPECT_EQ(columns.at(1), nlohmann::json({{"name", "a \"note"}, {"type", "VARCHAR"}}));
  EXPECT_EQ(columns.at(2).at("type"), "DECIMAL(10,2)");
  // The SQL creates the same table.
  const auto sql = walbrook({"pipeline", "shop", "schema"});
  DuckReader made(folder_ / "made.duckdb", DuckReader::Access::read_write);
  made.exec(sql.out);
  DuckReader copy(file());
  const std::string described =
      "SELECT string_agg(column_name || ' ' || data_type, ', ' ORDER BY table_name, column_index) FROM "
      "duckdb_columns() "
      "WHERE schema_name = 'public'";
  EXPECT_EQ(made.value(described), copy.value(described)) << sql.describe();
}

TEST_F(PipelineCommand, answers_while_a_run_holds_the_file_and_drops_nothing_then) {
  Process follower(command({"run", "shop", "--follow"}));
  ASSERT_TRUE(eventually(
      [&] {
        const auto result = walbrook({"pipeline", "shop", "info", "--json"});
        return result.exit_code == 0 && result.out.find("\"streaming\"") != std::string::npos;
      },
      milliseconds(30'000)))
      << follower.err();
  EXPECT_EQ(told({"info"}).at("tables").size(), 2U);
  EXPECT_EQ(told({"schema"}).at("tables").size(), 2U);
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"pipeline", "shop", "drop", "--yes"},
        std::vector<std::string>{"pipeline", "shop", "drop", "orders", "--yes"}}) {
    const auto result = walbrook(arguments);
    EXPECT_EQ(result.exit_code, 4) << result.describe();
    EXPECT_NE(result.err.find("nothing is dropped: a walbrook run holds shop.duckdb"), std::string::npos)
        << result.describe();
  }
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(slots(), "1");
}

TEST_F(PipelineCommand, suspended_tables_are_under_failed) {
  copy_and_change();
  EXPECT_TRUE(told({"failed"}).at("failed").empty());
  // The state as the loader leaves it; what makes it do so is tested with the engine.
  DuckReader(file(), DuckReader::Access::read_write)
      .exec(
          "UPDATE _walbrook.outputs SET state = 'suspended', reason = 'column \"price\": no number' WHERE "
          "source_name "
          "= 'orders'");
  const auto failed = told({"failed"}).at("failed");
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed.at(0).at("table"), "public.orders");
  EXPECT_EQ(failed.at(0).at("reason"), "column \"price\": no number");
  EXPECT_NE(walbrook({"pipeline", "shop", "failed"}).out.find("the next start of walbrook run copies this table again"),
            std::string::npos);
  EXPECT_EQ(told({"info"}).at("tables").at(1).at("rows"), 2) << "its last copy stays and is counted";
  // The next run does fix it.
  ASSERT_EQ(walbrook({"run", "shop"}).exit_code, 0);
  EXPECT_TRUE(told({"failed"}).at("failed").empty());
}

TEST_F(PipelineCommand, drops_tables_that_the_next_run_copies_again) {
  copy_and_change();
  auto result = walbrook({"pipeline", "shop", "drop", "orders"});
  EXPECT_EQ(result.exit_code, 2) << result.describe();
  EXPECT_NE(result.err.find("there is no terminal to ask for confirmation"), std::string::npos) << result.describe();
  result = walbrook({"pipeline", "shop", "drop", "ordres", "--yes"});
  EXPECT_NE(result.err.find("Did you mean public.orders?"), std::string::npos) << result.describe();
  result = walbrook({"pipeline", "shop", "drop", "orders", "--yes"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(told({"info"}).at("tables").size(), 1U);
  EXPECT_EQ(DuckReader(file()).value("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'orders'"), "0");
  source_.exec("UPDATE orders SET price = 7");
  result = walbrook({"run", "shop"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(DuckReader(file()).value("SELECT sum(price) FROM public.orders"), "14.00");
}

TEST_F(PipelineCommand, drops_all_of_its_own_after_a_question) {
  source_.exec("CREATE PUBLICATION mine FOR TABLE orders");
  copy_and_change();
  // Another pipeline, with the user's publication, in the same file.
  const std::vector<std::string> other = {"--pipeline", "other",        "--destination", "duckdb:///shop.duckdb",
                                          "--dataset",  "other_schema", "--publication", "mine"};
  auto run_other = other;
  run_other.insert(run_other.begin(), "run");
  ASSERT_EQ(walbrook(run_other).exit_code, 0);

  DuckReader(file(), DuckReader::Access::read_write).exec("CREATE TABLE public.of_the_user(n int)");

  const auto answered = [&](const std::string& answer) {
    auto spec = command({});
    spec.argv = {
        "sh", "-c",
        fmt::format("printf '{}\\n' | script -qec '{} pipeline shop drop' /dev/null", answer, WALBROOK_BINARY)};
    return run(spec);
  };
  auto result = answered("n");
  EXPECT_NE(result.out.find("Drop 2 tables and the state of pipeline shop in shop.duckdb, slot shop, publication shop"),
            std::string::npos)
      << result.describe();
  EXPECT_NE(result.out.find("nothing was dropped"), std::string::npos) << result.describe();
  EXPECT_EQ(slots(), "2");
  result = answered("y");
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(slots(), "1");
  EXPECT_EQ(publications(), "mine");
  EXPECT_EQ(walbrook({"pipeline", "shop"}).exit_code, 4);

  result = walbrook({"pipeline", "other", "drop", "--yes", "--destination", "duckdb:///shop.duckdb"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.out.find("publication mine is kept: walbrook did not create it"), std::string::npos)
      << result.describe();
  EXPECT_EQ(slots(), "0");
  EXPECT_EQ(publications(), "mine");
  EXPECT_EQ(DuckReader(file()).value(
                "SELECT string_agg(table_name, ' ') FROM duckdb_tables() WHERE schema_name <> '_walbrook'"),
            "of_the_user");
}

TEST_F(PipelineCommand, of_a_source_that_is_gone_or_another_nothing_is_dropped_unless_asked) {
  copy_and_change();
  auto result = walbrook({"pipeline", "shop", "drop", "--yes", "--source", "host=127.0.0.1 port=1 dbname=gone"});
  EXPECT_EQ(result.exit_code, 3) << result.describe();
  EXPECT_NE(result.err.find("--destination-only"), std::string::npos) << result.describe();
  // Another database of the same cluster: its slot is not this pipeline's.
  result = walbrook({"pipeline", "shop", "drop", "--yes", "--source", source_.server().url("postgres", "postgres")});
  EXPECT_EQ(result.exit_code, 3) << result.describe();
  EXPECT_NE(result.err.find("is not this pipeline's"), std::string::npos) << result.describe();
  EXPECT_EQ(told({"info"}).at("tables").size(), 2U);
  result = walbrook({"pipeline", "shop", "drop", "--yes", "--destination-only"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(slots(), "1");
  EXPECT_EQ(publications(), "shop");
}

TEST_F(PipelineCommand, is_picked_up_elsewhere_from_the_destination_alone) {
  copy_and_change();
  const TempFolder elsewhere("elsewhere");
  const auto there = [&](const std::vector<std::string>& arguments) {
    auto spec = walbrook_command(arguments);
    spec.folder = elsewhere.path();
    return run(spec);
  };
  std::filesystem::copy_file(file(), elsewhere / "moved.duckdb");
  auto result = there({"pipeline", "shop", "sync", "--destination", "duckdb:///moved.duckdb"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.out.find("2 tables streaming; slot shop, publication shop"), std::string::npos) << result.describe();
  EXPECT_EQ(read_file(elsewhere / ".walbrook/config.toml"),
            "[pipelines.shop]\ndestination = \"duckdb:///moved.duckdb\"\nslot_name = \"shop\"\npub_name = \"shop\"\n");
  result = there({"pipeline", "shop", "sync"});
  EXPECT_NE(result.out.find("the configuration agrees"), std::string::npos) << result.describe();
  // The pipeline continues there: nothing is copied again.
  source_.exec("INSERT INTO customers VALUES (5)");
  result = there({"run", "--json", "--source", source_.server().url(source_.name(), "postgres")});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.out.find("\"copied_tables\":0"), std::string::npos) << result.describe();
  EXPECT_EQ(DuckReader(elsewhere / "moved.duckdb").value("SELECT id FROM public.customers"), "5");

  write_file(
      elsewhere / ".walbrook/config.toml",
      "[pipelines.shop]\ndestination = \"duckdb:///moved.duckdb\"\nslot_name = \"shop\"\npub_name = \"wrong\"\n");
  result = there({"pipeline", "shop", "sync"});
  EXPECT_EQ(result.exit_code, 2) << result.describe();
  EXPECT_NE(result.err.find("has pub_name \"shop\" in moved.duckdb, but the configuration has \"wrong\""),
            std::string::npos)
      << result.describe();
}

TEST_F(PipelineCommand, tables_and_columns_that_were_chosen_are_picked_up_elsewhere) {
  source_.exec(
      "CREATE TABLE \"Left out\"(id int); CREATE TABLE \"Some Columns\"(id int PRIMARY KEY, n int, \"Big\" text)");
  write_file(folder_ / ".walbrook/config.toml",
             "[pipelines.shop]\n[[pipelines.shop.tables]]\nname = \"orders\"\n[[pipelines.shop.tables]]\nname = "
             "'public.\"Some Columns\"'\ncolumns = [\"id\", \"Big\"]\n");
  ASSERT_EQ(walbrook({"run", "shop"}).exit_code, 0);
  const TempFolder elsewhere("elsewhere");
  const auto there = [&](const std::vector<std::string>& arguments) {
    auto spec = walbrook_command(arguments);
    spec.folder = elsewhere.path();
    return run(spec);
  };
  std::filesystem::copy_file(file(), elsewhere / "shop.duckdb");
  auto result = there({"pipeline", "shop", "sync", "--destination", "duckdb:///shop.duckdb"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(read_file(elsewhere / ".walbrook/config.toml"),
            "[pipelines.shop]\ndestination = \"duckdb:///shop.duckdb\"\nslot_name = \"shop\"\npub_name = \"shop\"\n\n"
            "[[pipelines.shop.tables]]\nname = \"public.orders\"\n\n[[pipelines.shop.tables]]\n"
            "name = \"public.\\\"Some Columns\\\"\"\ncolumns = [\"id\", \"Big\"]\n");
  result = there({"run", "--json", "--source", source_.server().url(source_.name(), "postgres")});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.out.find("\"copied_tables\":0"), std::string::npos) << result.describe();
  EXPECT_EQ(
      DuckReader(elsewhere / "shop.duckdb")
          .value("SELECT string_agg(source_name || ' ' || state, ', ' ORDER BY source_name) FROM _walbrook.outputs"),
      "Some Columns streaming, orders streaming");
}

TEST_F(PipelineCommand, lists_the_configurations_and_what_else_their_files_hold) {
  copy_and_change();
  ASSERT_EQ(walbrook({"run", "other", "--destination", "duckdb:///shop.duckdb", "--dataset", "o"}).exit_code, 0);
  auto result = walbrook({"pipeline", "--list", "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  const auto list = nlohmann::json::parse(result.out).at("pipelines");
  ASSERT_EQ(list.size(), 3U) << list;
  EXPECT_EQ(list.at(0).at("pipeline"), "shop");
  EXPECT_EQ(list.at(0).at("slot"), "shop");
  EXPECT_EQ(list.at(1).at("error"), "has not run yet");
  EXPECT_EQ(list.at(2).at("pipeline"), "other");
  EXPECT_EQ(list.at(2).at("configured"), false);
  EXPECT_NE(walbrook({"pipeline", "--list"}).out.find("other (not configured here)"), std::string::npos);
  EXPECT_EQ(walbrook({"pipeline", "shop", "--list"}).exit_code, 2);
}

// A state of another version may have other tables.
TEST_F(PipelineCommand, a_state_of_another_version_is_refused_and_not_touched) {
  copy_and_change();
  {
    DuckReader owner(file(), DuckReader::Access::read_write);
    owner.exec("UPDATE _walbrook.format SET version = 1; ALTER TABLE _walbrook.prepared RENAME TO staged");
  }
  const auto before = DuckReader(file()).value("SELECT lsn FROM _walbrook.checkpoint");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"run", "shop"}, {"run", "shop", "--reset", "--yes"}, {"status", "shop"}}) {
    const auto refused = walbrook(words);
    EXPECT_EQ(refused.exit_code, 4) << refused.describe();
    EXPECT_NE(refused.err.find("has version 1, this walbrook reads and writes version 5"), std::string::npos)
        << refused.describe();
    EXPECT_NE(refused.err.find("move shop.duckdb away"), std::string::npos) << refused.describe();
  }
  EXPECT_EQ(DuckReader(file()).value("SELECT lsn FROM _walbrook.checkpoint"), before);
}

}  // namespace
}  // namespace walbrook::test

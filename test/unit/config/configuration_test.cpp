#include "config/configuration.h"

#include <gtest/gtest.h>

#include "test/unit/config/folder_case.h"

namespace walbrook::config {
namespace {

using ConfigurationTest = FolderCase;

TEST_F(ConfigurationTest, without_files_nothing_is_said) {
  const auto settings = Configuration::read();
  EXPECT_EQ(settings.folder(), "");
  EXPECT_TRUE(settings.pipelines().empty());
  EXPECT_FALSE(settings.find("load.batch_rows").has_value());
  EXPECT_FALSE(settings.source_credentials().has_value());
  EXPECT_EQ(pipeline_without_name(settings), "");
}

TEST_F(ConfigurationTest, the_first_folder_that_has_files_counts_alone) {
  write("home/walbrook/config.toml", "[load]\nbatch_rows = 3\n");
  EXPECT_EQ(Configuration::read().number("load.batch_rows"), 3U);
  write(".dlt/config.toml", "[load]\nbatch_rows = 2\n");
  EXPECT_EQ(Configuration::read().number("load.batch_rows"), 2U);
  write(".walbrook/secrets.toml", "");
  EXPECT_EQ(Configuration::read().number("load.batch_rows"), std::nullopt);
  write(".walbrook/config.toml", "[load]\nbatch_rows = 1\n");
  EXPECT_EQ(Configuration::read().number("load.batch_rows"), 1U);
  EXPECT_EQ(Configuration::read().folder(), ".walbrook");
}

TEST_F(ConfigurationTest, flags_over_environment_over_secrets_over_config_over_default) {
  const auto seen = [](const Configuration& settings) {
    const auto value = settings.find("load.batch_bytes");
    return value ? value->text + " " + value->origin.source() : "none";
  };
  EXPECT_EQ(seen(Configuration::read()), "none");
  write(".walbrook/config.toml", "\n[load]\nbatch_bytes = \"1MB\"\n");
  EXPECT_EQ(seen(Configuration::read()), "1MB .walbrook/config.toml:3");
  write(".walbrook/secrets.toml", "load.batch_bytes = \"2MB\"\n");
  EXPECT_EQ(seen(Configuration::read()), "2MB .walbrook/secrets.toml:1");
  set("LOAD__BATCH_BYTES", "3MB");
  auto settings = Configuration::read();
  EXPECT_EQ(seen(settings), "3MB LOAD__BATCH_BYTES");
  settings.set_flag("load.batch_bytes", "--batch-bytes", "4MB");
  EXPECT_EQ(seen(settings), "4MB --batch-bytes");
  EXPECT_EQ(settings.number("load.batch_bytes"), 4U << 20U);
}

TEST_F(ConfigurationTest, a_pipelines_own_settings_go_before_those_of_all) {
  write(".walbrook/config.toml", R"(
[sources.pg_replication]
slot_name = "all"
[load]
batch_rows = 1
[pipelines.shop]
slot_name = "shop_slot"
batch_rows = 2
destination = "duckdb:///own.duckdb"
[pipelines.other]
destination = "duckdb"
[destination.duckdb]
credentials = "all.duckdb"
)");
  auto settings = Configuration::read();
  EXPECT_EQ(settings.pipelines(), (std::vector<std::string>{"shop", "other"}));
  EXPECT_EQ(settings.text("sources.pg_replication.slot_name"), "all");
  settings.choose("shop");
  EXPECT_EQ(settings.text("sources.pg_replication.slot_name"), "shop_slot");
  EXPECT_EQ(settings.number("load.batch_rows"), 2U);
  EXPECT_EQ(settings.text("destination.duckdb.credentials"), "duckdb:///own.duckdb");
  settings.choose("other");
  EXPECT_EQ(settings.text("sources.pg_replication.slot_name"), "all");
  EXPECT_EQ(settings.text("destination.duckdb.credentials"), "all.duckdb");
  set("PIPELINES__SHOP__SLOT_NAME", "from_environment");
  set("LOAD__BATCH_ROWS", "7");
  settings = Configuration::read();
  settings.choose("shop");
  EXPECT_EQ(settings.text("sources.pg_replication.slot_name"), "from_environment");
  EXPECT_EQ(settings.number("load.batch_rows"), 7U);  // the environment takes precedence over any file
}

TEST_F(ConfigurationTest, a_bare_word_is_a_kind_of_destination_wherever_it_is_written) {
  const std::string refused = "\"postgres\" is not a known destination";
  for (const std::string text : {"[destination.duckdb]\ncredentials = \"postgres\"\n",
                                 "[destination.duckdb.credentials]\ndatabase = \"postgres\"\n",
                                 "[pipelines.shop]\ndestination = \"postgres\"\n"}) {
    write(".walbrook/config.toml", text);
    EXPECT_NE(refusal().find(refused), std::string::npos) << text << refusal();
  }
  write(".walbrook/config.toml", "[destination.duckdb]\ncredentials = \"all.duckdb\"\n");
  set("DESTINATION__DUCKDB__CREDENTIALS", "duckdb");  // the kind: the file is another setting's
  EXPECT_EQ(Configuration::read().text("destination.duckdb.credentials"), "all.duckdb");
  set("DESTINATION__DUCKDB__CREDENTIALS", "postgres");
  EXPECT_NE(refusal().find("DESTINATION__DUCKDB__CREDENTIALS " + refused), std::string::npos) << refusal();
}

TEST_F(ConfigurationTest, a_destinations_password_is_never_shown) {
  for (const std::string url :
       {"clickhouse://joe:secret@host/db", "postgres://joe:secret@host/db", "duckdb:///shop.duckdb?password=secret",
        "md:shop?motherduck_token=secret", "s3://bucket/shop?secret_access_key=secret&region=eu",
        "ducklake:postgres:host=db user=joe password=secret dbname=lake?data_path=lake"}) {
    Configuration settings;
    settings.set_flag("destination.duckdb.credentials", "--destination", url);
    for (const auto& [key, value] : settings.effective()) {
      EXPECT_EQ(value.text.find("secret@"), std::string::npos) << key->full_name() << " " << value.text;
      EXPECT_EQ(value.text.find("=secret"), std::string::npos) << key->full_name() << " " << value.text;
    }
  }
}

TEST_F(ConfigurationTest, without_a_name_the_only_pipeline_or_the_usual_one_is_meant) {
  write(".walbrook/config.toml", "[pipelines.a]\n");
  EXPECT_EQ(pipeline_without_name(Configuration::read()), "a");
  write(".walbrook/config.toml", "[pipelines.a]\n[pipelines.b]\n");
  EXPECT_EQ(pipeline_without_name(Configuration::read()), "");
  write(".walbrook/config.toml", "[pipelines.a]\n[pipelines.pg_replication_pipeline]\n");
  EXPECT_EQ(pipeline_without_name(Configuration::read()), "pg_replication_pipeline");
}

TEST_F(ConfigurationTest, defaults_follow_from_the_pipelines_name) {
  write(".walbrook/config.toml", "[pipelines.shop]\n");
  auto settings = Configuration::read();
  EXPECT_EQ(settings.fallback(key("sources.pg_replication.slot_name")), "walbrook_<database>");
  settings.choose("shop");
  EXPECT_EQ(settings.fallback(key("sources.pg_replication.slot_name")), "shop");
  EXPECT_EQ(settings.fallback(key("sources.pg_replication.pub_name")), "shop");
  EXPECT_EQ(settings.fallback(key("destination.duckdb.credentials")), "duckdb:///shop.duckdb");
  EXPECT_EQ(settings.fallback(key("load.batch_bytes")), "32MB");
}

TEST_F(ConfigurationTest, tables_are_listed_with_their_columns) {
  write(".walbrook/config.toml", R"toml(
[pipelines.shop]
[[pipelines.shop.tables]]
name = "orders"
[[pipelines.shop.tables]]
name = "sales.items"
columns = ["id", "price"]
[pipelines.shop.tables.overrides.price]
precision = 20
[pipelines.shop.tables.overrides."odd.name"]
name = "plain"
[pipelines.short]
table_names = ["a", "b(x)"]
[pipelines.both]
table_names = "a"
[[pipelines.both.tables]]
name = "b"
[pipelines.nameless]
[[pipelines.nameless.tables]]
columns = ["id"]
)toml");
  auto settings = Configuration::read();
  settings.choose("shop");
  auto tables = settings.tables();
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_EQ(tables[0].name, "orders");
  EXPECT_TRUE(tables[0].columns.empty());
  EXPECT_EQ(tables[1].name, "sales.items");
  EXPECT_EQ(tables[1].columns, (std::vector<std::string>{"id", "price"}));
  EXPECT_EQ(tables[1].overrides.at("price").at("precision").text, "20");
  EXPECT_EQ(tables[1].overrides.at("odd.name").at("name").text, "plain");
  EXPECT_EQ(tables[1].origin.source(), ".walbrook/config.toml:6");
  settings.choose("short");
  ASSERT_EQ(settings.tables().size(), 2U);
  EXPECT_EQ(settings.tables()[1].name, "b(x)");
  settings.choose("both");
  EXPECT_NE(refused([&] { static_cast<void>(settings.tables()); }).find("both name tables"), std::string::npos);
  settings.choose("nameless");
  EXPECT_NE(refused([&] { static_cast<void>(settings.tables()); }).find("without a name"), std::string::npos);
  settings.choose("shop");
  settings.set_flag("sources.pg_replication.table_names", "--table", std::vector<std::string>{"c"});
  ASSERT_EQ(settings.tables().size(), 1U);
  EXPECT_EQ(settings.tables()[0].name, "c");
}

TEST_F(ConfigurationTest, tables_in_the_environment_are_one_or_a_list) {
  set("SOURCES__PG_REPLICATION__TABLE_NAMES", "orders");
  EXPECT_EQ(Configuration::read().tables().size(), 1U);
  set("SOURCES__PG_REPLICATION__TABLE_NAMES", R"toml(["orders", "items(id,price)"])toml");
  ASSERT_EQ(Configuration::read().tables().size(), 2U);
  EXPECT_EQ(Configuration::read().tables()[1].name, "items(id,price)");
  set("SOURCES__PG_REPLICATION__TABLE_NAMES", "[orders");
  EXPECT_NE(refusal().find("SOURCES__PG_REPLICATION__TABLE_NAMES is not a list"), std::string::npos);
}

TEST_F(ConfigurationTest, an_unknown_key_is_refused_with_file_line_and_the_nearest_one) {
  const std::vector<std::pair<std::string, std::string>> all = {
      {"[load]\nbatch_row = 1\n",
       ".walbrook/config.toml:2: unknown key load.batch_row\n  Did you mean load.batch_rows?"},
      {"[sources.pg_replication.credentials]\npasword = \"x\"\n",
       "unknown key sources.pg_replication.credentials.pasword\n  Did you mean "
       "sources.pg_replication.credentials.password?"},
      {"[sources.pg_replicaton]\nslot_name = \"x\"\n", "Did you mean sources.pg_replication.slot_name?"},
      {"[pipelines.shop]\nslot = \"x\"\n", ".walbrook/config.toml:2: unknown key pipelines.shop.slot"},
      {"[pipelines.shop]\ndataset = \"x\"\n", "Did you mean pipelines.shop.dataset_name?"},
      {"[pipelines.shop]\n[[pipelines.shop.tables]]\nnam = \"x\"\n", "Did you mean pipelines.shop.tables.name?"},
      {"slot_name = \"x\"\n", "Did you mean sources.pg_replication.slot_name?"},
      {"[runtime]\ndlthub_telemetry = true\n", "unknown key runtime.dlthub_telemetry"}};
  for (const auto& [text, told] : all) {
    write(".walbrook/config.toml", text);
    EXPECT_NE(refusal().find(told), std::string::npos) << refusal();
  }
}

TEST_F(ConfigurationTest, other_peoples_keys_in_dlt_are_one_warning) {
  write(".dlt/config.toml", "[runtime]\nlog_level = \"WARNING\"\ndlthub_telemetry = true\n[load]\nworkers = 5\n");
  write(".dlt/secrets.toml", "[destination.snowflake]\ndatabase = \"x\"\n[sources.other]\nkey = 1\n", 0644);
  const auto settings = Configuration::read();
  EXPECT_EQ(settings.text("runtime.log_level"), "warning");
  ASSERT_EQ(settings.warnings().size(), 1U);
  EXPECT_NE(settings.warnings()[0].find("4 keys in .dlt are not walbrook's"), std::string::npos)
      << settings.warnings()[0];
  EXPECT_NE(settings.warnings()[0].find("load.workers"), std::string::npos);
}

TEST_F(ConfigurationTest, a_wrong_type_or_value_is_refused_with_file_line_and_key) {
  const std::vector<std::pair<std::string, std::string>> all = {
      {"[load]\nbatch_rows = \"many\"\n", ".walbrook/config.toml:2: load.batch_rows must be a number"},
      {"[load]\nbatch_rows = 0\n", ".walbrook/config.toml:2: load.batch_rows \"0\" is not a whole number from 1"},
      {"[load]\nbatch_bytes = \"1XB\"\n", ".walbrook/config.toml:2: load.batch_bytes \"1XB\" is not a size"},
      {"[load]\nretries = 1.5\n", "load.retries must be a number"},
      {"[sources.pg_replication]\nsnapshot = \"no\"\n", "snapshot must be true or false"},
      {"[sources.pg_replication]\nslot_name = \"A B\"\n", "slot_name \"A B\" is not a name that PostgreSQL allows"},
      {"[sources.pg_replication]\nformat = \"xml\"\n", "Known: auto, text, binary."},
      {"[sources.pg_replication]\ntable_names = [1]\n", "table_names must be a list of strings"},
      {"[runtime]\nlog_level = \"loud\"\n", "runtime.log_level \"loud\" is not known"},
      {"[destination.duckdb]\nmemory_limit = \"much\"\n", "not a memory limit as DuckDB writes it"},
      {"[pipelines.shop]\ndestination = \"snowflake\"\n", "\"snowflake\" is not a known destination"},
      {"[pipelines.shop]\nsource = \"mysql\"\n", "Known: pg_replication."},
      {"[pipelines.\"a b\"]\n", "is not a name for a pipeline"},
      {"[sources.pg_replication.credentials]\ndrivername = \"mysql\"\n", "\"mysql\" is not PostgreSQL"},
      {"[load\n", ".walbrook/config.toml:1: this is not TOML"},
      {"[load]\nretries = 1\nretries = 2\n", ".walbrook/config.toml:3: this is not TOML"}};
  for (const auto& [text, told] : all) {
    write(".walbrook/config.toml", text);
    EXPECT_NE(refusal().find(told), std::string::npos) << refusal();
  }
  write(".walbrook/config.toml", "");
  set("LOAD__BATCH_ROWS", "many");
  EXPECT_NE(refusal().find("LOAD__BATCH_ROWS \"many\" is not a whole number"), std::string::npos);
}

TEST_F(ConfigurationTest, a_mistyped_variable_of_the_source_is_told) {
  set("SOURCES__PG_REPLICATION__CREDENTIALS__PASWORD", "x");
  set("SOURCES__OTHER__KEY", "x");
  set("LOAD__WORKERS", "3");
  const auto settings = Configuration::read();
  ASSERT_EQ(settings.warnings().size(), 1U);
  EXPECT_NE(settings.warnings()[0].find("did you mean sources.pg_replication.credentials.password"), std::string::npos)
      << settings.warnings()[0];
}

TEST_F(ConfigurationTest, secrets_that_others_can_read_are_told) {
  write(".walbrook/secrets.toml", "", 0600);
  EXPECT_TRUE(Configuration::read().warnings().empty());
  write(".walbrook/secrets.toml", "", 0644);
  ASSERT_EQ(Configuration::read().warnings().size(), 1U);
  EXPECT_NE(Configuration::read().warnings()[0].find("chmod 600"), std::string::npos);
}

TEST_F(ConfigurationTest, a_file_that_is_a_folder_is_refused) {
  std::filesystem::create_directories(folder_ / ".walbrook" / "config.toml");
  EXPECT_NE(refusal().find(".walbrook/config.toml cannot be read"), std::string::npos) << refusal();
}

}  // namespace
}  // namespace walbrook::config

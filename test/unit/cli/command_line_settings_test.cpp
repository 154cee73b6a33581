#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "base/error.h"
#include "base/names.h"
#include "cli/command_line.h"
#include "config/keys.h"
#include "destination/duckdb/open_file.h"
#include "test/unit/config/folder_case.h"

namespace walbrook::cli {
namespace {

class SettingsTest : public config::FolderCase {
 protected:
  static CommandLine parsed(std::vector<std::string> arguments) {
    return parse_command_line(std::move(arguments)).line.value();
  }
  static std::string refused(std::vector<std::string> arguments) {
    return FolderCase::refused([&] { static_cast<void>(parse_command_line(std::move(arguments))); });
  }
};

constexpr const char* shop = R"toml(
[runtime]
log_level = "debug"
log_format = "json"
[sources.pg_replication]
logical_decoding_work_mem = "512MB"
protocol = 2
[sources.pg_replication.credentials]
host = "db"
database = "shop"
[load]
batch_rows = 10
retries = 3
[pipelines.shop]
slot_name = "shop_slot"
dataset_name = "copy"
snapshot = false
[[pipelines.shop.tables]]
name = "orders"
[[pipelines.shop.tables]]
name = "sales.items"
columns = ["id", "price"]
)toml";

TEST_F(SettingsTest, a_pipeline_of_the_folder_needs_no_flags) {
  write(".walbrook/config.toml", shop);
  auto line = parsed({"run"});
  EXPECT_EQ(line.run.pipeline, "shop");
  EXPECT_EQ(line.destination.pipeline, "shop");
  EXPECT_EQ(line.run.slot, "shop_slot");
  EXPECT_EQ(line.run.publication, "shop");
  EXPECT_EQ(line.run.conninfo, "host='db' dbname='shop'");
  EXPECT_EQ(line.destination.url, "duckdb:///shop.duckdb");
  EXPECT_EQ(line.run.dataset, "copy");
  EXPECT_FALSE(line.run.snapshot);
  ASSERT_EQ(line.run.tables.size(), 2U);
  EXPECT_EQ(line.run.tables[1].schema, "sales");
  EXPECT_EQ(line.run.tables[1].columns, (std::vector<std::string>{"id", "price"}));
  EXPECT_EQ(line.run.batch_rows, 10U);
  EXPECT_EQ(line.run.destination_retries, 3);
  EXPECT_EQ(line.run.logical_decoding_work_mem, "512MB");
  EXPECT_EQ(line.run.protocol, 2);
  EXPECT_EQ(line.log_level, "debug");
  EXPECT_EQ(line.log_format, LogFormat::json);
  // Flags take precedence over all of these.
  line = parsed({"run", "shop", "--batch-rows", "5", "--dataset", "d", "--source", "dbname=x", "--table", "t",
                 "--log-format", "text", "--destination", "y.duckdb"});
  EXPECT_EQ(line.run.batch_rows, 5U);
  EXPECT_EQ(line.run.dataset, "d");
  EXPECT_EQ(line.run.conninfo, "dbname=x");
  EXPECT_EQ(line.run.tables.size(), 1U);
  EXPECT_EQ(line.log_format, LogFormat::text);
  EXPECT_EQ(line.destination.url, "y.duckdb");
  EXPECT_EQ(line.run.pipeline, "shop");
}

// The table of settings documents the defaults, and the options of a run have them for the library.
TEST_F(SettingsTest, defaults_of_the_settings_are_those_of_the_options) {
  const std::vector<std::string> plain = {"run", "--source", "dbname=x", "--destination", "y.duckdb"};
  auto arguments = plain;
  const std::set<config::Kind> plainly_written = {config::Kind::count, config::Kind::size, config::Kind::choice,
                                                  config::Kind::postgres_memory};
  for (const auto& key : config::keys()) {
    if (key.fallback.empty() || key.flag.empty() || !plainly_written.contains(key.kind)) continue;
    arguments.emplace_back(key.flag);
    arguments.emplace_back(key.fallback);
  }
  ASSERT_GT(arguments.size(), plain.size() + 20);
  const replication::RunOptions options;
  const destination::DestinationOptions destination;
  for (const auto& line : {parsed(plain), parsed(arguments)}) {
    EXPECT_EQ(line.run.format, options.format);
    EXPECT_EQ(line.run.origin, options.origin);
    EXPECT_EQ(line.run.logical_decoding_work_mem, options.logical_decoding_work_mem);
    EXPECT_EQ(line.run.slot_timeout, options.slot_timeout);
    EXPECT_EQ(line.run.network_timeout, options.network_timeout);
    EXPECT_EQ(line.run.snapshot_wait, options.snapshot_wait);
    EXPECT_EQ(line.run.catalog_poll_interval, options.catalog_poll_interval);
    EXPECT_EQ(line.run.batch_rows, options.batch_rows);
    EXPECT_EQ(line.run.batch_bytes, options.batch_bytes);
    EXPECT_EQ(line.run.snapshot_chunk, options.snapshot_chunk);
    EXPECT_EQ(line.run.destination_retries, options.destination_retries);
    EXPECT_EQ(line.run.suspicion.on_rewrite, options.suspicion.on_rewrite);
    EXPECT_EQ(line.run.suspicion.resync_max_size, options.suspicion.resync_max_size);
    EXPECT_EQ(line.run.style.naming, options.style.naming);
    EXPECT_EQ(line.run.style.metadata, options.style.metadata);
    EXPECT_EQ(line.query_limits.timeout, std::chrono::minutes(5));
    EXPECT_EQ(line.query_limits.rows, destination::QueryLimits{}.rows);
    EXPECT_EQ(line.query_limits.bytes, destination::QueryLimits{}.bytes);
  }
}

TEST_F(SettingsTest, other_commands_find_the_same_pipeline) {
  write(".walbrook/config.toml", shop);
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"check"}, {"status", "shop"}, {"sql", "--pipeline", "shop", "SELECT 1"}}) {
    const auto line = parsed(arguments);
    EXPECT_EQ(line.destination.url, "duckdb:///shop.duckdb");
    EXPECT_EQ(line.destination.pipeline, "shop");
    EXPECT_TRUE(line.destination.read_only);
  }
  const auto line = parsed({"decode", "--pipeline", "shop"});
  EXPECT_EQ(line.run.slot, "shop_slot");
  EXPECT_EQ(line.run.protocol, 2);
  EXPECT_EQ(line.decode.logical_decoding_work_mem, "");  // the server's own, unless a flag sets it
}

TEST_F(SettingsTest, a_resync_takes_tables_that_the_configuration_need_not_name) {
  write(".walbrook/config.toml", shop);
  const auto line = parsed({"resync", "t", "\"S\".\"T\"", "--pipeline", "shop"});
  ASSERT_EQ(line.pipeline.tables.size(), 2U);
  EXPECT_EQ(line.pipeline.tables[0].full_name(), "public.t");
  EXPECT_EQ(line.pipeline.tables[1].schema, "S");
  EXPECT_EQ(line.run.tables.size(), 2U) << "those of the configuration";
  EXPECT_NE(refused({"resync", "t(id)", "--pipeline", "shop"}).find("a resync copies whole tables"), std::string::npos);
}

TEST_F(SettingsTest, the_slots_flag_names_a_pipeline_of_its_own) {
  write(".walbrook/config.toml", shop);
  const auto line = parsed({"status", "--slot", "walbrook", "--destination", "duckdb:///other.duckdb"});
  EXPECT_EQ(line.destination.pipeline, "walbrook");
}

TEST_F(SettingsTest, among_several_one_has_to_be_named) {
  write(".walbrook/config.toml", "[pipelines.a]\n[pipelines.b]\n");
  EXPECT_NE(refused({"run"}).find("there are several pipelines, and none was named\n  Pipelines: a, b."),
            std::string::npos);
  EXPECT_EQ(parsed({"run", "b"}).run.slot, "b");
  EXPECT_EQ(parsed({"run", "--source", "dbname=x"}).run.slot, "walbrook_x");
  EXPECT_EQ(parsed({"config"}).settings.pipeline(), "");
}

TEST_F(SettingsTest, an_unknown_pipeline_is_refused_with_the_nearest_one) {
  EXPECT_NE(refused({"run", "shop"}).find("there is no .walbrook/config.toml here"), std::string::npos);
  write(".walbrook/config.toml", shop);
  EXPECT_NE(refused({"run", "shp"}).find("Did you mean shop?"), std::string::npos) << refused({"run", "shp"});
  EXPECT_NE(refused({"status", "shp"}).find("Did you mean shop?"), std::string::npos);
  // A file can be queried without a configuration.
  EXPECT_EQ(parsed({"status", "other", "--destination", "x.duckdb"}).destination.pipeline, "other");
}

TEST_F(SettingsTest, a_name_that_is_no_slot_needs_one) {
  write(".walbrook/config.toml", "[pipelines.My-Shop]\n");
  EXPECT_NE(refused({"run"}).find("slot_name of pipeline My-Shop, which is not set,"), std::string::npos)
      << refused({"run"});
  write(".walbrook/config.toml", "[pipelines.My-Shop]\nslot_name = \"shop\"\n");
  EXPECT_EQ(parsed({"run"}).run.pipeline, "My-Shop");
}

TEST_F(SettingsTest, a_project_folder_can_be_named) {
  write("there/.walbrook/config.toml", shop);
  EXPECT_EQ(parsed({"run", "--project", "there"}).run.slot, "shop_slot");
  EXPECT_EQ(std::filesystem::current_path().filename(), "there");
  EXPECT_NE(refused({"run", "--project", "nowhere"}).find("--project nowhere: No such file or directory"),
            std::string::npos);
}

TEST_F(SettingsTest, an_error_in_a_table_or_a_credential_names_its_place) {
  write(".walbrook/config.toml", "[pipelines.a]\n[[pipelines.a.tables]]\nname = \"a.b.c.d\"\n");
  EXPECT_NE(refused({"run"}).find(".walbrook/config.toml:3: pipelines.a.tables.name: \"a.b.c.d\" is not a table name"),
            std::string::npos)
      << refused({"run"});
  write(".walbrook/config.toml", "[pipelines.a]\n[[pipelines.a.tables]]\nname = \"t(x)\"\ncolumns = [\"y\"]\n");
  EXPECT_NE(refused({"run"}).find("its columns are set twice"), std::string::npos);
  write(".walbrook/config.toml", "[pipelines.a]\ndataset_name = \"_walbrook\"\n");
  EXPECT_NE(refused({"run"}).find(".walbrook/config.toml:2: pipelines.a.dataset_name \"_walbrook\" is where walbrook"),
            std::string::npos);
  write(".walbrook/config.toml", "sources.pg_replication.credentials = \"postgresql://[::1\"\n");
  EXPECT_NE(refused({"run"}).find(".walbrook/config.toml:1: sources.pg_replication.credentials is not a connection"),
            std::string::npos)
      << refused({"run"});
}

TEST_F(SettingsTest, placeholders_stop_what_needs_the_source_and_nothing_else) {
  write(".walbrook/config.toml", "[pipelines.a]\n");
  write(".walbrook/secrets.toml", "[sources.pg_replication.credentials]\nhost = \"please set me up!\"\n");
  EXPECT_NE(refused({"run"}).find("please set me up!"), std::string::npos);
  EXPECT_NE(refused({"check"}).find("please set me up!"), std::string::npos);
  EXPECT_EQ(parsed({"status"}).destination.pipeline, "a");
  EXPECT_EQ(parsed({"run", "--source", "dbname=x"}).run.conninfo, "dbname=x");
}

// The table of settings lists the defaults; the engine's own defaults must be the same.
TEST(SettingDefaults, are_the_engines) {
  const replication::RunOptions run;
  const auto number = [](const char* name) {
    const auto& key = config::key(name);
    return key.kind == config::Kind::size ? parse_size(name, key.fallback, key.least)
                                          : parse_count(name, key.fallback, key.least, key.most);
  };
  EXPECT_EQ(number("load.batch_rows"), run.batch_rows);
  EXPECT_EQ(number("load.batch_bytes"), run.batch_bytes);
  EXPECT_EQ(number("load.snapshot_chunk"), run.snapshot_chunk);
  EXPECT_EQ(number("load.retries"), static_cast<std::uint64_t>(run.destination_retries));
  EXPECT_EQ(std::chrono::seconds(number("sources.pg_replication.slot_timeout")), run.slot_timeout);
  EXPECT_EQ(std::chrono::seconds(number("sources.pg_replication.network_timeout")), run.network_timeout);
  EXPECT_EQ(std::chrono::seconds(number("sources.pg_replication.snapshot_wait")), run.snapshot_wait);
  EXPECT_EQ(number("load.resync_max_size"), run.suspicion.resync_max_size);
  EXPECT_EQ(config::key("load.on_rewrite").fallback,
            run.suspicion.on_rewrite == replication::OnRewrite::resync ? "resync" : "ignore");
  EXPECT_EQ(milliseconds(number("sources.pg_replication.catalog_poll_interval")), run.catalog_poll_interval);
  EXPECT_EQ(config::key("sources.pg_replication.schema_name").fallback, run.schema);
  EXPECT_EQ(config::key("sources.pg_replication.logical_decoding_work_mem").fallback, run.logical_decoding_work_mem);
  EXPECT_EQ(config::key("sources.pg_replication.snapshot").fallback, run.snapshot ? "true" : "false");
  EXPECT_EQ(config::key("sources.pg_replication.two_phase").fallback, run.two_phase ? "true" : "false");
  EXPECT_EQ(config::key("destination.duckdb.memory_limit").fallback, destination::duckdb::default_memory_limit);
}

TEST_F(SettingsTest, a_pipeline_is_looked_at_by_name_and_action) {
  write(".walbrook/config.toml", shop);
  auto line = parsed({"pipeline", "shop"});
  EXPECT_EQ(line.pipeline.action, PipelineAction::info);
  EXPECT_EQ(line.destination.pipeline, "shop");
  EXPECT_TRUE(line.destination.read_only);
  EXPECT_TRUE(line.run.conninfo.empty()) << "the source is not asked";
  line = parsed({"pipeline", "shop", "loads"});
  EXPECT_EQ(line.pipeline.limit, 20U);
  line = parsed({"pipeline", "shop", "drop", "orders", "sales.items", "--yes"});
  EXPECT_EQ(line.pipeline.action, PipelineAction::drop);
  ASSERT_EQ(line.pipeline.tables.size(), 2U);
  EXPECT_EQ(line.pipeline.tables[0].full_name(), "public.orders");
  EXPECT_EQ(line.run.tables.size(), 2U) << "the configuration's stay what they are";
  EXPECT_TRUE(line.run.conninfo.empty());
  EXPECT_EQ(parsed({"pipeline", "shop", "drop"}).run.conninfo, "host='db' dbname='shop'");
  EXPECT_TRUE(parsed({"pipeline", "shop", "drop", "--destination-only"}).run.conninfo.empty());
  EXPECT_EQ(parsed({"pipeline", "shop", "schema"}).pipeline.action, PipelineAction::schema);
  // A file that no configuration knows, also with a pipeline name that is not valid for a slot.
  EXPECT_EQ(parsed({"pipeline", "My Pipe", "--destination", "x.duckdb"}).destination.pipeline, "My Pipe");
  ASSERT_EQ(parsed({"pipeline", "--list"}).pipeline.listed.size(), 1U);
  EXPECT_EQ(parsed({"pipeline", "--list"}).pipeline.listed[0].destination, "duckdb:///shop.duckdb");

  EXPECT_NE(refused({"pipeline", "shop", "lods"}).find("Did you mean loads?"), std::string::npos);
  EXPECT_NE(refused({"pipeline", "info"}).find("is in the place of the pipeline's name"), std::string::npos);
  EXPECT_NE(refused({"pipeline", "shop", "info", "--yes"}).find("--yes belongs to"), std::string::npos);
  EXPECT_NE(refused({"pipeline", "shop", "info", "orders"}).find("belongs to"), std::string::npos);
  EXPECT_NE(refused({"pipeline", "shop", "schema", "--limit", "3"}).find("--limit belongs to"), std::string::npos);
  EXPECT_NE(refused({"pipeline", "nope"}).find("unknown pipeline \"nope\""), std::string::npos);
}

}  // namespace
}  // namespace walbrook::cli

#include "test/scenario/configurations.h"

#include <algorithm>
#include <iterator>

namespace walbrook::test {

const std::vector<Configuration>& configurations() {
  static const std::vector<Configuration> all = {
      {.name = "defaults", .pairwise = true},
      {.name = "one_row_batches", .flags = {"--batch-rows", "1"}, .only_where_named = true},
      {.name = "text", .flags = {"--format", "text"}, .only_where_named = true},
      {.name = "binary", .flags = {"--format", "binary"}, .only_where_named = true},
      // Also with the oldest protocol and as text, so that every file runs with both.
      {.name = "killed_after_every_commit",
       .flags = {"--format", "text", "--batch-rows", "1", "--protocol", "1"},
       .killed = true,
       .pairwise = true},
      {.name = "followed",
       .flags = {"--format", "text", "--batch-rows", "1"},
       .mode = RunMode::followed,
       .pairwise = true,
       .only_where_named = true},
      {.name = "followed_and_killed",
       .flags = {"--protocol", "1"},
       .mode = RunMode::followed,
       .killed = true,
       .pairwise = true,
       .only_where_named = true},
      {.name = "restarted",
       .flags = {"--format", "text", "--protocol", "1"},
       .mode = RunMode::restarted,
       .pairwise = true,
       .only_where_named = true},
      {.name = "restarted_and_killed",
       .flags = {"--batch-rows", "1"},
       .mode = RunMode::restarted,
       .killed = true,
       .pairwise = true,
       .only_where_named = true},
      {.name = "ceiling_of_1_mib", .flags = {"--batch-bytes", "1048576"}, .only_where_named = true},
      // Transactions are spooled in many parts.
      {.name = "ceiling_of_4_kib", .flags = {"--batch-bytes", "4096"}, .only_where_named = true},
      {.name = "protocol_1", .flags = {"--protocol", "1"}, .only_where_named = true},
      // The first hundred or so changes are sent before their transaction ends.
      {.name = "streamed", .flags = {"--logical-decoding-work-mem", "64kB"}, .only_where_named = true},
      {.name = "streamed_and_killed",
       .flags = {"--logical-decoding-work-mem", "64kB", "--batch-bytes", "32768"},
       .killed = true,
       .only_where_named = true},
      {.name = "two_phase", .flags = {"--two-phase"}, .only_where_named = true, .first_server = 15},
      {.name = "two_phase_streamed",
       .flags = {"--two-phase", "--logical-decoding-work-mem", "64kB"},
       .only_where_named = true,
       .first_server = 15},
  };
  return all;
}

const std::vector<TestedDestination>& tested_destinations() {
  static const std::vector<TestedDestination> all = {
      {.name = "duckdb"},
      {.name = "duckdb_enums", .flags = {"--enum-columns"}, .only_where_named = true},
      {.name = "postgresql", .kind = TestedDestination::Kind::postgresql},
      {.name = "postgresql_keyed",
       .kind = TestedDestination::Kind::postgresql,
       .flags = {"--primary-key"},
       .only_where_named = true},
      {.name = "postgresql_typed",
       .kind = TestedDestination::Kind::postgresql,
       .flags = {"--create-types"},
       .only_where_named = true},
      {.name = "parquet", .kind = TestedDestination::Kind::files, .format = "parquet"},
      {.name = "parquet_compacted",
       .kind = TestedDestination::Kind::files,
       .format = "parquet",
       .compacted = true,
       .only_where_named = true},
      {.name = "csv", .kind = TestedDestination::Kind::files, .format = "csv", .only_where_named = true},
      {.name = "jsonl", .kind = TestedDestination::Kind::files, .format = "jsonl", .only_where_named = true},
      {.name = "ducklake", .kind = TestedDestination::Kind::ducklake, .format = "file"},
      {.name = "ducklake_postgresql", .kind = TestedDestination::Kind::ducklake, .format = "postgresql"},
      // Each commit goes into Parquet files, which are put in order after each run.
      {.name = "ducklake_compacted",
       .kind = TestedDestination::Kind::ducklake,
       .flags = {"--inline-rows", "0"},
       .format = "file",
       .compacted = true,
       .only_where_named = true},
      {.name = "ducklake_sqlite",
       .kind = TestedDestination::Kind::ducklake,
       .format = "sqlite",
       .only_where_named = true},
  };
  return all;
}

bool Configuration::loads_each_change() const {
  const auto flag = std::ranges::find(flags, "--batch-rows");
  return flag != flags.end() && *std::next(flag) == "1";
}

bool TestedDestination::takes(const Configuration& configuration) const {
  return kind != Kind::ducklake || !configuration.loads_each_change();
}

std::string test_name(const Configuration& configuration, const TestedDestination& destination) {
  if (destination.name == "duckdb") return configuration.name;
  const bool defaults = configuration.name == "defaults";
  return (defaults ? "" : configuration.name + "_") + "to_" + destination.name;
}

}  // namespace walbrook::test

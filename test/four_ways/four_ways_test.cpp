// Random tables and rows give the same values in four ways: by the snapshot and by the stream, each in text and in
// binary form. PostgreSQL decides what is right.
//
// WALBROOK_SEED runs one other seed. What a seed gives stays the same as long as the generators do not change.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "test/four_ways/four_copies.h"
#include "test/four_ways/random_tables.h"
#include "test/four_ways/smallest_differences.h"
#include "test/support/oracle.h"

namespace walbrook::test {
namespace {

constexpr std::size_t values_in_binary = 1'400'000;
constexpr std::size_t values_of_all_types = 600'000;

std::vector<std::uint64_t> seeds() {
  const char* set = std::getenv("WALBROOK_SEED");
  if (set == nullptr || *set == '\0') return {1};
  return {std::strtoull(set, nullptr, 10)};
}

PostgresServer& logging_server() {
  static PostgresServer server(
      {.settings = {"log_line_prefix=%a@%d ", "log_statement=all", "log_replication_commands=on"}});
  return server;
}

// WALBROOK_VALUES gives each test another number of values; 40000 is enough while a generator is written.
std::size_t values(std::size_t standard) {
  const char* set = std::getenv("WALBROOK_VALUES");
  return set == nullptr || *set == '\0' ? standard : std::strtoull(set, nullptr, 10);
}

// On a server without pgvector (tools/install-pgvector) a seed gives other tables.
const ServerTypes& server_types() {
  static const ServerTypes types{
      .major = logging_server().major(),
      .vectors = Sql(logging_server().conninfo())
                     .value("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'") == "1"};
  return types;
}

void create_extensions(Sql& sql) {
  for (const auto& name : generated_extensions(server_types())) sql.exec("CREATE EXTENSION " + name + " SCHEMA public");
}

class FourWays : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  using Way = FourCopies::Way;
  using Form = FourCopies::Form;

  FourWays() : database_(logging_server()), source_(database_.conninfo()), copies_(database_) {}

  // Streams begin while the tables are empty, so that all rows arrive through them.
  void copy_four_times(const RandomTables& tables, std::size_t count) {
    create_extensions(source_);
    tables.create(source_);
    source_.exec("CREATE PUBLICATION walbrook FOR ALL TABLES");
    ASSERT_EQ(copies_.run(Way::stream), "");
    const auto before = copied_tables(Way::stream);
    tables.fill(source_, count);
    ASSERT_EQ(copies_.run(Way::stream), "");
    EXPECT_EQ(copied_tables(Way::stream), before) << "a table was copied again";
    ASSERT_EQ(copies_.run(Way::snapshot), "");
  }

  [[nodiscard]] std::size_t copied_tables(Way way) const {
    return copies_.commands(copies_.copy(way, Form::text), "COPY ").size() +
           copies_.commands(copies_.copy(way, Form::binary), "COPY ").size();
  }

  void expect_equal(const RandomTables& tables) {
    SCOPED_TRACE(fmt::format("WALBROOK_SEED={}", GetParam()));
    Comparison comparison{.conninfo = database_.conninfo(), .file = copies_.files().at(0)};
    const auto from_source = differences(comparison);
    EXPECT_EQ(from_source, "");
    SmallestDifferences search(database_.conninfo(), copies_.files());
    for (const auto& table : tables.tables()) {
      EXPECT_EQ(search.between_copies(table.name), "");
      if (from_source.empty()) continue;
      EXPECT_EQ(search.from_source(table.name), "");
    }
  }

  ScratchDatabase database_;
  Sql source_;
  FourCopies copies_;
};

TEST_P(FourWays, types_with_a_binary_parser_are_equal) {
  const RandomTables tables(GetParam(), Selection::binary, server_types());
  copy_four_times(tables, values(values_in_binary));
  expect_equal(tables);

  const auto& snapshot = copies_.copy(Way::snapshot, Form::binary);
  EXPECT_EQ(copies_.commands(snapshot, "COPY ").size(), copies_.commands(snapshot, "(FORMAT binary)").size());
  EXPECT_GE(copies_.commands(snapshot, "COPY ").size(), tables.tables().size());
  const auto& stream = copies_.copy(Way::stream, Form::binary);
  EXPECT_EQ(copies_.commands(stream, "START_REPLICATION").size(), copies_.commands(stream, "binary 'true'").size());
  EXPECT_GE(copies_.commands(stream, "START_REPLICATION").size(), 1U);
  for (const auto way : {Way::snapshot, Way::stream}) {
    const auto& text = copies_.copy(way, Form::text);
    EXPECT_TRUE(copies_.commands(text, "(FORMAT binary)").empty());
    EXPECT_TRUE(copies_.commands(text, "binary 'true'").empty());
  }
}

// What walbrook cannot read in binary form it fetches again as text.
TEST_P(FourWays, all_types_are_equal) {
  const RandomTables tables(GetParam(), Selection::all, server_types());
  copy_four_times(tables, values(values_of_all_types));
  expect_equal(tables);
}

INSTANTIATE_TEST_SUITE_P(Seeds, FourWays, ::testing::ValuesIn(seeds()), ::testing::PrintToStringParamName());

// Arrays have the generators of their elements. Domains, enums and composites are made of other types.
TEST(TypeGenerators, every_type_of_the_server_has_one) {
  const ScratchDatabase database(logging_server());
  Sql sql(database.conninfo());
  create_extensions(sql);
  const auto generators = type_generators(server_types());
  std::set<std::string> known;
  for (const auto& [name, generator] : generators) known.insert(name);
  for (const auto& [name, reason] : types_without_generator()) {
    EXPECT_TRUE(known.insert(name).second) << name << " has a generator, and a reason to have none";
  }
  for (const auto& row : sql.query("SELECT n.nspname || '.' || t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = "
                                   "t.typnamespace WHERE t.typtype IN ('b', 'r', 'm') AND NOT EXISTS "
                                   "(SELECT FROM pg_type e WHERE e.typarray = t.oid)")) {
    EXPECT_EQ(known.erase(*row[0]), 1U) << "the type " << *row[0] << " has no generator";
  }
  for (const auto& name : known) ADD_FAILURE() << "the server has no type " << name;
}

}  // namespace
}  // namespace walbrook::test

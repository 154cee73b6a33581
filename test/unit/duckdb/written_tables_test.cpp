// Many small tables within DuckDB's default memory.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "test/unit/duckdb/duckdb_case.h"

namespace walbrook::contract {
namespace {

constexpr int group = 200;  // as many small tables are copied together
constexpr int groups = 3;
constexpr std::size_t columns_of_one = 24;  // of each table; they take 16 KB each: 230 MB for all

class WrittenTablesTest : public DuckDbCase {
 protected:
  // Creates the tables from `first` on, each with one row, in one copy.
  void copy_tables(int first, int count) {
    std::vector<OutputRecord> records;
    for (int n = first; n < first + count; ++n) {
      TableSchema schema =
          *table(fmt::format("t{}", n), {{"id", int4, key}, {"c1", int4}}, 20'000 + static_cast<Oid>(n));
      while (schema.columns.size() < columns_of_one) {
        schema.columns.push_back(schema.columns.back());
        schema.columns.back().name = fmt::format("c{}", schema.columns.size());
      }
      records.push_back(record(std::make_shared<const TableSchema>(std::move(schema))));
    }
    std::vector<destination::CopyTarget> targets;
    for (const auto& each : records) targets.push_back({.output = &each, .schema = each.columns});
    const auto writer = destination().begin_copy(targets);
    for (std::size_t i = 0; i < records.size(); ++i) {
      writer->append(i, inserts(records[i].columns, {std::vector<Cell>(columns_of_one, 7)}));
    }
    writer->finish();
  }
};

TEST_F(WrittenTablesTest, p5_tables_that_are_copied_one_after_the_other_take_no_more_memory_than_there_is) {
  open();
  for (int n = 0; n < groups; ++n) {
    copy_tables(n * group, group);
    load(0x2000 + static_cast<std::uint64_t>(n), [](Transaction&) {});
  }
  EXPECT_EQ(ask("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"),
            Strings{std::to_string(groups * group)});
}

TEST_F(WrittenTablesTest, tables_that_are_copied_together_get_the_memory_that_they_need) {
  open();
  copy_tables(0, groups * group);
  EXPECT_EQ(ask("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"),
            Strings{std::to_string(groups * group)});
}

}  // namespace
}  // namespace walbrook::contract

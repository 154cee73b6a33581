// TPC-H at scale 0.1, copied and then changed as by the benchmark's refresh functions: RF1 adds new orders with their
// lines, RF2 removes old ones. All 22 queries give the same answer from the target tables as from PostgreSQL.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "test/integration/tpch_data.h"
#include "test/integration/tpch_queries.h"
#include "test/support/duck_reader.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

constexpr double scale = 0.1;
constexpr std::uint64_t seed = 19'920'101;
constexpr auto csv_options = "(FORMAT csv, DELIMITER '|')";

void load(Sql& sql, const tpch::Data& data) {
  for (const auto& table : tpch::tables()) {
    sql.exec(fmt::format("CREATE TABLE {}({})", table.name, table.columns));
    sql.copy_in(table.name, csv_options, data.csv(table.name));
  }
  for (const auto& index : tpch::indexes()) sql.exec(index);
  sql.exec("ANALYZE");
}

// Adds a thousandth of the orders, in two transactions.
void refresh_new(Sql& sql, const tpch::Data& data) {
  for (const std::uint64_t half : {1, 2}) {
    const auto fresh = data.new_orders(data.orders() / 2'000, seed + half);
    sql.exec("BEGIN; CREATE TEMP TABLE fresh_orders (LIKE orders); CREATE TEMP TABLE fresh_lines (LIKE lineitem)");
    sql.copy_in("fresh_orders", csv_options, fresh.orders);
    sql.copy_in("fresh_lines", csv_options, fresh.lines);
    const auto other_keys = half == 1 ? "0" : "8";
    sql.exec(
        fmt::format("UPDATE fresh_orders SET o_orderkey = o_orderkey + {0}; "
                    "UPDATE fresh_lines SET l_orderkey = l_orderkey + {0}; "
                    "INSERT INTO orders TABLE fresh_orders; INSERT INTO lineitem TABLE fresh_lines; "
                    "DROP TABLE fresh_orders, fresh_lines; COMMIT",
                    other_keys));
  }
}

// Removes a thousandth of the orders, the oldest, lines first.
void refresh_old(Sql& sql) {
  sql.exec(
      "CREATE TEMP TABLE stale AS SELECT o_orderkey FROM orders ORDER BY o_orderdate, o_orderkey LIMIT (SELECT "
      "count(*) / 1000 FROM orders); DELETE FROM lineitem USING stale WHERE l_orderkey = o_orderkey; DELETE FROM "
      "orders USING stale WHERE orders.o_orderkey = stale.o_orderkey; DROP TABLE stale");
}

// Trailing zeros of a fraction have no meaning: PostgreSQL keeps more of them than DuckDB.
std::string without_trailing_zeros(std::string number) {
  if (number.find('.') == std::string::npos || number.find_first_not_of("-.0123456789") != std::string::npos) {
    return number;
  }
  number.erase(number.find_last_not_of('0') + 1);
  if (number.back() == '.') number.pop_back();
  return number;
}

// Exact if both sides compute exactly; averages and quotients are DOUBLE in DuckDB, with 15 digits.
bool same_cell(const std::optional<std::string>& expected, const std::optional<std::string>& found, bool is_double) {
  if (!expected || !found) return expected == found;
  if (!is_double) return without_trailing_zeros(*expected) == without_trailing_zeros(*found);
  const double one = std::stod(*expected);
  const double other = std::stod(*found);
  return std::abs(one - other) <= 1e-12 * std::max(std::abs(one), std::abs(other));
}

std::string shown(const SqlRow& row) {
  std::string text;
  for (const auto& cell : row) text += (text.empty() ? "" : " | ") + cell.value_or("NULL");
  return text;
}

void expect_equal_answers(Sql& source, DuckReader& copy, std::size_t number) {
  const std::string query(tpch::queries().at(number - 1));
  const auto expected = source.query(query);
  const auto found = copy.query(query);
  std::vector<bool> is_double;
  for (const auto& column : copy.query("SELECT column_type FROM (DESCRIBE " + query + ")")) {
    is_double.push_back(column[0] == "DOUBLE");
  }
  ASSERT_FALSE(expected.empty() || !expected[0][0]) << "query " << number << " finds nothing";
  ASSERT_EQ(found.size(), expected.size()) << "rows of query " << number;
  for (std::size_t row = 0; row < expected.size(); ++row) {
    for (std::size_t column = 0; column < expected[row].size(); ++column) {
      ASSERT_TRUE(same_cell(expected[row][column], found[row].at(column), is_double.at(column)))
          << "query " << number << ", row " << row << "\nsource: " << shown(expected[row])
          << "\ncopy:   " << shown(found[row]);
    }
  }
}

void run_and_ask(const ReplicatedDatabase& db, Sql& source, const char* when) {
  const auto result = db.pipeline.run();
  ASSERT_EQ(result.exit_code, 0) << when << "\n" << result.describe();
  DuckReader copy(db.file());
  copy.exec("SET schema = 'public'");
  for (std::size_t number = 1; number <= tpch::queries().size(); ++number) {
    SCOPED_TRACE(when);
    expect_equal_answers(source, copy, number);
  }
}

TEST(Tpch, all_22_queries_give_the_same_answer) {
  const ReplicatedDatabase db;
  Sql source(db.conninfo());
  const tpch::Data data(scale, seed);
  load(source, data);
  run_and_ask(db, source, "copied");
  refresh_new(source, data);
  refresh_old(source);
  run_and_ask(db, source, "new orders came and old ones went");
  EXPECT_EQ(db.differences(), "");
}

}  // namespace
}  // namespace walbrook::test

// The TPC-H schema and data for it, generated from a seed: row counts, key relations and value ranges follow the public
// specification (4.2), so that each of the 22 queries finds something. The texts are shorter than dbgen's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace walbrook::test::tpch {

struct Table {
  std::string name;
  std::string columns;  // for CREATE TABLE
};
// The tables, in an order in which rows can be loaded. CHAR(n) of the specification is VARCHAR if values are shorter
// than n: a target table holds the blanks of a CHAR, and DuckDB's = does not ignore them.
[[nodiscard]] const std::vector<Table>& tables();

// Without these indexes, PostgreSQL takes minutes for queries 17 and 20.
[[nodiscard]] const std::vector<std::string>& indexes();

// Generates rows for COPY … (FORMAT csv, DELIMITER '|').
class Data {
 public:
  Data(double scale, std::uint64_t seed);

  [[nodiscard]] const std::string& csv(const std::string& table) const;
  [[nodiscard]] long orders() const { return orders_; }

  // RF1: `count` new orders with their lines, with keys that are free in the data.
  struct Refresh {
    std::string orders;
    std::string lines;
  };
  [[nodiscard]] Refresh new_orders(long count, std::uint64_t seed) const;

 private:
  std::vector<std::pair<std::string, std::string>> csv_;  // by table
  long parts_ = 0;
  long suppliers_ = 0;
  long customers_ = 0;
  long orders_ = 0;
};

}  // namespace walbrook::test::tpch

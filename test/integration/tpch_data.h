// The TPC-H schema and data for it, made here from a seed: row counts, key relations and value ranges of the public
// specification (4.2), so that each of the 22 queries has something to find. The texts are shorter than dbgen's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace walbrook::test::tpch {

struct Table {
  std::string name;
  std::string columns;  // for CREATE TABLE
};
// In an order in which rows can be loaded. CHAR(n) of the specification is VARCHAR where values are shorter than n: a
// copy holds the blanks of a CHAR, and DuckDB's = does not ignore them.
[[nodiscard]] const std::vector<Table>& tables();

// Without these PostgreSQL's answers to 17 and 20 take minutes.
[[nodiscard]] const std::vector<std::string>& indexes();

// Rows for COPY … (FORMAT csv, DELIMITER '|').
class Data {
 public:
  Data(double scale, std::uint64_t seed);

  [[nodiscard]] const std::string& csv(const std::string& table) const;
  [[nodiscard]] long orders() const { return orders_; }

  // RF1: `count` new orders with their lines, under keys that the data leave free.
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

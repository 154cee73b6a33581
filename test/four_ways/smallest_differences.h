// Compares copies of one database with each other, and shows the smallest value of each column that differs.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "test/support/duck_reader.h"
#include "test/support/source_tables.h"
#include "test/support/sql.h"

namespace walbrook::test {

// The tables have a key `id`, and are in the schema public on both sides.
class SmallestDifferences {
 public:
  // Opens DuckDB files whose names are those of the copies. No process may have them open for writing.
  SmallestDifferences(const std::string& conninfo, const std::vector<std::filesystem::path>& files);

  // Returns "" if the table is the same in all copies: its columns, their types, and all values, each in the same of
  // column and overflow column. Otherwise it shows one value of each column that differs.
  [[nodiscard]] std::string between_copies(const std::string& table);

  // Shows one value of each column in which the first copy differs from the source. "": there is none.
  [[nodiscard]] std::string from_source(const std::string& table);

 private:
  [[nodiscard]] const PublishedTable& published(const std::string& table) const;
  // Returns the overflow column as an expression.
  [[nodiscard]] std::string overflow_in(const std::string& copy, const std::string& table,
                                        const std::string& column) const;
  [[nodiscard]] std::string differs(const std::string& other, const std::string& table, const std::string& column);
  [[nodiscard]] std::string between_two(const std::string& other, const std::string& table);
  [[nodiscard]] std::string smallest(const std::string& table, const SourceColumn& column,
                                     const std::vector<std::string>& ids);

  Sql source_;
  std::vector<PublishedTable> tables_;
  std::vector<std::string> copies_;
  std::vector<std::filesystem::path> files_;
  DuckReader reader_;
  std::map<std::string, std::map<std::string, std::map<std::string, std::string>>>
      columns_;  // copy, table, name → type
};

}  // namespace walbrook::test

// The source as the oracle: every published table, value by value, against a DuckDB file.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace walbrook::test {

struct Comparison {
  std::string conninfo;  // of the source, as somebody who may read everything
  std::string publication = "walbrook";
  std::filesystem::path file;       // the DuckDB file; nobody may have it open for writing
  std::vector<std::string> tables;  // "schema.name" in the source; empty = all that are published
  std::string dataset;              // schema of all copies; "" = the schema each table has in the source
  // Columns that the source no longer has and the copy keeps: "schema.name" → names.
  std::map<std::string, std::set<std::string>> gone_columns;
};

// "" when both sides are equal; otherwise one line for each difference, the first ones of each table with key and
// values.
//
// Equal means: every table stands in the copy under its own name, in state streaming, with the source's columns and
// their types, with no other columns but overflow columns, with the same rows; and no table stands there that the state
// does not know.
[[nodiscard]] std::string differences(const Comparison& comparison);

}  // namespace walbrook::test

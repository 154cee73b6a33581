// A destination as the oracle (oracle.h) reads it, by its own client and without any code of walbrook.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "test/support/source_tables.h"
#include "test/support/sql.h"

namespace walbrook::test {

// A table according to the state in the destination.
struct CopiedTable {
  std::string schema;
  std::string name;
  std::string state;
  std::string reason;

  [[nodiscard]] std::string sql_name() const { return quote_name(schema) + "." + quote_name(name); }
};

// The position of a source column in the target table.
struct CopiedColumn {
  std::string value;
  std::string overflow;  // "": there is none
};

class CopyReader {
 public:
  CopyReader() = default;
  CopyReader(const CopyReader&) = delete;
  CopyReader& operator=(const CopyReader&) = delete;
  virtual ~CopyReader() = default;

  // Names that differ by case alone are one: the second gets a suffix.
  [[nodiscard]] virtual bool folds_case() const = 0;
  [[nodiscard]] virtual std::vector<SqlRow> query(const std::string& sql) = 0;
  // Returns the schema and name of every table but those of the state.
  [[nodiscard]] virtual std::vector<SqlRow> tables() = 0;
  // Returns the columns of a table and their types; nullopt: there is no such table.
  [[nodiscard]] virtual std::optional<std::map<std::string, std::string>> column_types(const CopiedTable& table) = 0;
  // Returns the type that the column should have instead of `type`; "": it has the right one.
  [[nodiscard]] virtual std::string other_type(const SourceColumn& column, const std::string& type) = 0;
  // Both return all rows, one text each, cell by cell (row_difference.h). Equal values have equal texts on both sides.
  // `columns` are those of table.columns.
  [[nodiscard]] virtual std::vector<std::string> source_rows(Sql& source, const PublishedTable& table) = 0;
  [[nodiscard]] virtual std::vector<std::string> copied_rows(Sql& source, const PublishedTable& table,
                                                             const CopiedTable& target,
                                                             const std::vector<CopiedColumn>& columns) = 0;
};

}  // namespace walbrook::test

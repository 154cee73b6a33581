// Table names as a person writes them. What works in psql works here.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace walbrook::postgres {

// A table that the user requested: "schema.table", or "table" in the schema `public`, with optional columns.
struct TableName {
  std::string schema;
  std::string name;
  std::vector<std::string> columns;                                            // empty = all
  [[nodiscard]] std::string full_name() const { return schema + "." + name; }  // for people, not for SQL
  friend bool operator==(const TableName&, const TableName&) = default;
};
// Parses the syntax of `--table`: schema.table(col,col), with parts quoted as in SQL where needed. Throws
// Error(configuration).
[[nodiscard]] TableName parse_table_name(std::string_view text);
// Returns one part of such a name, in double quotes if it needs them.
[[nodiscard]] std::string quoted_name(std::string_view name);
// Removes the quoted name at the front of `rest`, and returns it without its quotes. Returns nullopt if the quotes are
// not closed. REQUIRES: `rest` begins with a double quote.
[[nodiscard]] std::optional<std::string> take_quoted_name(std::string_view& rest);

// Which table a person means by an unquoted name, if tables have names that differ only by case.
//
// SQL reads public.Orders as public.orders. If both tables exist, that would be the wrong one. So the exact spelling is
// tried first, and then any case, provided that only one table has such a name. A part in double quotes is exact.
struct WrittenName {
  TableName read;   // as SQL reads it (parse_table_name), with its columns
  TableName exact;  // the same with its letters as written
  bool schema_is_quoted = false, name_is_quoted = false;
  // Returns whether another table than `read` may be meant.
  [[nodiscard]] bool has_capitals() const { return read.schema != exact.schema || read.name != exact.name; }
};

// Throws Error(configuration), as parse_table_name does.
[[nodiscard]] WrittenName parse_written_name(std::string_view text);
// Returns the table among `known` that is meant, whatever its columns are, or nullopt if none has that name in any
// case. Throws Error(configuration) that lists the candidates if several have it and none is spelled exactly so.
[[nodiscard]] std::optional<TableName> meant_table(const WrittenName& written, std::span<const TableName> known);

}  // namespace walbrook::postgres

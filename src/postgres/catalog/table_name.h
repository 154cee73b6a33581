// Names of tables as a person writes them: what works in psql works here.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace walbrook::postgres {

// A table that the user asked for: "schema.table" or "table" (then in `public`), with optional columns.
struct TableName {
  std::string schema;
  std::string name;
  std::vector<std::string> columns;                                            // empty = all
  [[nodiscard]] std::string full_name() const { return schema + "." + name; }  // for people, not for SQL
  friend bool operator==(const TableName&, const TableName&) = default;
};
// `--table` syntax: schema.table(col,col), parts quoted as in SQL where needed. Throws Error(configuration).
[[nodiscard]] TableName parse_table_name(std::string_view text);
// One part of such a name, in double quotes where it needs them; and what stands in the quotes that `rest` begins with,
// which then begins behind them. nullopt: they are not closed.
[[nodiscard]] std::string quoted_name(std::string_view name);
[[nodiscard]] std::optional<std::string> take_quoted_name(std::string_view& rest);

// Which table a person means by a name without quotes, where tables differ by the case of their names alone.
//
// SQL reads public.Orders as public.orders. Where both tables exist that would be the wrong one, so the letters count
// first as they were written; then any case, if one table alone has such a name. A part in double quotes is exact.
struct WrittenName {
  TableName read;   // as SQL reads it (parse_table_name), with its columns
  TableName exact;  // the same with its letters as they were written
  bool schema_is_quoted = false, name_is_quoted = false;
  // Another table than `read` may be meant.
  [[nodiscard]] bool has_capitals() const { return read.schema != exact.schema || read.name != exact.name; }
};

// Throws what parse_table_name does.
[[nodiscard]] WrittenName parse_written_name(std::string_view text);
// The one of `known` that is meant, whatever its columns; nullopt: none has that name in any case. Throws
// Error(configuration) that lists them where several do and none is written like that.
[[nodiscard]] std::optional<TableName> meant_table(const WrittenName& written, std::span<const TableName> known);

}  // namespace walbrook::postgres

#include "postgres/snapshot/part_condition.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/quoting.h"
#include "base/text.h"

namespace walbrook::postgres {
namespace {

constexpr std::array<std::pair<Oid, std::string_view>, 12> key_types = {{{16, "bool"},
                                                                         {20, "int8"},
                                                                         {21, "int2"},
                                                                         {23, "int4"},
                                                                         {25, "text"},
                                                                         {1042, "bpchar"},
                                                                         {1043, "varchar"},
                                                                         {1082, "date"},
                                                                         {1114, "timestamp"},
                                                                         {1184, "timestamptz"},
                                                                         {1700, "numeric"},
                                                                         {2950, "uuid"}}};

// What the table is called where the condition is evaluated over keys alone.
constexpr std::string_view key_relation = "walbrook_keys";

std::vector<std::string> key_names(const TableSchema& columns) {
  std::vector<std::string> names;
  for (const auto& column : columns.columns) {
    if (column.in_key) names.push_back(quote_identifier(column.name));
  }
  return names;
}

// An array literal of texts.
std::string array_literal(const std::vector<std::string>& texts) {
  std::string array = "{";
  for (const auto& text : texts) {
    if (array.size() > 1) array += ',';
    array += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') array += '\\';
      array += c;
    }
    array += '"';
  }
  return quote_literal(array + "}");
}

}  // namespace

std::string_view key_type_name(Oid type) {
  const auto* const found = std::ranges::find(key_types, type, &std::pair<Oid, std::string_view>::first);
  return found == key_types.end() ? std::string_view() : found->second;
}

std::string enclosed(const std::string& condition) {
  return "(" + condition + "\n)";
}

void check_condition(Connection& connection, const TableSchema& columns, const std::string& condition) {
  const auto keys = key_names(columns);
  connection.execute("BEGIN READ ONLY", "beginning a transaction");
  try {
    connection.query_one(fmt::format("SELECT 1 FROM (SELECT {} FROM {}.{} LIMIT 0) AS {} WHERE {} LIMIT 0",
                                     fmt::join(keys, ", "), quote_identifier(columns.schema),
                                     quote_identifier(columns.name), key_relation, enclosed(condition)),
                         "checking the condition");
  } catch (const Error& refused) {
    if (refused.kind() == ErrorKind::connection || refused.kind() == ErrorKind::permission_denied) throw;
    std::vector<std::string> shown;
    for (const auto& column : columns.columns) {
      if (column.in_key) shown.push_back(printable(column.name));
    }
    throw Error(ErrorKind::configuration, fmt::format("nothing is resynced: {}", refused.cause()),
                fmt::format("The condition may use the columns of the key of {} ({}), without the table's name. Names "
                            "of functions and of other tables need their schema.",
                            printable(columns.full_name()), fmt::join(shown, ", ")),
                refused.facts());
  }
  connection.execute("COMMIT", "ending the transaction");
}

std::string keys_sql(const std::string& schema, const std::string& name, const TableSchema& columns,
                     const KeyTexts& keys, const std::string& condition) {
  std::vector<std::string> selected, values;
  for (const auto& column : columns.columns) {
    selected.push_back(column.in_key ? quote_identifier(column.name) : "NULL");
    if (!column.in_key) continue;
    values.push_back(
        fmt::format("{}::pg_catalog.{}[]", array_literal(keys.at(values.size())), key_type_name(column.type_oid)));
  }
  const auto names = fmt::format("{}", fmt::join(key_names(columns), ", "));
  // The first query returns nothing: by it the columns of the union have the collations of the table's.
  return fmt::format(
      "SELECT {} FROM (SELECT {} FROM {}.{} WHERE false UNION ALL SELECT * FROM unnest({}) AS given({})) AS {} WHERE "
      "{}",
      fmt::join(selected, ", "), names, quote_identifier(schema), quote_identifier(name), fmt::join(values, ", "),
      names, key_relation, enclosed(condition));
}

}  // namespace walbrook::postgres

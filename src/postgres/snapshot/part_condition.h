// The SQL for a part of a table: the rows that satisfy a condition over the columns of its key.
//
// The condition is the user's text. It is evaluated over the table itself, and over keys that are sent to the server,
// because the copy has them. That both mean the same follows from how it is checked: in a query that has the columns of
// the key and nothing else, neither the table's name nor its other columns.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/table_schema.h"
#include "postgres/connection/connection.h"

namespace walbrook::postgres {

// Keys as text that the server reads as the columns' types: for each column of the key, in the order of the table's
// columns, the values of all keys.
using KeyTexts = std::vector<std::vector<std::string>>;

// The SQL name of a type that keys may have; "" for any other. These types have the same text in every destination.
[[nodiscard]] std::string_view key_type_name(Oid type);

// The condition in parentheses. A comment at its end does not reach further.
[[nodiscard]] std::string enclosed(const std::string& condition);

// Throws Error(configuration) with the server's reason if the condition is not SQL, or uses anything but columns of the
// table's key. No row is read. REQUIRES: `columns` has a key of types that have a key_type_name.
void check_condition(Connection& connection, const TableSchema& columns, const std::string& condition);

// A query for those of `keys` that satisfy the condition: rows with all of `columns`, NULL out of the key. The types
// and the collations are those of the table's columns.
[[nodiscard]] std::string keys_sql(const std::string& schema, const std::string& name, const TableSchema& columns,
                                   const KeyTexts& keys, const std::string& condition);

}  // namespace walbrook::postgres

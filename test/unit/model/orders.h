// A small table for tests of schemas: id (its key), note, amount numeric(12,2).
#pragma once

#include <string>
#include <utility>

#include "model/table_schema.h"

namespace walbrook {

inline ColumnSchema named_column(std::string name, Oid oid = type_oid::int4, Layout layout = Layout::int32) {
  return {.name = std::move(name), .type_oid = oid, .typmod = -1, .in_key = false, .type = {layout}, .binary = true};
}

inline TableSchema orders() {
  TableSchema table{.oid = 16400, .schema = "public", .name = "orders"};
  table.columns = {named_column("id"), named_column("note", type_oid::text, Layout::utf8),
                   named_column("amount", type_oid::numeric)};
  table.columns[0].in_key = true;
  table.columns[2].typmod = 786438;
  table.columns[2].type = {Layout::decimal, 12, 2};
  return table;
}

}  // namespace walbrook

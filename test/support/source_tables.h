// What the target tables of a publication must hold, according to the source's catalog.
#pragma once

#include <string>
#include <vector>

#include "test/support/canonical.h"
#include "test/support/sql.h"

namespace walbrook::test {

struct SourceColumn {
  std::string name;
  BaseType type;
  std::string declared;  // the type's schema and name, without quotes: "public.mood", "public._mood" for an array
  bool in_key = false;   // of the primary key, which identifies a row in a difference
};

// A published table. The partitions of one root are one table.
struct PublishedTable {
  std::string schema;
  std::string name;
  std::vector<SourceColumn> columns;  // published and not generated
  std::string rows;                   // SQL for FROM: the rows that are published

  [[nodiscard]] std::string full_name() const { return schema + "." + name; }
};

// `publication`: one name, or several with commas between them.
[[nodiscard]] std::vector<PublishedTable> published_tables(Sql& sql, const std::string& publication);

}  // namespace walbrook::test

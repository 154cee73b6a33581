// A publication that walbrook made: it says so in its comment, and only such a one is changed or dropped.
#pragma once

#include <string>
#include <vector>

#include "source/slot.h"

namespace walbrook::source {

inline constexpr const char* all_operations = "insert, update, delete, truncate";

[[nodiscard]] bool is_own_publication(Connection& catalog, const std::string& name);
void mark_as_own(Connection& catalog, const std::string& name);
// Nothing happens where there is none, or where it is somebody else's.
void drop_own_publication(Connection& catalog, const std::string& name);

struct WantedPublication {
  std::string name;
  std::string schema;             // of which all tables are wanted, where `tables` is empty
  std::vector<TableName> tables;  // with schema; columns: a column list (15+)
  std::string publish = all_operations;
};

struct MadePublication {
  bool created = false;
  std::vector<std::string> added;  // tables, in words for people
  bool follows_schema = false;     // later tables of the schema are published as well
  std::string note;                // why not, where that was wanted
};

// Makes it, or adds to it what is missing; nothing is taken out. A publication that is not walbrook's is left as it is:
// Error(source_not_ready) with the SQL for its owner where a table is missing. Error(rights) with the SQL where the
// role may not.
MadePublication make_publication(Connection& catalog, const WantedPublication& wanted);

}  // namespace walbrook::source

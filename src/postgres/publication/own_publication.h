// A publication that walbrook made: it says so in its comment, and only such a one is changed or dropped.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "postgres/slot/slot.h"

namespace walbrook::postgres {

inline constexpr const char* all_operations = "insert, update, delete, truncate";

// What the comment of a publication that walbrook made says of it.
struct OwnMark {
  std::string schema;  // all of whose tables it was made for, later ones included; empty = for tables by name
};
// nullopt: there is none of that name, or somebody else made it.
[[nodiscard]] std::optional<OwnMark> read_own_mark(Connection& catalog, const std::string& name);
[[nodiscard]] bool is_own_publication(Connection& catalog, const std::string& name);
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
  std::vector<std::string> added;      // tables, in words for people
  std::vector<LeftOutTable> left_out;  // of those that were wanted
};

// Makes it as a list of tables, or adds to it what is missing. A table whose UPDATE or DELETE the source would refuse
// is left out; kept_publication.h names it, and adds it once it has a replica identity. A publication that is not
// walbrook's is left as it is: Error(source_not_ready) with the SQL for its owner where a table is missing.
// Error(permission_denied) with the SQL where the role may not.
MadePublication make_publication(Connection& catalog, const WantedPublication& wanted);
// Runs an ALTER or CREATE PUBLICATION, and `then` in the same transaction. Error(permission_denied) where the role may
// not, with `sql` alone.
void change_publication(Connection& catalog, const std::string& name, const std::string& sql,
                        const std::string& then = {});

}  // namespace walbrook::postgres

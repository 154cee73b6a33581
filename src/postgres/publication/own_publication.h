// A publication that walbrook created. Its comment marks it as such, and only a marked one is changed or dropped.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "postgres/slot/slot.h"

namespace walbrook::postgres {

inline constexpr const char* all_operations = "insert, update, delete, truncate";

// What the comment of a publication that walbrook created records.
struct OwnMark {
  std::string schema = {};  // created for all its tables, later ones included; empty = for tables by name
  bool keyless = false;     // created for tables without replica identity (keyless.h)
};
// Returns nullopt if there is no publication of that name, or if somebody else created it.
[[nodiscard]] std::optional<OwnMark> read_own_mark(Connection& catalog, const std::string& name);
[[nodiscard]] bool is_own_publication(Connection& catalog, const std::string& name);
// Returns the SQL that marks a publication. It runs after the one that creates it, in the same transaction.
[[nodiscard]] std::string mark_sql(const Connection& catalog, const std::string& name, const OwnMark& mark);
// Does nothing if there is no such publication, or if it is somebody else's.
void drop_own_publication(Connection& catalog, const std::string& name);

struct WantedPublication {
  std::string name;
  std::string schema;             // all of its tables are wanted if `tables` is empty
  std::vector<TableName> tables;  // with schema; columns: a column list (15+)
  std::string publish = all_operations;
};

struct MadePublication {
  bool created = false;
  std::vector<std::string> added;      // names of tables, for people
  std::vector<LeftOutTable> left_out;  // wanted, but left out
};

// Creates the publication as a list of tables, or adds to it what is missing. A table whose UPDATE or DELETE the source
// would refuse is left out; kept_publication.h names it, and adds it once it has a replica identity. A publication that
// is not walbrook's is not changed. Throws Error(source_not_ready) with the SQL for its owner if a table is missing
// from it, and Error(permission_denied) with the SQL if the role may not run it.
MadePublication make_publication(Connection& catalog, const WantedPublication& wanted);
// Runs an ALTER or CREATE PUBLICATION, and `then` in the same transaction. Throws Error(permission_denied) with `sql`
// alone if the role may not run it.
void change_publication(Connection& catalog, const std::string& name, const std::string& sql,
                        const std::string& then = {});

}  // namespace walbrook::postgres

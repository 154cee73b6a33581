// The types of the destination's server, by which the columns of target tables are declared.
//
// Built-in types have the same OIDs on all servers. A type of an extension is found by its name; where the extension is
// missing, its values are text. Types have no modifiers (numeric without precision, varchar without length), so that no
// value is rounded or cut, and a change of a modifier in the source changes nothing here. Users' types are found by
// schema and name (user_types.h).
#pragma once

#include <map>
#include <optional>
#include <string>

#include "destination/postgres/session.h"
#include "destination/target.h"
#include "model/table_schema.h"

namespace walbrook::destination::postgresql {

struct ServerType {
  Oid oid = 0;
  std::string sql;            // as a statement names it
  bool has_equality = false;  // by the default operator class of btree
};

class ServerTypes {
 public:
  explicit ServerTypes(Session& session);
  // From now on values of the user's type of that name are text.
  void leave_out(const std::string& user_type) { of_users_.erase(user_type); }

  // Returns the type of a column. Layouts that PostgreSQL has no type for (structures, maps, arrays of these) are text.
  [[nodiscard]] ServerType of(const PhysicalType& type) const;
  // Returns the type of a target's column; nullopt if `columns` no longer has the source's column.
  [[nodiscard]] std::optional<ServerType> of(const TargetColumn& column, const TableSchema& columns) const;
  // Returns the name of the type whose extension this database lacks, so that its values are text; "": there is none.
  [[nodiscard]] std::string missing(const PhysicalType& type) const;

 private:
  struct Known {
    ServerType type;
    Oid array = 0;
  };
  [[nodiscard]] ServerType native(const std::string& name) const;
  [[nodiscard]] const Known* find(const std::string& name) const;
  [[nodiscard]] static ServerType array_of(const Known& element);
  [[nodiscard]] const Known& built_in(Oid oid) const;

  std::map<Oid, Known> built_in_;
  std::map<std::string, Known> of_extensions_;  // by their name without a schema
  std::map<std::string, Known> of_users_;       // enums, domains and composites, by their name with a schema
};

// "CREATE TABLE schema.table (…)".
[[nodiscard]] std::string create_sql(const ServerTypes& types, const Target& target, const TableSchema& columns);
// The type's name for people, without a server at hand: "numeric(12,2)".
[[nodiscard]] std::string type_label(const PhysicalType& type);

}  // namespace walbrook::destination::postgresql

// Compares target tables in the database with what walbrook made: anybody may drop or alter them.
//
// An OID would not survive a dump of the database: see target_difference.h.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "destination/destination.h"
#include "destination/postgres/server_types.h"
#include "destination/postgres/state.h"
#include "destination/target_difference.h"

namespace walbrook::destination::postgresql {

class TargetCheck {
 public:
  // Borrows both. The catalog is read at the first call of difference(), once for all tables.
  TargetCheck(Session& session, const ServerTypes& types) : session_(session), types_(types) {}

  // Returns how the target differs from what walbrook made; nullopt if it does not. Added columns are ignored, and so
  // are columns that the source's table no longer has. Without `columns`, types are not compared.
  [[nodiscard]] std::optional<TargetDifference> difference(const Target& target, const TableSchema* columns);

 private:
  struct Relation {
    bool is_table = false;
    std::map<std::string, std::pair<Oid, std::string>> columns;  // name → type and its name for people
  };

  void read();

  Session& session_;
  const ServerTypes& types_;
  bool is_read_ = false;
  std::set<std::string> schemas_;
  std::map<std::pair<std::string, std::string>, Relation> relations_;
};

// A table or another object that has the target's name.
[[nodiscard]] std::optional<NameConflict> find_name_conflict(Session& session, StateTables& state,
                                                             const std::string& pipeline, const OutputRecord& output);
// Throws Error(destination) if find_name_conflict finds one.
void check_owner(Session& session, StateTables& state, const std::string& pipeline, const OutputRecord& output);

// Runs `work`, which changes one target table. A refusal of the server that concerns the table becomes a TargetRefused.
template <class Work>
auto on_target(const Work& work) {
  try {
    return work();
  } catch (const ServerError& failed) {
    if (!failed.concerns_table()) throw;
    throw TargetRefused(failed.cause(), failed.remedy());
  }
}

}  // namespace walbrook::destination::postgresql

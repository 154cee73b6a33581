// The tables of a run, found by OID and by their name in the source.
#pragma once

#include <map>
#include <string>
#include <unordered_map>

#include "replication/core/synced_table.h"

namespace walbrook::replication {

class KnownTables {
 public:
  [[nodiscard]] SyncedTable* find(Oid oid);
  [[nodiscard]] const SyncedTable* find(Oid oid) const;
  [[nodiscard]] SyncedTable* find(const std::string& schema, const std::string& name);
  // By OID. The keys, and the names of the records, change by the methods below alone.
  [[nodiscard]] std::map<Oid, SyncedTable>& all() { return tables_; }
  [[nodiscard]] const std::map<Oid, SyncedTable>& all() const { return tables_; }

  // REQUIRES: no table has its OID. Pointers to the others stay good, with all three.
  SyncedTable& add(TableRecord record);
  // The table was dropped and created again. REQUIRES: no table has that OID.
  void renumber(SyncedTable& table, Oid oid);
  void remove(Oid oid);

 private:
  std::map<Oid, SyncedTable> tables_;
  std::unordered_map<std::string, Oid> by_name_;
};

}  // namespace walbrook::replication

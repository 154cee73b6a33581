// The tables of a run, found by OID and by their name in the source, and their outputs, found by id.
#pragma once

#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "replication/core/synced_table.h"

namespace walbrook::replication {

class KnownTables {
 public:
  [[nodiscard]] SyncedTable* find(Oid oid);
  [[nodiscard]] const SyncedTable* find(Oid oid) const;
  [[nodiscard]] SyncedTable* find(const std::string& schema, const std::string& name);
  [[nodiscard]] FoundOutput find(OutputId output);
  // All tables, by OID. Only the methods below change the keys, the names in the records and the number of outputs.
  [[nodiscard]] std::map<Oid, SyncedTable>& all() { return tables_; }
  [[nodiscard]] const std::map<Oid, SyncedTable>& all() const { return tables_; }

  [[nodiscard]] destination::State state() const;  // all records

  // REQUIRES: no table has its OID. Pointers to other tables stay valid, as they do with all five methods.
  SyncedTable& add(TableRecord record);
  // REQUIRES: no output has its id. Invalidates pointers to the table's outputs.
  SyncedOutput& add_output(SyncedTable& table, OutputRecord record);
  // Gives the table, which was dropped and created again, its new OID. REQUIRES: no table has that OID.
  void renumber(SyncedTable& table, Oid oid);
  // Gives the tables with these OIDs these names. REQUIRES: no other table has one of them.
  void rename(std::span<const TableRecord> names);
  void remove(Oid oid);

 private:
  std::map<Oid, SyncedTable> tables_;
  std::unordered_map<std::string, Oid> by_name_;
  std::unordered_map<std::uint32_t, Oid> by_output_;
};

}  // namespace walbrook::replication

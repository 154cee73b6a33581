// Records that were put into a transaction and are not written yet: many of them are written by few statements.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "destination/state.h"

namespace walbrook::destination {

class PendingRecords {
 public:
  // Of two records with the same OID or the same name, the later one replaces the earlier one.
  void put(const TableRecord& record);
  // Of two records with the same id, the later one replaces the earlier one.
  void put(const OutputRecord& record);

  // Both return the records that were put since the last call.
  [[nodiscard]] std::vector<TableRecord> take_tables();
  [[nodiscard]] std::vector<OutputRecord> take_outputs();

 private:
  std::map<Oid, TableRecord> tables_;
  std::map<std::pair<std::string, std::string>, Oid> table_names_;  // index of tables_ by schema and name in the source
  std::map<OutputId, OutputRecord> outputs_;
};

// Returns the outputs whose state does not let a finished copy be swapped in any more: their copies are to be dropped.
[[nodiscard]] std::set<OutputId> outputs_without_copy(std::span<const OutputRecord> records);

}  // namespace walbrook::destination

// What changes need in target tables: columns that are added before the changes are applied.
//
// Changes of a transaction that is spooled or prepared are applied with its commit, perhaps much later: the target may
// have been copied again since, or another process may be at work. So their needs are collected from the changes
// themselves, and compared with the targets at the start of the load that applies them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/batch.h"
#include "replication/core/columns_in_place.h"
#include "replication/core/table_sync.h"

namespace walbrook::replication {

// Returns the columns of which values go to their overflow columns.
[[nodiscard]] std::set<std::string> overflow_columns_of(const RowBatch& batch);

class TargetNeeds {
 public:
  // Operations are added in the order in which they are applied.
  void add(const std::vector<Operation>& operations);
  void add(const Operation& operation);
  void add_rows(const TableSchemaRef& schema, const std::set<std::string>& overflow);
  void add(std::shared_ptr<const AlteredTable> altered);

  // By table, the columns with values that go to their overflow columns.
  [[nodiscard]] std::map<Oid, std::set<std::string>> overflow_columns(TableSync& sync) const;
  // By output that has its changes alone, the columns of the newest changes, of which the target lacks some.
  [[nodiscard]] std::map<OutputId, TableSchemaRef> new_columns(TableSync& sync) const;
  // How the target of one output follows the columns of the changes in place; nullopt: there is nothing to follow, or
  // it cannot. REQUIRES: `record` is the record that it has before these changes.
  [[nodiscard]] std::optional<Adaptation> adaptation(const TableSync& sync, const SyncedTable& table,
                                                     const OutputRecord& record) const;
  // The same, by output that streams.
  [[nodiscard]] Adaptations adaptations(TableSync& sync) const;

 private:
  struct OfRelation {
    std::vector<RowsVersion> versions;  // of its changes, in their order, each once
    std::vector<std::shared_ptr<const AlteredTable>> altered;
    std::set<std::string> overflow;
  };
  // Calls `visit` with the table, the record and the needs of each output that takes changes.
  [[nodiscard]] static std::optional<Adaptation> adaptation(const TableSync& sync, const SyncedTable& table,
                                                            const OutputRecord& record, const OfRelation& needs);
  template <class Visit>
  void for_each_streaming(TableSync& sync, const Visit& visit) const;

  std::map<Oid, OfRelation> relations_;
};

}  // namespace walbrook::replication

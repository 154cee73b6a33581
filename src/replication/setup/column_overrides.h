// Resolves column overrides against the columns of a table: which names, types and comments they result in.
#pragma once

#include <string>
#include <vector>

#include "destination/destination.h"
#include "replication/core/column_selection.h"
#include "walbrook/columns.h"

namespace walbrook::replication {

// The overrides of a source table's columns. An empty schema means the table of that name in whichever schema.
struct TableOverrides {
  std::string schema;
  std::string name;
  ColumnOverrides columns;
};

// `table` has the columns as they follow from the source. Throws Error(configuration) with the reason for a column that
// does not exist, and for an override that would lose values or change what the target table means. `former` has the
// columns as they were copied, or is nullptr. An override that no longer fits because the source was altered since then
// is not an error: it is passed over, as a run with `follow` does.
enum class PassedOver { is_logged, is_silent };
[[nodiscard]] ResolvedOverrides resolve_overrides(const TableSchema& table, const ColumnOverrides& overrides,
                                                  const destination::Destination& destination,
                                                  const TableSchema* former = nullptr,
                                                  PassedOver passed_over = PassedOver::is_logged);
// Resolves the overrides of tables of a publication. Also throws Error(configuration) for a table that is not in it.
// `records` are the destination's records.
[[nodiscard]] std::vector<ResolvedTableOverrides> resolve_overrides(
    const std::vector<TableOverrides>& tables, const postgres::Publication& publication, postgres::Connection& catalog,
    TypeCatalog& types, const destination::Destination& destination,
    const std::vector<destination::OutputRecord>& records = {}, PassedOver passed_over = PassedOver::is_logged);

}  // namespace walbrook::replication

// Column overrides against what a table's columns are, and what of them is to be done.
#pragma once

#include <string>
#include <vector>

#include "destination/destination.h"
#include "replication/core/column_selection.h"
#include "walbrook/columns.h"

namespace walbrook::replication {

// A table of the source and what is asked of its columns; a schema "" is the table of that name, wherever it is.
struct TableOverrides {
  std::string schema;
  std::string name;
  ColumnOverrides columns;
};

// `table`: its columns as they follow from the source. Error(configuration) with the reason: a column that is not
// there, or an override that would lose values or change what the copy means.
// `former`: the columns as they were copied, or nullptr. An override that fits no longer because the source was altered
// since then refuses nothing: it is passed over, as a run that follows passes it over.
enum class PassedOver { is_logged, is_silent };
[[nodiscard]] ResolvedOverrides resolve_overrides(const TableSchema& table, const ColumnOverrides& overrides,
                                                  const destination::Destination& destination,
                                                  const TableSchema* former = nullptr,
                                                  PassedOver passed_over = PassedOver::is_logged);
// The same for tables of a publication; also Error(configuration) for one that is not in it. `records`: what the
// destination knows.
[[nodiscard]] std::vector<ResolvedTableOverrides> resolve_overrides(
    const std::vector<TableOverrides>& tables, const postgres::Publication& publication, postgres::Connection& catalog,
    TypeCatalog& types, const destination::Destination& destination,
    const std::vector<destination::OutputRecord>& records = {}, PassedOver passed_over = PassedOver::is_logged);

}  // namespace walbrook::replication

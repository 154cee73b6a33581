// Column hints against what a table's columns are, and what of them is to be done.
#pragma once

#include <string>
#include <vector>

#include "destination/destination.h"
#include "replication/core/column_selection.h"
#include "walbrook/columns.h"

namespace walbrook::replication {

// A table of the source and what is asked of its columns; a schema "" is the table of that name, wherever it is.
struct HintedTable {
  std::string schema;
  std::string name;
  ColumnHints hints;
};

// `table`: its columns as they follow from the source. Error(configuration) with the reason: a column that is not
// there, or a hint that would lose values or change what the copy means.
// `former`: the columns as they were copied, or nullptr. A hint that fits no longer because the source was altered
// since then refuses nothing: it is passed over, as a run that follows passes it over.
enum class PassedOver { is_logged, is_silent };
[[nodiscard]] ColumnWishes wishes_of(const TableSchema& table, const ColumnHints& hints,
                                     const destination::Destination& destination, const TableSchema* former = nullptr,
                                     PassedOver passed_over = PassedOver::is_logged);
// The same for tables of a publication; also Error(configuration) for one that is not in it. `records`: what the
// destination knows.
[[nodiscard]] std::vector<WishedTable> wishes_of(const std::vector<HintedTable>& tables,
                                                 const postgres::Publication& publication,
                                                 postgres::Connection& catalog, TypeCatalog& types,
                                                 const destination::Destination& destination,
                                                 const std::vector<destination::OutputRecord>& records = {},
                                                 PassedOver passed_over = PassedOver::is_logged);

}  // namespace walbrook::replication

// Tables whose rows are not to be copied (--no-snapshot). They need no snapshot, and no changes may wait for one: those
// would be lost with the process, and no copy would bring them again. So the empty target is created and swapped in
// before the next package is applied, and the table goes from `pending` to `streaming` at once.
//
// The state `copying` is stored before, together with what else the catalog poll changed: a table that was renamed has
// a record under each name, and the new one must not be there alone. A crash in between leaves an empty copy that
// nobody sees. No checkpoint has passed a change of the table by then, and the next run begins it again.
#include <algorithm>
#include <iterator>

#include "destination/target_shape.h"
#include "replication/core/loader.h"

namespace walbrook::replication {

void Loader::begin_with_changes(const std::vector<SyncedTable*>& ordered, std::stop_token stop) {
  std::vector<SyncedTable*> tables;
  std::ranges::copy_if(ordered, std::back_inserter(tables), [](const SyncedTable* table) {
    return table->record.state == TableState::copying && copies_no_rows(table->record);
  });
  std::erase_if(tables, [&](SyncedTable* table) {
    try {
      static_cast<void>(
          destination::target_column_names(destination_.capabilities().names, sync_.style(), *table->source.described));
      return false;
    } catch (const Error& refused) {
      if (refused.kind() != ErrorKind::data) throw;
      quarantine(*table, refused.what());
      statistics_.table(*table);
      with_retries([&] { store({table->record}); }, stop);
      return true;
    }
  });
  if (tables.empty()) return;
  std::vector<TableRecord> records;
  std::vector<destination::CopyTarget> copies;
  records.reserve(tables.size());
  for (auto* table : tables) {
    table->copied = checkpoint_;
    table->copied_columns = table->source.described;
    table->copied_rows = 0;
    const auto& record = records.emplace_back(promoted_record(*table));
    copies.push_back({.table = &record, .schema = table->copied_columns});
  }
  with_retries([&] { destination_.begin_copy(copies)->finish(); }, stop);
  while (!tables.empty()) {
    try {
      with_retries([&] { promote(tables, checkpoint_); }, stop);
      return are_promoted(tables);
    } catch (const TableFailed& failed) {
      promotion_failed(failed, stop);
      std::erase_if(tables, [&failed](const SyncedTable* table) { return table->record.oid == failed.table(); });
    }
  }
}

}  // namespace walbrook::replication

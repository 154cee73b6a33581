#include "destination/filesystem/compaction.h"

#include <fmt/format.h>

#include "destination/filesystem/file_names.h"
#include "destination/filesystem/views.h"

namespace walbrook::destination::filesystem {

std::vector<DataFile> write_current_state(const WriteContext& context, const FileTarget& target,
                                          std::int64_t generation) {
  const auto& table = target.table;
  const auto path_of = [&](const std::string& name) { return context.storage->path_of(name); };
  const auto history = "(" + history_query(table, target.files, context.format, path_of) + ")";
  const auto rows = fmt::format("(SELECT * REPLACE ('{}' AS {}, NULL::VARCHAR[] AS {}) FROM ({}))", copied_operation,
                                duckdb::identifier(table.change_column(MetadataColumn::operation).name),
                                duckdb::identifier(table.change_column(MetadataColumn::unchanged).name),
                                latest_query(table, history));
  // Finding the latest versions holds rows of all columns, as writing a table does.
  context.database->make_room_for_table(table.schema + "." + table.table, table.columns.size());
  duckdb::Connection connection(context.database);
  auto file = write_rows(context, connection, table, rows, {.date = "", .stem = snapshot_stem(generation), .part = 1});
  if (file.rows > 0) return {std::move(file)};
  context.storage->remove(file.name);
  return {};
}

}  // namespace walbrook::destination::filesystem

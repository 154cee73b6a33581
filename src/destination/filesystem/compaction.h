// Replaces a table's files by its current state: one row for each that readers see, and no history.
//
// A row keeps what describes the change that wrote it, except that its operation becomes that of a copied row. Changes
// that come later have a later position, so they apply to it.
#pragma once

#include "destination/duckdb/connection.h"
#include "destination/filesystem/file_writer.h"
#include "destination/filesystem/manifest.h"

namespace walbrook::destination::filesystem {

// Writes the current state of the target's files to a new one, with the number `generation`, and returns it; no file if
// the table has no rows. The names are durable after Storage::sync.
[[nodiscard]] std::vector<DataFile> write_current_state(const WriteContext& context, const FileTarget& target,
                                                        std::int64_t generation);

}  // namespace walbrook::destination::filesystem

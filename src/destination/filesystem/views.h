// The SQL by which readers see tables of files: DuckDB's views over lists of files, by absolute paths.
//
// A view shows the current state of its table. With a key, that is each row that no later update or deletion of its key
// follows, by commit LSN and by the number of the change in its transaction. Without a key, rows are a multiset: a row
// is there as often as it was written more than it was deleted. A view names the files that the table consists of, so
// files of a batch that is not whole, or that came later, are not part of it.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "destination/filesystem/file_table.h"
#include "destination/filesystem/manifest.h"

namespace walbrook::destination::filesystem {

using PathOf = std::function<std::string(const std::string& name)>;  // Storage::path_of

// Returns a query for all rows of the files, with all columns of the table as readers see them.
[[nodiscard]] std::string history_query(const FileTable& table, std::span<const DataFile> files, Format format,
                                        const PathOf& path_of);
// Returns a query for the rows that are in the table after all changes of `history`, a query in parentheses or the name
// of a table that has the columns of `table`. current_query has the columns that readers see, latest_query all of them:
// each row has those of the change that wrote it.
[[nodiscard]] std::string latest_query(const FileTable& table, const std::string& history);
[[nodiscard]] std::string current_query(const FileTable& table, const std::string& history);

// Returns statements that create the views of the pipeline's tables, in one transaction.
[[nodiscard]] std::string views_text(const Manifest& manifest, const std::string& pipeline, Format format,
                                     const PathOf& path_of);

}  // namespace walbrook::destination::filesystem

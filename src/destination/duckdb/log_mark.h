// Checks that a log belongs to the file beside it.
//
// DuckDB (1.5.5, in the storage format that it writes by default) replays NAME.wal into NAME whatever file it was
// written for. The log of another file, or a log that is newer than the older copy of its file beside it (as after a
// restore from a backup), changes the file without any message. So every row of _walbrook.checkpoint carries a mark,
// which is in the log as plain text, like each value of a row that is written there. Before a file that has a log is
// opened, the marks in the log are compared with the file.
//
// A mark is "walbrook-log:<id of the file, 32 hex digits>:<counter, 16 hex digits>;". The id is in _walbrook.format.
// The counter is that of the file's header when the row was written; each checkpoint increments it and starts the log
// again. It may be read just before another connection's checkpoint, so a log may contain a smaller counter than it
// belongs to, and never a larger one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace walbrook::destination::duckdb {

struct LogMark {
  std::string file_id;
  std::uint64_t file_checkpoints = 0;
};

// Returns the counter as a mark contains it.
[[nodiscard]] std::string mark_counter(std::uint64_t file_checkpoints);
// Returns every mark in these bytes.
[[nodiscard]] std::vector<LogMark> marks_in(std::string_view bytes);

// Throws Error(destination) if the log of the file at `path` belongs to another file or to a newer state of it. A log
// without marks (of a user's own commits) passes, as does anything that cannot be read: opening the file then reports
// the reason. The log is not checked if this user may not write the folder: for the check, the file gets a second name
// there for a moment. REQUIRES: this process has no handle on the file (closing one drops the locks of all).
void refuse_foreign_log(const std::string& path);

}  // namespace walbrook::destination::duckdb

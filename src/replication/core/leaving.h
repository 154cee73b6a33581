// A table that left the publication gets every change that was published before it left.
//
// The catalog is read now, but those changes come later: from the slot's backlog, and from transactions that were open
// when the table left. The server decides for each change by its catalog as of that change, so nothing wrong comes for
// a table that has left; it only has to be known how long something may come. Worked:
//
//   0/50  T1 begins and writes the table, ID 700
//   0/60  ALTER PUBLICATION … DROP TABLE commits
//   0/70  the catalog is read: the table is gone. The next ID is 702, T1 is open      → leaves_xid = 702
//   0/80  T1 commits: its changes are sent
//   0/90  the catalog is read again: nothing below 702 is open                        → leaves_at = 0/90
//         the checkpoint reaches 0/90                                                 → removed
//
// leaves_xid and leaves_at are in the table's record, set by note_leaving and reset by end_leaving; they are durable,
// so that a run that ends in between changes nothing. The table's outputs are `streaming` meanwhile.
#pragma once

#include "destination/destination.h"
#include "postgres/catalog/catalog_moment.h"

namespace walbrook::replication {

[[nodiscard]] inline bool is_leaving(const destination::TableRecord& table) {
  return table.leaves_xid != 0;
}
// Notes that the publication, read before `moment`, no longer holds this table. Returns true if the record changed.
// REQUIRES: an output of the table is streaming.
[[nodiscard]] bool note_leaving(destination::TableRecord& table, const postgres::CatalogMoment& moment);
// The table leaves, and nothing that was published before is still to come, since everything up to `checkpoint` is
// applied. With `nothing_comes` that is true of every table that leaves: the backlog cannot be read.
inline constexpr Lsn nothing_comes{~std::uint64_t{0}};
[[nodiscard]] bool has_left(const destination::TableRecord& table, Lsn checkpoint);
// Ends the leaving: the table has left, or is published again.
void end_leaving(destination::TableRecord& table);
// Marks the output removed, because its table is not published any more. Its last copy stays.
void remove_from_copy(destination::OutputRecord& output);

// Marks the output as one that no table has any more: its table gave up its name.
void leave_without_source(destination::OutputRecord& record, const std::string& reason);

// Marks the output suspended, with the reason.
void suspend(destination::OutputRecord& output, std::string reason);
// Decides about an output of `table` that can be brought up to date only by a new copy. It becomes `pending`, except in
// two cases. If the table leaves, it cannot be copied as it was: the output becomes `removed`. If the output has its
// changes alone, a copy would add rows that nobody asked for, or drop rows that it keeps: it is `suspended` until its
// resync is requested.
void require_copy(const destination::TableRecord& table, destination::OutputRecord& output, const std::string& reason);

}  // namespace walbrook::replication

// A table that left the publication keeps every change that was published before it left.
//
// The catalog is read now, the changes come later: from the slot's backlog, and from transactions that were open when
// the table left. The server decides change by change, by its catalog as of then, so nothing wrong comes for a table
// that has left; it only has to be known how long something may come. Worked:
//
//   0/50  T1 begins and writes the table, ID 700
//   0/60  ALTER PUBLICATION … DROP TABLE commits
//   0/70  the catalog is read: the table is gone. The next ID is 702, T1 is open      → leaves_xid = 702
//   0/80  T1 commits: its changes are sent
//   0/90  the catalog is read again: nobody below 702 is open                         → leaves_at = 0/90
//         the checkpoint reaches 0/90                                                 → removed
//
// All of it is in the table's record, so that a run that ends in between changes nothing.
#pragma once

#include "destination/destination.h"
#include "postgres/catalog/catalog_moment.h"

namespace walbrook::replication {

[[nodiscard]] inline bool is_leaving(const destination::TableRecord& table) {
  return table.leaves_xid != 0;
}
// The publication, read before `moment`, no longer holds this table, of which an output is streaming. True: the record
// changed.
[[nodiscard]] bool note_leaving(destination::TableRecord& table, const postgres::CatalogMoment& moment);
// Everything up to `checkpoint` is applied: nothing that was published before it left is still to come. So it is for
// `nothing_comes`, where the backlog cannot be read.
inline constexpr Lsn nothing_comes{~std::uint64_t{0}};
[[nodiscard]] bool has_left(const destination::TableRecord& table, Lsn checkpoint);
// It has left, or has come back.
void end_leaving(destination::TableRecord& table);
// The output's table is gone. Its last copy stays.
void remove_from_copy(destination::OutputRecord& output);

// It cannot go on, with the reason.
void suspend(destination::OutputRecord& output, std::string reason);
// What becomes of an output of `table` that could go on only with a new copy: `pending`, to be copied. Where the table
// leaves it cannot be copied as it was, it becomes `removed`. One that is to have its changes alone would gain rows
// that nobody wants, or lose those that it keeps: it is suspended until its resync is requested.
void require_copy(const destination::TableRecord& table, destination::OutputRecord& output, const std::string& reason);

}  // namespace walbrook::replication

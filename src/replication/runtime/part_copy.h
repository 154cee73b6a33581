// Copies a part of a table as of one exported snapshot (core/part_request.h).
//
// The keys of the target's rows are sent to the source, which returns those that satisfy the condition; then the
// source's rows are read. Both go to a spool of the part's own, which the result hands over to the loader. The target
// goes on changing meanwhile, and its keys may be read at any moment: rows that the stream adds or removes from now on
// are in the output's spooled changes, which are applied after the part.
#pragma once

#include <stop_token>

#include "postgres/snapshot/snapshot_reader.h"
#include "replication/core/part_order.h"
#include "replication/runtime/snapshot_copier.h"

namespace walbrook::replication {

// Borrowed.
struct PartSurroundings {
  const SnapshotCopierOptions& options;
  destination::Destination& destination;
  TypeCatalog& types;
};

// Does not throw an Error: the result says how it ended.
[[nodiscard]] PartResult copy_part(const PartSurroundings& around, const PartOrder& order,
                                   const postgres::SlotWait& wait, const std::stop_token& stop);

}  // namespace walbrook::replication

// What goes when a pipeline goes: its slot, the publication where walbrook made it, its copies and its state.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "destination/destination.h"
#include "postgres/slot/slot.h"

namespace walbrook::replication {

struct SourceNames {
  std::string slot;
  std::string publication;  // "" = none is to be dropped
};

struct InSource {
  bool slot = false;             // it is there
  bool publication = false;      // it is there
  bool of_walbrook = false;      // and walbrook made it
  bool own_publication = false;  // and not for another copy
};

// What of a pipeline stands in the source. Throws Error(source_not_ready) when it is not the pipeline's source: another
// cluster than the checkpoint's, or a slot of that name that belongs to something else.
[[nodiscard]] InSource find_in_source(postgres::Connection& catalog, const std::string& conninfo,
                                      const SourceNames& names, const destination::Checkpoint& checkpoint);

// What `drop_in_source` would drop although the run that the checkpoint is of did not create it, in words: "slot a". A
// slot that the checkpoint does not name is somebody else's; what init_replication created or found is taken for its
// own.
[[nodiscard]] std::vector<std::string> made_by_others(postgres::Connection& catalog, const SourceNames& names,
                                                      const std::optional<destination::Checkpoint>& checkpoint);

// Slot, and the publication where walbrook made it.
void drop_in_source(postgres::Connection& catalog, const SourceNames& names);

// The source first: what is left of the destination's state after a failure still knows the names, so that the same
// call finishes the work. A slot that somebody reads is an Error, and everything stays.
void drop_pipeline(postgres::Connection& catalog, const SourceNames& names, destination::Destination& destination);

}  // namespace walbrook::replication

// Drops a pipeline: its slot, the publication if walbrook created it, its target tables and its state.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "destination/destination.h"
#include "postgres/slot/slot.h"

namespace walbrook::replication {

struct SourceNames {
  std::string slot;
  std::string publication;  // one, or a list (base/publication_list.h); "" = drop none
};

struct InSource {
  bool slot = false;             // the slot exists
  std::vector<std::string> own;  // publications that walbrook created, and not for another pipeline
  // Publications that exist and stay: others created them, or walbrook for other pipelines.
  std::vector<std::string> of_others, of_other_pipelines;
  bool ddl_trigger = false;  // walbrook's event triggers exist, the role may drop them, and nobody else may need them
};

// Finds what the source has of a pipeline. Throws Error(source_not_ready) if it is not the pipeline's source: another
// cluster than the checkpoint's, or a slot of that name that belongs to something else.
[[nodiscard]] InSource find_in_source(postgres::Connection& catalog, const std::string& conninfo,
                                      const SourceNames& names, const destination::Checkpoint& checkpoint);

// Returns what `drop_in_source` would drop although the run of the checkpoint did not create it, as text: "slot a". A
// slot that the checkpoint does not name belongs to others; what init_replication created or found counts as the
// pipeline's.
[[nodiscard]] std::vector<std::string> made_by_others(postgres::Connection& catalog, const SourceNames& names,
                                                      const std::optional<destination::Checkpoint>& checkpoint);

// Drops the slot, the publications that walbrook created, and its event triggers if the role may drop them and
// nobody else may need them. A standby keeps publications and event triggers, which only the primary can drop.
void drop_in_source(postgres::Connection& catalog, const SourceNames& names);

// Drops the source's part first: after a failure, the destination's remaining state still has the names, so that the
// same call finishes the work. Throws Error if somebody reads the slot; everything stays then.
void drop_pipeline(postgres::Connection& catalog, const SourceNames& names, destination::Destination& destination);

}  // namespace walbrook::replication

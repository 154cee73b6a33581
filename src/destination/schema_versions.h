// The versions of an output's columns, which destinations store with its record for `walbrook pipeline NAME schema`.
//
// A load brings one version for each command that an event trigger described, as of the command's commit, and one for
// whatever else changed the columns, the name or the state `removed`, as of the checkpoint of before or of the copy.
#pragma once

#include <string>
#include <vector>

#include "base/lsn.h"
#include "destination/state.h"

namespace walbrook::destination {

struct SchemaVersion {
  std::string schema, name;  // of the table in the source
  // The columns as JSON (model/table_schema.h), with "removed": true if the output was removed.
  std::string columns;
  Lsn since;  // rows that were committed later may have them
};

// In their order; none before the output's first copy. The first may equal the newest one that is stored, which is then
// not stored again, and each may equal the one before it. `checkpoint`: the one of before the load.
[[nodiscard]] std::vector<SchemaVersion> schema_versions_of(const OutputRecord& record, Lsn checkpoint);

// Whether the columns of a version say that the output was removed.
[[nodiscard]] bool says_removed(const std::string& columns);

}  // namespace walbrook::destination

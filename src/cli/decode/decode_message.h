// Describes one message of a stream for people and programs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/decode/decode_relations.h"

namespace walbrook::cli {

// {"lsn": …, "kind": "Insert", "schema": …, "table": …, "after": {"id": "1", "note": null}, "unchanged": ["body"]}
//
// Values are text as PostgreSQL prints it, byte for byte where the server sent text. A binary value of a type that
// walbrook cannot read is {"hex": "00ff"}. "key" holds only the columns of the replica identity.
[[nodiscard]] nlohmann::ordered_json describe(Lsn lsn, const postgres::Message& message,
                                              const AnnouncedRelations& relations);

}  // namespace walbrook::cli

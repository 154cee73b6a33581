// One message of a stream for people and programs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/decode/decode_relations.h"

namespace walbrook::cli {

// {"lsn": …, "kind": "Insert", "schema": …, "table": …, "after": {"id": "1", "note": null}, "unchanged": ["body"]}
//
// Values are text as PostgreSQL prints it, exactly as it was sent where it was sent as text; a binary value of a type
// that is not read here is {"hex": "00ff"}. Under "key" there are the columns of the replica identity alone.
[[nodiscard]] nlohmann::ordered_json describe(Lsn lsn, const postgres::Message& message,
                                              const AnnouncedRelations& relations);

}  // namespace walbrook::cli

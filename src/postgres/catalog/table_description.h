// What walbrook's event triggers (ddl_trigger.h) say of a table after each command that altered it: transactional
// logical messages, at their place among the changes of the transaction.
//
//   {"table": OID, "schema": …, "name": …, "identity": relreplident, "columns": as in a fingerprint,
//    "attributes", "file", "written": as in a fingerprint, "generated": [attnum…], "key": [attnum…],
//    "missing": {column: text…}}
//                                  the table as the command left it
//   {"rewritten": OID, "schema": …, "name": …}
//                                  the command is about to rewrite its rows, with other values
//   {"undescribed": OID, "schema": …, "name": …}
//                                  it was altered, and could not be described
//   (empty)                        the end of what one command caused
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/source_type.h"

namespace walbrook::postgres {

inline constexpr std::string_view description_prefix = "walbrook.ddl";  // LogicalMessage::prefix

struct TableDescription {
  enum class Kind { altered, rewritten, undescribed };
  struct Column {
    std::string name;
    Oid type = 0;
    std::int32_t typmod = -1;
    bool in_key = false;  // as in a Relation message
  };
  Kind kind = Kind::altered;
  Oid table = 0;
  std::string schema;
  std::string name;
  // Set if altered:
  char identity = 'd';                         // relreplident
  std::vector<Column> columns;                 // without dropped and generated ones
  std::map<std::string, std::string> missing;  // by column: the text of the value that rows of before have
};

// Parses the content of a message, in UTF-8. Throws Error(protocol) if it is none of the above.
[[nodiscard]] TableDescription parse_description(std::string_view content);

}  // namespace walbrook::postgres

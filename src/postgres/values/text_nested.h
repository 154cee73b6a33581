// Text forms of arrays, composites and hstore.
//
// The parsers are built from the parsers of the parts. If a part has no parser, the whole has none.
//
// How deeply values nest is limited by the type (max_type_depth), never by the bytes.
#pragma once

#include <vector>

#include "postgres/values/values.h"

namespace walbrook::postgres {

[[nodiscard]] ValueParser array_text_parser(ValueParser element, char delimiter);
[[nodiscard]] ValueParser record_text_parser(std::vector<ValueParser> fields);
[[nodiscard]] ValueParser hstore_text_parser();

}  // namespace walbrook::postgres

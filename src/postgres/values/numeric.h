// numeric as decimal: either exact or an overflow. Zeros at the end of the fraction do not count as digits: 1.500 fits
// scale 1.
//
// parsers_for (values.h) chooses among these parsers, which are all of the type Parser. The text parser and the binary
// parser of a type end in the same function that appends, so that both forms of a value give the same bits.
#pragma once

#include "postgres/values/values.h"

namespace walbrook::postgres {

ParseStatus parse_numeric_text(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_numeric_binary(std::string_view bytes, const ParseOptions& options, Column& out);

}  // namespace walbrook::postgres

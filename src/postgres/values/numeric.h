// numeric into decimal: exactly, or as an overflow. Zeros at the end of the fraction are no digits that count: 1.500 is
// held by scale 1.
//
// Parsers for parsers_for (values.h), which picks among them; all are of the type Parser. A text parser and the
// binary one of the same type end in one function that appends, so that both forms of a value give the same bits.
#pragma once

#include "postgres/values/values.h"

namespace walbrook::postgres {

ParseStatus parse_numeric_text(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_numeric_binary(std::string_view bytes, const ParseOptions& options, Column& out);

}  // namespace walbrook::postgres

// bit(n) and bit varying. PostgreSQL pads the last byte behind the bits, the column pads the first one before them
// (model/physical_type.h, Layout::bit), so every byte is shifted. No column holds the empty bit string: an overflow.
//
// Parsers for parsers_for (values.h), which picks among them; all are of the type Parser. A text parser and the
// binary one of the same type end in one function that appends, so that both forms of a value give the same bits.
#pragma once

#include "postgres/values/values.h"

namespace walbrook::postgres {

ParseStatus parse_bit_text(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_bit_binary(std::string_view bytes, const ParseOptions& options, Column& out);

}  // namespace walbrook::postgres

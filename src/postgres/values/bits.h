// bit(n) and bit varying. PostgreSQL pads the last byte after the bits, and the column pads the first byte before them
// (model/physical_type.h, Layout::bit), so every byte is shifted. No column holds the empty bit string; it is an
// overflow.
//
// parsers_for (values.h) chooses among these parsers, which are all of the type Parser. The text parser and the binary
// parser of a type end in the same function that appends, so that both forms of a value give the same bits.
#pragma once

#include "postgres/values/values.h"

namespace walbrook::postgres {

ParseStatus parse_bit_text(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_bit_binary(std::string_view bytes, const ParseOptions& options, Column& out);

}  // namespace walbrook::postgres

// Text and binary forms of pgvector's vector and halfvec, as lists of real.
//
// parsers_for (values.h) chooses among these parsers, which are all of the type Parser. Both types print each number
// as a real with all its digits, so both have the same text parser.
#pragma once

#include "postgres/values/values.h"

namespace walbrook::postgres {

ParseStatus parse_vector_text(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_vector_binary(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_halfvec_binary(std::string_view bytes, const ParseOptions& options, Column& out);

}  // namespace walbrook::postgres

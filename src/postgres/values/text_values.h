// Text forms of booleans, numbers, strings, bytea and uuid.
//
// Parsers for parsers_for (values.h), which picks among them; all are of the type Parser. A text parser and the
// binary one of the same type end in one function that appends, so that both forms of a value give the same bits.
#pragma once

#include "postgres/values/values.h"

namespace walbrook::postgres {

ParseStatus parse_bool_text(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_int2_text(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_int4_text(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_int8_text(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_oid_text(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_xid8_text(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_float4_text(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_float4_text_as_float8(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_float8_text(std::string_view bytes, const ParseOptions& options, Column& out);
// A numeric without digits after the point, in a column of another layout; what is none goes to the overflow column.
ParseStatus parse_numeric_text_as_int2(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_numeric_text_as_int4(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_numeric_text_as_int8(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_numeric_text_as_float8(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_utf8(std::string_view bytes, const ParseOptions& options,
                       Column& out);  // text and binary are the same
ParseStatus parse_char1_text(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_bytea_text(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_uuid_text(std::string_view bytes, const ParseOptions& options, Column& out);

// What a "char" is in its column: '' for the byte 0, the character for ASCII, "\ooo" (octal) for the others. That is
// how PostgreSQL prints it since 16; up to 15 it prints the raw byte.
void append_char1(unsigned char value, Column& out);

}  // namespace walbrook::postgres

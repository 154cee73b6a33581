// Text forms of booleans, numbers, strings, bytea and uuid.
//
// parsers_for (values.h) chooses among these parsers, which are all of the type Parser. The text parser and the binary
// parser of a type end in the same function that appends, so that both forms of a value give the same bits.
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
// These append a numeric without digits after the decimal point to a column of another layout. Any other numeric goes
// to the overflow column.
ParseStatus parse_numeric_text_as_int2(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_numeric_text_as_int4(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_numeric_text_as_int8(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_numeric_text_as_float8(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_utf8(std::string_view bytes, const ParseOptions& options,
                       Column& out);  // text and binary are the same
ParseStatus parse_char1_text(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_bytea_text(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_uuid_text(std::string_view bytes, const ParseOptions& options, Column& out);

// Appends a "char" as its column holds it: '' for the byte 0, the character for ASCII, "\ooo" (octal) for other bytes.
// PostgreSQL prints it so since 16; up to 15 it prints the raw byte.
void append_char1(unsigned char value, Column& out);

}  // namespace walbrook::postgres

// Binary forms of booleans, numbers, "char", bytea, uuid and jsonb, as the types' send functions write them.
// (Of text, varchar, bpchar, name, json and enums the binary form is the text.)
//
// Parsers for parsers_for (values.h), which picks among them; all are of the type Parser. A text parser and the
// binary one of the same type end in one function that appends, so that both forms of a value give the same bits.
#pragma once

#include "postgres/values/values.h"

namespace walbrook::postgres {

ParseStatus parse_bool_binary(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_int2_binary(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_int4_binary(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_int8_binary(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_oid_binary(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_xid8_binary(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_float4_binary(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_float8_binary(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_char1_binary(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_bytea_binary(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_uuid_binary(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_jsonb_binary(std::string_view bytes, const ParseOptions& options, Column& out);

}  // namespace walbrook::postgres

// Binary forms of booleans, numbers, "char", bytea, uuid and jsonb, as the types' send functions write them.
// (The binary form of text, varchar, bpchar, name, json and enums is the text.)
//
// parsers_for (values.h) chooses among these parsers, which are all of the type Parser. The text parser and the binary
// parser of a type end in the same function that appends, so that both forms of a value give the same bits.
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

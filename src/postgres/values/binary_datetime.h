// Binary forms of dates and times, as their send functions write them: integers, counted from 2000-01-01.
//
// parsers_for (values.h) chooses among these parsers, which are all of the type Parser. The text parser and the binary
// parser of a type end in the same function that appends, so that both forms of a value give the same bits.
#pragma once

#include "postgres/values/values.h"

namespace walbrook::postgres {

ParseStatus parse_date_binary(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_time_binary(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_timetz_binary(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_timestamp_binary(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_timestamptz_binary(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_interval_binary(std::string_view bytes, const ParseOptions& options, Column& out);

}  // namespace walbrook::postgres

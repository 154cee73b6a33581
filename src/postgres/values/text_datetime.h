// Text forms of dates and times, with DateStyle ISO and IntervalStyle postgres.
//
// parsers_for (values.h) chooses among these parsers, which are all of the type Parser. The text parser and the binary
// parser of a type end in the same function that appends, so that both forms of a value give the same bits.
#pragma once

#include "postgres/values/values.h"

namespace walbrook::postgres {

ParseStatus parse_date_text(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_time_text(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_timetz_text(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_timestamp_text(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_timestamptz_text(std::string_view bytes, const ParseOptions& options, Column& out);
ParseStatus parse_interval_text(std::string_view bytes, const ParseOptions& options, Column& out);

}  // namespace walbrook::postgres

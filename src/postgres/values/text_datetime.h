// Text forms of dates and times, with DateStyle ISO and IntervalStyle postgres.
//
// Parsers for parsers_for (values.h), which picks among them; all are of the type Parser. A text parser and the
// binary one of the same type end in one function that appends, so that both forms of a value give the same bits.
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

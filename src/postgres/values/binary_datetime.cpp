#include "postgres/values/binary_datetime.h"

#include <limits>

#include "base/bytes.h"
#include "postgres/values/datetime.h"

namespace walbrook::postgres {
namespace {

ParseStatus read_timestamp(std::string_view bytes, TimestampKind kind, const ParseOptions& options, Column& out) {
  if (bytes.size() != 8) return ParseStatus::malformed;
  const auto value = ByteReader(bytes).i64();
  if (value == std::numeric_limits<std::int64_t>::max())
    return append_infinite_timestamp(Sign::plus, options.limits, out);
  if (value == std::numeric_limits<std::int64_t>::min())
    return append_infinite_timestamp(Sign::minus, options.limits, out);
  return append_timestamp(value, kind, options.limits, out);
}

}  // namespace

ParseStatus parse_date_binary(std::string_view bytes, const ParseOptions& options, Column& out) {
  if (bytes.size() != 4) return ParseStatus::malformed;
  const auto value = ByteReader(bytes).i32();
  if (value == std::numeric_limits<std::int32_t>::max()) return append_infinite_date(Sign::plus, options.limits, out);
  if (value == std::numeric_limits<std::int32_t>::min()) return append_infinite_date(Sign::minus, options.limits, out);
  return append_date(value, options.limits, out);
}

ParseStatus parse_time_binary(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  return bytes.size() == 8 ? append_time(ByteReader(bytes).i64(), out) : ParseStatus::malformed;
}

// timetz: microseconds:i64 zone:i32, the zone in seconds west of Greenwich.
ParseStatus parse_timetz_binary(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  if (bytes.size() != 12) return ParseStatus::malformed;
  ByteReader in(bytes);
  const auto microseconds = in.i64();
  const auto west = in.i32();
  if (west < -max_zone_seconds || west > max_zone_seconds) return ParseStatus::malformed;
  return append_timetz(microseconds, -west, out);
}

ParseStatus parse_timestamp_binary(std::string_view bytes, const ParseOptions& options, Column& out) {
  return read_timestamp(bytes, TimestampKind::without_zone, options, out);
}

ParseStatus parse_timestamptz_binary(std::string_view bytes, const ParseOptions& options, Column& out) {
  return read_timestamp(bytes, TimestampKind::with_zone, options, out);
}

// interval: microseconds:i64 days:i32 months:i32. Since 17, all three at their maximum (minimum) mean infinity
// (-infinity). Up to 16 the same bytes are the last finite interval of the range. pg_upgrade to 17 turns that one into
// infinity, and so does this parser, because the bytes do not reveal the server's version.
ParseStatus parse_interval_binary(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  if (bytes.size() != 16) return ParseStatus::malformed;
  ByteReader in(bytes);
  Interval value{};
  value.microseconds = in.i64();
  value.days = in.i32();
  value.months = in.i32();
  using Limits32 = std::numeric_limits<std::int32_t>;
  using Limits64 = std::numeric_limits<std::int64_t>;
  if (value == Interval{Limits32::max(), Limits32::max(), Limits64::max()}) {
    return append_infinite_interval(Sign::plus, out);
  }
  if (value == Interval{Limits32::min(), Limits32::min(), Limits64::min()}) {
    return append_infinite_interval(Sign::minus, out);
  }
  out.append(value);
  return ParseStatus::ok;
}

}  // namespace walbrook::postgres

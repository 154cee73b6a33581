#include "postgres/values/binary_values.h"

#include <bit>
#include <cmath>
#include <limits>

#include "base/bytes.h"

namespace walbrook::postgres {
namespace {

template <class Unsigned>
bool read_exactly(std::string_view bytes, Unsigned& value) {
  if (bytes.size() != sizeof(Unsigned)) return false;
  ByteReader in(bytes);
  if constexpr (sizeof(Unsigned) == 2) {
    value = in.u16();
  } else if constexpr (sizeof(Unsigned) == 4) {
    value = in.u32();
  } else {
    value = in.u64();
  }
  return true;
}

template <class Value, class Unsigned>
ParseStatus read_integer(std::string_view bytes, Column& out) {
  Unsigned value = 0;
  if (!read_exactly(bytes, value)) return ParseStatus::malformed;
  out.append(static_cast<Value>(value));
  return ParseStatus::ok;
}

// Every NaN becomes the one that the text form gives, because "NaN" has neither sign nor payload.
template <class Float, class Unsigned>
ParseStatus read_float(std::string_view bytes, const ValueLimits& limits, Column& out) {
  Unsigned bits = 0;
  if (!read_exactly(bytes, bits)) return ParseStatus::malformed;
  const auto value = std::bit_cast<Float>(bits);
  if (std::isnan(value) && !limits.float_nan) {
    out.append_overflow("NaN");
  } else if (std::isinf(value) && !limits.float_infinity) {
    out.append_overflow(value > 0 ? "Infinity" : "-Infinity");
  } else if (value == 0 && std::signbit(value) && !limits.float_negative_zero) {
    out.append_overflow("-0");
  } else {
    out.append(std::isnan(value) ? std::numeric_limits<Float>::quiet_NaN() : value);
  }
  return ParseStatus::ok;
}

}  // namespace

ParseStatus parse_bool_binary(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  if (bytes.size() != 1 || static_cast<unsigned char>(bytes[0]) > 1) return ParseStatus::malformed;
  out.append(static_cast<std::uint8_t>(bytes[0]));
  return ParseStatus::ok;
}

ParseStatus parse_int2_binary(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  return read_integer<std::int16_t, std::uint16_t>(bytes, out);
}
ParseStatus parse_int4_binary(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  return read_integer<std::int32_t, std::uint32_t>(bytes, out);
}
ParseStatus parse_int8_binary(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  return read_integer<std::int64_t, std::uint64_t>(bytes, out);
}
ParseStatus parse_oid_binary(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  return read_integer<std::uint32_t, std::uint32_t>(bytes, out);
}
ParseStatus parse_xid8_binary(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  return read_integer<std::uint64_t, std::uint64_t>(bytes, out);
}
ParseStatus parse_float4_binary(std::string_view bytes, const ParseOptions& options, Column& out) {
  return read_float<float, std::uint32_t>(bytes, options.limits, out);
}
ParseStatus parse_float8_binary(std::string_view bytes, const ParseOptions& options, Column& out) {
  return read_float<double, std::uint64_t>(bytes, options.limits, out);
}

ParseStatus parse_char1_binary(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  if (bytes.size() != 1) return ParseStatus::malformed;
  append_char1(static_cast<unsigned char>(bytes[0]), out);
  return ParseStatus::ok;
}

ParseStatus parse_bytea_binary(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  out.append_bytes(bytes);
  return ParseStatus::ok;
}

ParseStatus parse_uuid_binary(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  if (bytes.size() != 16) return ParseStatus::malformed;
  out.append_bytes(bytes);
  return ParseStatus::ok;
}

// jsonb: version:u8 (1), then the document's text.
ParseStatus parse_jsonb_binary(std::string_view bytes, const ParseOptions& options, Column& out) {
  if (!bytes.starts_with('\x01')) return ParseStatus::malformed;
  return parse_utf8(bytes.substr(1), options, out);
}

}  // namespace walbrook::postgres

#include "postgres/values/text_values.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/utf8.h"
#include "postgres/values/value_text.h"

namespace walbrook::postgres {
namespace {

template <class Integer, class Stored = Integer>
ParseStatus parse_integer(std::string_view bytes, Column& out) {
  Integer value{};
  const char* end = bytes.data() + bytes.size();
  const auto [stopped, error] = std::from_chars(bytes.data(), end, value);
  if (error != std::errc{} || stopped != end) return ParseStatus::malformed;
  const auto stored = static_cast<Stored>(value);
  if (static_cast<Integer>(stored) != value) return ParseStatus::malformed;
  out.append(stored);
  return ParseStatus::ok;
}

// NaN goes to the overflow column, and so does a number that is too large since the column was altered.
template <class Number>
ParseStatus parse_numeric_as(std::string_view bytes, Column& out) {
  if (bytes != "NaN" && parse_integer<std::int64_t, Number>(bytes, out) == ParseStatus::ok) return ParseStatus::ok;
  if (bytes.empty()) return ParseStatus::malformed;
  out.append_overflow(std::string(bytes));
  return ParseStatus::ok;
}

// from_chars accepts more names of infinity and NaN than PostgreSQL prints, so it gets only what starts with a digit.
template <class Float, class Stored = Float>
ParseStatus parse_float(std::string_view bytes, const ValueLimits& limits, Column& out) {
  const std::string_view unsigned_part = bytes.starts_with('-') ? bytes.substr(1) : bytes;
  if (unsigned_part.empty()) return ParseStatus::malformed;
  Float value{};
  if (unsigned_part[0] >= '0' && unsigned_part[0] <= '9') {
    const char* end = bytes.data() + bytes.size();
    const auto [stopped, error] = std::from_chars(bytes.data(), end, value);
    if (error != std::errc{} || stopped != end) return ParseStatus::malformed;
    if (value == 0 && std::signbit(value) && !limits.float_negative_zero) {
      out.append_overflow(std::string(bytes));
      return ParseStatus::ok;
    }
  } else if (unsigned_part == "Infinity") {
    if (!limits.float_infinity) {
      out.append_overflow(std::string(bytes));
      return ParseStatus::ok;
    }
    value = std::numeric_limits<Float>::infinity();
    if (unsigned_part.size() != bytes.size()) value = -value;
  } else if (bytes == "NaN") {
    if (!limits.float_nan) {
      out.append_overflow(std::string(bytes));
      return ParseStatus::ok;
    }
    value = std::numeric_limits<Float>::quiet_NaN();
  } else {
    return ParseStatus::malformed;
  }
  out.append(static_cast<Stored>(value));
  return ParseStatus::ok;
}

constexpr std::uint8_t not_hex = 0xFF;

constexpr auto hex_values = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(not_hex);
  for (std::uint8_t i = 0; i < 10; ++i) table[static_cast<std::size_t>('0') + i] = i;
  for (std::uint8_t i = 0; i < 6; ++i) {
    table[static_cast<std::size_t>('a') + i] = static_cast<std::uint8_t>(10 + i);
    table[static_cast<std::size_t>('A') + i] = static_cast<std::uint8_t>(10 + i);
  }
  return table;
}();

// Returns the byte that two hexadecimal digits represent, or more than 0xFF if they are not hexadecimal.
unsigned hex_byte(const char* digits) {
  const unsigned high = hex_values[static_cast<unsigned char>(digits[0])];
  const unsigned low = hex_values[static_cast<unsigned char>(digits[1])];
  return high == not_hex || low == not_hex ? 0x100U : high << 4U | low;
}

}  // namespace

ParseStatus parse_bool_text(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  if (bytes != "t" && bytes != "f") return ParseStatus::malformed;
  out.append(static_cast<std::uint8_t>(bytes[0] == 't' ? 1 : 0));
  return ParseStatus::ok;
}

ParseStatus parse_int2_text(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  return parse_integer<std::int16_t>(bytes, out);
}
ParseStatus parse_int4_text(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  return parse_integer<std::int32_t>(bytes, out);
}
ParseStatus parse_int8_text(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  return parse_integer<std::int64_t>(bytes, out);
}
ParseStatus parse_oid_text(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  return parse_integer<std::uint32_t>(bytes, out);
}
ParseStatus parse_xid8_text(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  return parse_integer<std::uint64_t>(bytes, out);
}
ParseStatus parse_float4_text(std::string_view bytes, const ParseOptions& options, Column& out) {
  return parse_float<float>(bytes, options.limits, out);
}
ParseStatus parse_float4_text_as_float8(std::string_view bytes, const ParseOptions& options, Column& out) {
  return parse_float<float, double>(bytes, options.limits, out);
}
ParseStatus parse_float8_text(std::string_view bytes, const ParseOptions& options, Column& out) {
  return parse_float<double>(bytes, options.limits, out);
}

ParseStatus parse_numeric_text_as_int2(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  return parse_numeric_as<std::int16_t>(bytes, out);
}
ParseStatus parse_numeric_text_as_int4(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  return parse_numeric_as<std::int32_t>(bytes, out);
}
ParseStatus parse_numeric_text_as_int8(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  return parse_numeric_as<std::int64_t>(bytes, out);
}
ParseStatus parse_numeric_text_as_float8(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  return parse_numeric_as<double>(bytes, out);
}

ParseStatus parse_utf8(std::string_view bytes, const ParseOptions& options, Column& out) {
  std::string buffer;
  const auto stored = stored_text(bytes, options.text, buffer);
  if (stored.form == StoredText::Form::refused) return ParseStatus::malformed;
  if (stored.form == StoredText::Form::hex) {
    out.append_overflow(std::move(buffer));
  } else {
    out.append_bytes(stored.text);
  }
  return ParseStatus::ok;
}

void append_char1(unsigned char value, Column& out) {
  if (value == 0) {
    out.append_bytes({});
  } else if (value < 0x80) {
    const char character = static_cast<char>(value);
    out.append_bytes({&character, 1});
  } else {
    const auto octal = [value](unsigned shift) { return static_cast<char>('0' + (value >> shift & 7U)); };
    const std::array<char, 4> escaped = {'\\', octal(6), octal(3), octal(0)};
    out.append_bytes({escaped.data(), escaped.size()});
  }
}

ParseStatus parse_char1_text(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  if (bytes.size() <= 1) {
    append_char1(bytes.empty() ? 0 : static_cast<unsigned char>(bytes[0]), out);
    return ParseStatus::ok;
  }
  const auto is_octal = [&bytes](std::size_t i) { return bytes[i] >= '0' && bytes[i] <= '7'; };
  if (bytes.size() == 4 && bytes[0] == '\\' && (bytes[1] == '2' || bytes[1] == '3') && is_octal(2) && is_octal(3)) {
    out.append_bytes(bytes);
    return ParseStatus::ok;
  }
  // Up to 15, a server with a one-byte encoding converts the byte to UTF-8.
  const auto first = static_cast<unsigned char>(bytes[0]);
  const std::size_t length = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (length != bytes.size() || !is_utf8(bytes)) return ParseStatus::malformed;
  out.append_bytes(bytes);
  return ParseStatus::ok;
}

ParseStatus parse_bytea_text(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  if (!bytes.starts_with("\\x") || bytes.size() % 2 != 0) return ParseStatus::malformed;
  const std::string_view digits = bytes.substr(2);
  constexpr std::size_t small = 512;  // most values: decoded on the stack
  std::array<char, small> on_stack;   // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
  std::string on_heap;
  char* decoded = on_stack.data();
  if (digits.size() / 2 > small) {
    on_heap.resize(digits.size() / 2);
    decoded = on_heap.data();
  }
  unsigned seen = 0;  // above 0xFF as soon as a digit is not hexadecimal
  for (std::size_t i = 0; i < digits.size() / 2; ++i) {
    const unsigned byte = hex_byte(digits.data() + 2 * i);
    seen |= byte;
    decoded[i] = static_cast<char>(byte);
  }
  if (seen > 0xFF) return ParseStatus::malformed;
  out.append_bytes({decoded, digits.size() / 2});
  return ParseStatus::ok;
}

ParseStatus parse_uuid_text(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  if (bytes.size() != 36) return ParseStatus::malformed;
  std::array<char, 16> uuid{};
  std::size_t at = 0;
  unsigned seen = 0;
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      if (bytes[at] != '-') return ParseStatus::malformed;
      ++at;
    }
    const unsigned byte = hex_byte(bytes.data() + at);
    seen |= byte;
    uuid[i] = static_cast<char>(byte);
    at += 2;
  }
  if (seen > 0xFF) return ParseStatus::malformed;
  out.append_bytes({uuid.data(), uuid.size()});
  return ParseStatus::ok;
}

}  // namespace walbrook::postgres

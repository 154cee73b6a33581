#include "postgres/values/numeric.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include "base/bytes.h"

namespace walbrook::postgres {
namespace {

__extension__ typedef unsigned __int128 UInt128;

// 10^0 and up, as many as fit into the type (for 128 bits, as many digits as a decimal has).
template <class Unsigned>
constexpr auto powers_of_ten = [] {
  std::array<Unsigned, sizeof(Unsigned) == sizeof(std::uint64_t) ? 20 : max_decimal_precision + 1> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();
constexpr const auto& powers64 = powers_of_ten<std::uint64_t>;
constexpr const auto& powers128 = powers_of_ten<UInt128>;

void append_decimal(UInt128 magnitude, bool negative, Column& out) {
  const auto value = static_cast<Int128>(magnitude);
  out.append(negative ? -value : value);
}

ParseStatus append_overflow(std::string_view text, Column& out) {
  out.append_overflow(std::string(text));
  return ParseStatus::ok;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Appends decimal digits to `value`. REQUIRES: the result does not overflow.
UInt128 append_digits(UInt128 value, std::string_view digits) {
  constexpr std::size_t at_once = 18;  // as many as fit into 64 bits
  while (!digits.empty()) {
    const auto chunk = digits.substr(0, at_once);
    std::uint64_t part = 0;
    for (const char digit : chunk) part = part * 10 + static_cast<std::uint64_t>(digit - '0');
    value = value * powers64[chunk.size()] + part;
    digits.remove_prefix(chunk.size());
  }
  return value;
}

std::size_t count_digits(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  return count;
}

// The binary form is ndigits:u16 weight:i16 sign:u16 dscale:i16 { digit:i16 }*. The digits have base 10000, and the
// first one is worth 10000^weight; dscale is how many decimals PostgreSQL prints. (src/backend/utils/adt/numeric.c)

constexpr std::uint16_t sign_negative = 0x4000;
constexpr std::uint16_t sign_nan = 0xC000;
constexpr std::uint16_t sign_infinity = 0xD000;
constexpr std::uint16_t sign_minus_infinity = 0xF000;
constexpr int max_display_scale = 0x3FFF;
constexpr int group_digits = 4;
constexpr std::size_t header_bytes = 8;

struct BinaryNumeric {
  int weight;
  int display_scale;
  bool negative;
  std::string_view digits;  // two bytes each

  [[nodiscard]] int size() const { return static_cast<int>(digits.size() / 2); }
  [[nodiscard]] std::uint16_t operator[](int i) const {
    const auto at = static_cast<std::size_t>(i) * 2;
    return static_cast<std::uint16_t>(static_cast<unsigned char>(digits[at]) << 8U |
                                      static_cast<unsigned char>(digits[at + 1]));
  }
  [[nodiscard]] unsigned group(int i) const { return i >= 0 && i < size() ? (*this)[i] : 0; }
};

// Prints a numeric as numeric_out does.
std::string print(const BinaryNumeric& numeric) {
  std::string text;
  text.reserve(static_cast<std::size_t>(std::max(numeric.weight, 0) * group_digits + numeric.display_scale) + 8);
  if (numeric.negative) text.push_back('-');
  const auto append_group = [&text](unsigned group, int digits) {
    unsigned divisor = 1000;
    for (int i = 0; i < digits; ++i, divisor /= 10) text.push_back(static_cast<char>('0' + group / divisor % 10));
  };
  if (numeric.weight < 0) {
    text.push_back('0');
  } else {
    text += std::to_string(numeric.group(0));
    for (int i = 1; i <= numeric.weight; ++i) append_group(numeric.group(i), group_digits);
  }
  if (numeric.display_scale > 0) {
    text.push_back('.');
    int left = numeric.display_scale;
    for (int i = numeric.weight + 1; left > 0; ++i, left -= group_digits) {
      append_group(numeric.group(i), std::min(left, group_digits));
    }
  }
  return text;
}

// Enough for everything that fits into decimal(36, …) in aligned groups. All other values are parsed from their text.
constexpr int fast_groups = 9;

enum class Fast { done, as_text };

// REQUIRES: `Unsigned` can hold all groups.
template <class Unsigned>
Fast append_fast(const BinaryNumeric& numeric, Column& out) {
  Unsigned value = 0;
  for (int i = 0; i < numeric.size(); ++i) value = value * 10000 + numeric[i];
  const PhysicalType& type = out.type();
  const auto& powers = powers_of_ten<Unsigned>;
  const int decimals = (numeric.size() - 1 - numeric.weight) * group_digits;  // of `value`
  if (decimals > numeric.display_scale) {
    const auto hidden = static_cast<std::size_t>(decimals - numeric.display_scale);
    if (hidden >= powers.size() || value % powers[hidden] != 0)
      return Fast::as_text;  // numeric_out would not show them
  }
  int shift = type.scale - decimals;
  if (shift < 0) {
    const auto surplus = static_cast<std::size_t>(-shift);
    if (surplus >= powers.size() || value % powers[surplus] != 0) return Fast::as_text;
    value /= powers[surplus];
    shift = 0;
  }
  if (shift > type.precision || value >= powers128[static_cast<std::size_t>(type.precision - shift)]) {
    return Fast::as_text;
  }
  append_decimal(value * powers128[static_cast<std::size_t>(shift)], numeric.negative, out);
  return Fast::done;
}

}  // namespace

ParseStatus parse_numeric_text(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  const bool negative = bytes.starts_with('-');
  std::string_view rest = negative ? bytes.substr(1) : bytes;
  if (bytes == "NaN" || rest == "Infinity") return append_overflow(bytes, out);

  std::string_view whole = rest.substr(0, count_digits(rest));
  rest.remove_prefix(whole.size());
  std::string_view fraction;
  if (rest.starts_with('.')) {
    fraction = rest.substr(1);
    if (fraction.empty()) return ParseStatus::malformed;
  } else if (!rest.empty()) {
    return ParseStatus::malformed;
  }
  if (whole.empty() || count_digits(fraction) != fraction.size()) return ParseStatus::malformed;

  const PhysicalType& type = out.type();
  whole.remove_prefix(std::min(whole.find_first_not_of('0'), whole.size()));
  if (fraction.size() > type.scale) fraction = fraction.substr(0, fraction.find_last_not_of('0') + 1);
  if (fraction.size() > type.scale || whole.size() + type.scale > type.precision) return append_overflow(bytes, out);
  const UInt128 digits = append_digits(append_digits(0, whole), fraction);
  append_decimal(digits * powers128[type.scale - fraction.size()], negative, out);
  return ParseStatus::ok;
}

ParseStatus parse_numeric_binary(std::string_view bytes, const ParseOptions& options, Column& out) {
  ByteReader in(bytes);
  const int size = in.u16();
  const int weight = in.i16();
  const auto sign = in.u16();
  const int display_scale = in.u16();
  if (in.failed() || in.remaining() != static_cast<std::size_t>(size) * 2) return ParseStatus::malformed;
  if (sign == sign_nan || sign == sign_infinity || sign == sign_minus_infinity) {
    return append_overflow(sign == sign_nan ? "NaN" : sign == sign_infinity ? "Infinity" : "-Infinity", out);
  }
  if ((sign != 0 && sign != sign_negative) || display_scale > max_display_scale) return ParseStatus::malformed;

  BinaryNumeric numeric{weight, display_scale, sign == sign_negative, bytes.substr(header_bytes)};
  for (int i = 0; i < size; ++i) {
    if (numeric[i] >= 10000) return ParseStatus::malformed;
  }
  if (size == 0) {
    append_decimal(0, false, out);
    return ParseStatus::ok;
  }
  if (size <= 4 && append_fast<std::uint64_t>(numeric, out) == Fast::done) return ParseStatus::ok;
  if (size > 4 && size <= fast_groups && append_fast<UInt128>(numeric, out) == Fast::done) return ParseStatus::ok;
  return parse_numeric_text(print(numeric), options, out);
}

}  // namespace walbrook::postgres

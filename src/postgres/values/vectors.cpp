#include "postgres/values/vectors.h"

#include "base/bytes.h"
#include "postgres/values/binary_values.h"
#include "postgres/values/text_values.h"
#include "postgres/values/value_text.h"

namespace walbrook::postgres {
namespace {

ParseStatus not_a_vector(Column& out) {
  out.drop_open();
  return ParseStatus::malformed;
}

// Returns the bits of the real that equals a half: sign, 5 bits of exponent with a bias of 15, 10 bits of fraction.
std::uint32_t real_of_half(std::uint16_t half) {
  constexpr std::uint32_t fraction_bits = 10, real_fraction_bits = 23;
  constexpr std::uint32_t most_exponent = 31, real_most_exponent = 255, bias_difference = 127 - 15;
  const std::uint32_t sign = (half & 0x8000U) << 16U;
  std::uint32_t exponent = half >> fraction_bits & most_exponent;
  std::uint32_t fraction = half & ((1U << fraction_bits) - 1);
  if (exponent == most_exponent) {
    exponent = real_most_exponent;
  } else if (exponent > 0) {
    exponent += bias_difference;
  } else if (fraction > 0) {  // a denormal half is a normal real
    exponent = bias_difference + 1;
    for (; (fraction & 1U << fraction_bits) == 0; --exponent) fraction <<= 1U;
    fraction &= (1U << fraction_bits) - 1;
  }
  return sign | exponent << real_fraction_bits | fraction << (real_fraction_bits - fraction_bits);
}

// Takes and returns network order.
std::string real_bytes_of_half(std::string_view half) {
  ByteWriter real;
  real.u32(real_of_half(ByteReader(half).u16()));
  return real.take();
}

enum class Number : std::uint8_t { half = 2, real = 4 };  // bytes of one

// dimensions:u16 unused:u16 number*                         pgvector, src/vector.c, vector_send; src/halfvec.c,
// halfvec_send
ParseStatus parse_numbers(Number number, std::string_view bytes, const ParseOptions& options, Column& out) {
  ByteReader in(bytes);
  const auto dimensions = in.u16();
  const auto unused = in.u16();
  const auto width = static_cast<std::size_t>(number);
  if (in.failed() || dimensions == 0 || unused != 0 || in.remaining() != dimensions * width) {
    return ParseStatus::malformed;
  }
  Column& numbers = out.children().front();
  const auto overflow = numbers.overflow().size();
  while (!in.at_end()) {
    const auto next = in.bytes(width);
    const auto status = number == Number::half ? parse_float4_binary(real_bytes_of_half(next), options, numbers)
                                               : parse_float4_binary(next, options, numbers);
    if (status != ParseStatus::ok) return not_a_vector(out);
  }
  if (numbers.overflow().size() != overflow) {
    out.drop_open();
    return ParseStatus::needs_text;
  }
  out.close_list();
  return ParseStatus::ok;
}

}  // namespace

// "[1,2.5,-3]"                                               pgvector, src/vector.c, vector_out; src/halfvec.c,
// halfvec_out
ParseStatus parse_vector_text(std::string_view bytes, const ParseOptions& options, Column& out) {
  if (!bytes.starts_with('[') || !bytes.ends_with(']')) return ParseStatus::malformed;
  Column& numbers = out.children().front();
  const auto overflow = numbers.overflow().size();
  for (std::size_t at = 1; at < bytes.size();) {
    const auto end = bytes.find_first_of(",]", at);
    if (end == std::string_view::npos) return not_a_vector(out);
    if (parse_float4_text(bytes.substr(at, end - at), options, numbers) != ParseStatus::ok) return not_a_vector(out);
    if (bytes[end] == ']' && end + 1 != bytes.size()) return not_a_vector(out);
    at = end + 1;
  }
  if (numbers.overflow().size() != overflow) {
    out.drop_open();
    out.append_overflow(std::string(bytes));
    return ParseStatus::ok;
  }
  out.close_list();
  return ParseStatus::ok;
}

ParseStatus parse_vector_binary(std::string_view bytes, const ParseOptions& options, Column& out) {
  return parse_numbers(Number::real, bytes, options, out);
}
ParseStatus parse_halfvec_binary(std::string_view bytes, const ParseOptions& options, Column& out) {
  return parse_numbers(Number::half, bytes, options, out);
}

}  // namespace walbrook::postgres

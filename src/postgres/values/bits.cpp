#include "postgres/values/bits.h"

#include <string>

#include "base/bytes.h"

namespace walbrook::postgres {
namespace {

// Returns the number of padding bits, followed by room for the bits: all are zero, and the padding is set.
std::string padded(std::size_t bits) {
  const auto padding = (8 - bits % 8) % 8;
  std::string out(1 + (bits + 7) / 8, '\0');
  out[0] = static_cast<char>(padding);
  out[1] = static_cast<char>(0xFFU << (8 - padding));
  return out;
}

}  // namespace

// "0101"
ParseStatus parse_bit_text(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  if (bytes.find_first_not_of("01") != std::string_view::npos) return ParseStatus::malformed;
  if (bytes.empty()) {
    out.append_overflow("");
    return ParseStatus::ok;
  }
  std::string value = padded(bytes.size());
  std::size_t at = static_cast<unsigned char>(value[0]);  // bit position after the first byte, 0 being the highest
  for (const char bit : bytes) {
    if (bit == '1')
      value[1 + at / 8] = static_cast<char>(static_cast<unsigned char>(value[1 + at / 8]) | 0x80U >> at % 8);
    ++at;
  }
  out.append_bytes(value);
  return ParseStatus::ok;
}

// bits:i32 bytes; the first bit is the highest; the rest of the last byte is zero.
//                                                                     src/backend/utils/adt/varbit.c, varbit_send
ParseStatus parse_bit_binary(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  ByteReader in(bytes);
  const auto bits = in.i32();
  if (in.failed() || bits < 0) return ParseStatus::malformed;
  const auto count = static_cast<std::size_t>(bits);
  const auto packed = in.bytes((count + 7) / 8);
  if (in.failed() || !in.at_end()) return ParseStatus::malformed;
  if (count == 0) {
    out.append_overflow("");
    return ParseStatus::ok;
  }
  std::string value = padded(count);
  const unsigned shift = static_cast<unsigned char>(value[0]);
  if ((static_cast<unsigned char>(packed.back()) & ((1U << shift) - 1)) != 0) return ParseStatus::malformed;
  unsigned carry = static_cast<unsigned char>(value[1]);
  for (std::size_t i = 0; i < packed.size(); ++i) {
    const unsigned byte = static_cast<unsigned char>(packed[i]);
    value[1 + i] = static_cast<char>(carry | byte >> shift);
    carry = byte << (8 - shift) & 0xFFU;
  }
  out.append_bytes(value);
  return ParseStatus::ok;
}

}  // namespace walbrook::postgres

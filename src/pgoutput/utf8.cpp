#include "pgoutput/utf8.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace walbrook::pgoutput {
namespace {

bool is_continuation(unsigned char byte) {
  return (byte & 0xC0U) == 0x80U;
}

// Bytes of the character at the front, 0 when there is none. `bytes` is not empty.
std::size_t character_length(std::string_view bytes) {
  const auto at = [&bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char first = at(0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (bytes.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(at(i))) return 0;
  }
  const unsigned char second = at(1);
  if (first == 0xE0 && second < 0xA0) return 0;  // overlong
  if (first == 0xED && second > 0x9F) return 0;  // surrogate
  if (first == 0xF0 && second < 0x90) return 0;  // overlong
  if (first == 0xF4 && second > 0x8F) return 0;  // above U+10FFFF
  return length;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  constexpr std::uint64_t high_bits = 0x8080808080808080U;
  while (!bytes.empty()) {
    if (bytes.size() >= sizeof(std::uint64_t)) {  // mostly ASCII: eight at a time
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data(), sizeof(word));
      if ((word & high_bits) == 0) {
        bytes.remove_prefix(sizeof(word));
        continue;
      }
    }
    const auto length = character_length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

}  // namespace walbrook::pgoutput

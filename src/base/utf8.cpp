#include "base/utf8.h"

#include <cstdint>
#include <cstring>

namespace walbrook {

namespace {

constexpr std::uint64_t high_bits = 0x8080808080808080U;

}  // namespace

bool is_ascii(std::string_view text) {
  std::uint64_t seen = 0;
  std::size_t at = 0;
  for (; at + sizeof(std::uint64_t) <= text.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof(word));
    seen |= word;
  }
  for (; at < text.size(); ++at) seen |= static_cast<unsigned char>(text[at]);
  return (seen & high_bits) == 0;
}

bool is_utf8(std::string_view text) {
  std::size_t at = 0;
  const auto byte = [&](std::size_t offset) { return static_cast<unsigned char>(text[at + offset]); };
  while (at < text.size()) {
    if (text.size() - at >= sizeof(std::uint64_t)) {  // mostly ASCII: eight bytes at a time
      std::uint64_t word = 0;
      std::memcpy(&word, text.data() + at, sizeof(word));
      if ((word & high_bits) == 0) {
        at += sizeof(word);
        continue;
      }
    }
    const unsigned lead = byte(0);
    if (lead < 0x80) {
      ++at;
      continue;
    }
    // The range of the second byte depends on the lead; https://www.unicode.org/versions/latest/, table 3-7.
    std::size_t length = 0;
    unsigned low = 0x80;
    unsigned high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
      length = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
      length = 3;
      if (lead == 0xE0) low = 0xA0;
      if (lead == 0xED) high = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      length = 4;
      if (lead == 0xF0) low = 0x90;
      if (lead == 0xF4) high = 0x8F;
    } else {
      return false;
    }
    if (text.size() - at < length || byte(1) < low || byte(1) > high) return false;
    for (std::size_t i = 2; i < length; ++i) {
      if ((byte(i) & 0xC0U) != 0x80) return false;
    }
    at += length;
  }
  return true;
}

}  // namespace walbrook

#include "base/source_text.h"

#include "base/utf8.h"

namespace walbrook {
namespace {

constexpr std::string_view lower_digits = "0123456789abcdef";

bool is_upper(char c) {
  return (static_cast<unsigned char>(c) & 0x80U) != 0;
}

// Returns the byte that "\xHH" at the front represents, which is 128 or more, or the backslash. -1: there is no such
// escape.
int escaped_byte(std::string_view text) {
  if (text.size() < 4 || text[0] != '\\' || text[1] != 'x') return -1;
  const auto high = lower_digits.find(text[2]);
  const auto low = lower_digits.find(text[3]);
  if (high == std::string_view::npos || low == std::string_view::npos) return -1;
  const int byte = static_cast<int>(high * 16 + low);
  return byte >= 0x80 || byte == '\\' ? byte : -1;
}

// Returns the length of the UTF-8 character at the front in bytes; 0 if there is none.
std::size_t utf8_length(std::string_view text) {
  for (std::size_t length = 1; length <= 4 && length <= text.size(); ++length) {
    if (is_utf8(text.substr(0, length))) return length;
  }
  return 0;
}

}  // namespace

// `backslash` is its form in `bytes`. A backslash that would read as an escape with the "xHH" after it is written
// "\x5c".
std::string SourceText::convert(std::string_view bytes, std::string_view backslash) const {
  std::string out;
  out.reserve(bytes.size() + 16);
  while (!bytes.empty()) {
    if (is_upper(bytes.front())) {
      std::string_view utf8;
      const auto length = character(bytes, utf8);
      out.append(utf8);
      for (const char c : utf8.empty() ? bytes.substr(0, length) : std::string_view()) {
        const auto byte = static_cast<unsigned char>(c);
        out.append(backslash).push_back('x');
        out.push_back(lower_digits[byte >> 4U]);
        out.push_back(lower_digits[byte & 0xFU]);
      }
      bytes.remove_prefix(length);
    } else if (bytes.starts_with(backslash)) {
      out.append(backslash);
      bytes.remove_prefix(backslash.size());
      if (escaped_byte("\\" + std::string(bytes.substr(0, 3))) >= 0) out.append("x5c");
    } else {
      // In JSON a backslash begins other escapes as well, which are kept whole.
      const std::size_t length = bytes.front() == '\\' && bytes.size() > 1 && !is_upper(bytes[1]) ? 2 : 1;
      out.append(bytes.substr(0, length));
      bytes.remove_prefix(length);
    }
  }
  return out;
}

std::string SourceText::name_to_utf8(std::string_view bytes) const {
  return convert(bytes, "\\");
}
std::string SourceText::json_to_utf8(std::string_view bytes) const {
  return convert(bytes, "\\\\");
}

std::string SourceText::from_utf8(std::string_view text) const {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    std::size_t length = 1;
    if (const int byte = escaped_byte(text); byte >= 0) {
      out.push_back(static_cast<char>(byte));
      length = 4;
    } else if (is_upper(text.front())) {
      length = std::max<std::size_t>(utf8_length(text), 1);
      const auto character = text.substr(0, length);
      const auto bytes = bytes_of(character);
      out.append(bytes.empty() ? character : bytes);
    } else {
      out.push_back(text.front());
    }
    text.remove_prefix(length);
  }
  return out;
}

bool AnyBytes::to_utf8(std::string_view bytes, std::string& out) const {
  if (!is_utf8(bytes)) return false;
  out.assign(bytes);
  return true;
}

std::size_t AnyBytes::character(std::string_view bytes, std::string_view& utf8) const {
  const auto length = utf8_length(bytes);
  utf8 = bytes.substr(0, length);
  return std::max<std::size_t>(length, 1);
}

SingleByteText::SingleByteText(UpperHalf upper_half) : upper_half_(std::move(upper_half)) {
  for (std::size_t i = 0; i < upper_half_.size(); ++i) {
    if (!upper_half_[i].empty()) bytes_.emplace(upper_half_[i], static_cast<char>(0x80U + i));
  }
}

bool SingleByteText::to_utf8(std::string_view bytes, std::string& out) const {
  out.clear();
  out.reserve(bytes.size() + bytes.size() / 8 + 8);
  for (const char c : bytes) {
    if (!is_upper(c)) {
      out.push_back(c);
      continue;
    }
    const auto& character = upper_half_[static_cast<unsigned char>(c) & 0x7FU];
    if (character.empty()) return false;
    out.append(character);
  }
  return true;
}

std::size_t SingleByteText::character(std::string_view bytes, std::string_view& utf8) const {
  utf8 = upper_half_[static_cast<unsigned char>(bytes.front()) & 0x7FU];
  return 1;
}

std::string_view SingleByteText::bytes_of(std::string_view utf8) const {
  const auto found = bytes_.find(utf8);
  return found == bytes_.end() ? std::string_view() : std::string_view(&found->second, 1);
}

}  // namespace walbrook

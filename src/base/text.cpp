#include "base/text.h"

#include <fmt/format.h>

#include <cmath>
#include <cwchar>
#include <utility>

namespace walbrook {
namespace {

struct Character {
  std::string_view bytes;
  char32_t code = 0;
  bool valid = false;
};

// Returns the character at the front of a text that is not empty. It accepts some overlong forms and surrogates, which
// is strict enough for showing text.
Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  std::size_t length = 1;
  char32_t code = lead;
  if (lead < 0x80) return {text.substr(0, 1), code, true};
  if (lead >= 0xF0 && lead < 0xF8) {
    length = 4;
    code = lead & 0x07U;
  } else if (lead >= 0xE0) {
    length = 3;
    code = lead & 0x0FU;
  } else if (lead >= 0xC2) {
    length = 2;
    code = lead & 0x1FU;
  }
  if (length == 1 || lead >= 0xF8 || text.size() < length) return {text.substr(0, 1), 0xFFFD, false};
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0U) != 0x80) return {text.substr(0, 1), 0xFFFD, false};
    code = (code << 6) | (next & 0x3FU);
  }
  return {text.substr(0, length), code, true};
}

bool is_control(const Character& character) {
  return !character.valid || character.code < 0x20 || (character.code >= 0x7F && character.code < 0xA0);
}

void append_printable(std::string& shown, const Character& character) {
  if (character.valid && reorders(character.code)) {
    shown += fmt::format("\\u{:04X}", static_cast<unsigned>(character.code));
  } else if (!is_control(character)) {
    shown += character.bytes;
  } else if (character.bytes == "\n") {
    shown += "\\n";
  } else if (character.bytes == "\t") {
    shown += "\\t";
  } else if (character.bytes == "\r") {
    shown += "\\r";
  } else {
    for (const char c : character.bytes) shown += fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
  }
}

std::size_t width_of(const Character& character) {
  if (is_control(character)) return 1;
  const int width = wcwidth(static_cast<wchar_t>(character.code));
  return width < 0 ? 1 : static_cast<std::size_t>(width);
}

// `stays` is called with the text after a line break, and decides whether the break stays.
std::string printable_but_for(std::string_view text, bool (*stays)(std::string_view)) {
  std::string shown;
  std::size_t from = 0;
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', from)) {
    from = end + 1;
    const auto rest = text.substr(from);
    if (!stays(rest)) continue;
    shown += printable(text.substr(0, end)) + '\n';
    text = rest;
    from = 0;
  }
  return shown + printable(text);
}

}  // namespace

bool reorders(char32_t code) {
  return code == 0x061C || code == 0x200E || code == 0x200F || (code >= 0x2028 && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069);
}

std::string with_thousands(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  }
  return digits;
}

std::string short_count(std::uint64_t number) {
  if (number < 10'000) return with_thousands(number);
  const auto count = static_cast<double>(number);
  if (count < 1e6) return fmt::format("{:.0f} k", std::floor(count / 1e3));
  if (count < 1e9) return fmt::format("{:.1f} M", count / 1e6);
  return fmt::format("{:.1f} G", count / 1e9);
}

std::string short_bytes(double bytes) {
  if (bytes < 1e3) return fmt::format("{:.0f} B", bytes);
  if (bytes < 1e6) return fmt::format("{:.0f} kB", bytes / 1e3);
  if (bytes < 1e7) return fmt::format("{:.1f} MB", bytes / 1e6);
  if (bytes < 1e9) return fmt::format("{:.0f} MB", bytes / 1e6);
  if (bytes < 1e12) return fmt::format("{:.1f} GB", bytes / 1e9);
  return fmt::format("{:.1f} TB", bytes / 1e12);
}

std::string short_duration(double seconds) {
  if (seconds < 0.0995) return fmt::format("{:.0f} ms", seconds * 1e3);
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  if (seconds < 99.5) return fmt::format("{:.0f} s", seconds);
  const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

std::string counted(std::uint64_t number, std::string_view noun) {
  return fmt::format("{} {}{}", with_thousands(number), noun, number == 1 ? "" : "s");
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Character character = first_character(text);
    width += width_of(character);
    text.remove_prefix(character.bytes.size());
  }
  return width;
}

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const Character character = first_character(text);
    text.remove_prefix(character.bytes.size());
    append_printable(shown, character);
  }
  return shown;
}

std::string printable_lines(std::string_view text) {
  return printable_but_for(text, [](std::string_view rest) { return rest.empty() || rest.starts_with("  "); });
}

std::string printable_block(std::string_view text) {
  return printable_but_for(text, [](std::string_view /*rest*/) { return true; });
}

std::string shortened(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  std::string cut;
  std::size_t width = 0;
  while (!text.empty()) {
    const Character character = first_character(text);
    if (width + width_of(character) > columns - 1) break;
    width += width_of(character);
    cut += character.bytes;
    text.remove_prefix(character.bytes.size());
  }
  return cut + "…";
}

std::string padded_left(std::string text, std::size_t columns) {
  const std::size_t width = display_width(text);
  return width < columns ? std::string(columns - width, ' ') + text : text;
}

std::string padded_right(std::string text, std::size_t columns) {
  const std::size_t width = display_width(text);
  if (width < columns) text.append(columns - width, ' ');
  return text;
}

}  // namespace walbrook

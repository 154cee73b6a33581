#include "postgres/values/value_text.h"

#include <fmt/format.h>

#include "base/hex.h"
#include "base/utf8.h"
#include "postgres/values/datetime.h"
#include "postgres/values/print_value.h"
#include "postgres/values/values.h"

namespace walbrook::postgres {
namespace {

// A column of this layout without digits, or with these options, holds no decimal and no timestamp. So the parsers
// produce the text for the overflow column, which is exactly what PostgreSQL prints.
constexpr ParseOptions no_timestamp{.limits = {.min_timestamp = 1, .max_timestamp = 0}};

// Prints the one value of a column. Returns nullopt for a layout that people read better in another form.
std::optional<std::string> value_text(const Column& column) {
  if (const auto* overflow = column.overflow_at(0)) return *overflow;
  const auto layout = column.type().layout;
  if (layout == Layout::bit || is_nested(layout)) return std::nullopt;
  std::string text;
  print_value(text, column, 0);
  return text;
}

}  // namespace

std::optional<std::string> binary_to_text(Oid type, std::string_view bytes) {
  const SourceType source{.oid = type, .base_oid = type};
  if (!has_binary_parser(source)) return std::nullopt;
  auto physical = physical_type(source, -1, no_timestamp.limits);
  const auto parser = parsers_for(type, false, physical).binary;
  if (parser == nullptr) return std::nullopt;
  if (physical.layout == Layout::decimal) physical = {Layout::decimal, 0, 0};
  Column column(physical);
  if (parser(bytes, no_timestamp, column) != ParseStatus::ok) return std::nullopt;
  return value_text(column);
}

std::string to_text(Timestamp time) {
  const auto days = time / us_per_day - (time % us_per_day < 0 ? 1 : 0);
  const auto date = print_date(days);
  const auto era = date.find(' ');  // " BC" moves to the end
  return fmt::format("{} {}+00{}", date.substr(0, era), time_text(time - days * us_per_day),
                     era == std::string::npos ? "" : date.substr(era));
}

StoredText stored_text(std::string_view bytes, const SourceText* encoding, std::string& buffer) {
  // Every encoding of a PostgreSQL server is ASCII below 128, so ASCII needs no conversion.
  if (encoding == nullptr ? is_utf8(bytes) : is_ascii(bytes)) return {.form = StoredText::Form::utf8, .text = bytes};
  if (encoding != nullptr) {
    if (encoding->to_utf8(bytes, buffer)) return {.form = StoredText::Form::utf8, .text = buffer};
    if (encoding->unconvertible() == SourceText::Unconvertible::suspends) return {.form = StoredText::Form::refused};
  }
  buffer = to_hex(bytes);
  return {.form = StoredText::Form::hex, .text = buffer};
}

std::string to_hex(std::string_view bytes) {
  return "\\x" + hex_digits(bytes);
}

}  // namespace walbrook::postgres

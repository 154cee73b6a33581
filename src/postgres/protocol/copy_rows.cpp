#include "postgres/protocol/copy_rows.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "postgres/values/value_text.h"

namespace walbrook::postgres {
namespace {

constexpr std::string_view signature("PGCOPY\n\377\r\n\0", 11);
constexpr std::size_t shown_bytes = 60;  // how much of a value the debug log shows

char unescaped_letter(char letter) {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    default:
      return letter;
  }
}

}  // namespace

CopyRows::CopyRows(TableSchemaRef schema, const std::vector<SourceType>& types, const ParseOptions& options,
                   Format format)
    : schema_(std::move(schema)), options_(options), format_(format), batch_(schema_) {
  for (std::size_t i = 0; i < schema_->columns.size(); ++i) {
    auto found = postgres::parsers_for(types[i], schema_->columns[i].type);
    auto& parser = format_ == Format::binary ? found.binary : found.text;
    if (parser == nullptr) {
      throw Error(ErrorKind::internal,
                  fmt::format("{}, column {}: no parser", schema_->full_name(), schema_->columns[i].name));
    }
    parsers_.push_back(std::move(parser));
  }
}

void CopyRows::feed(std::string_view bytes) {
  const auto parse = [this](std::string_view in) {
    return format_ == Format::binary ? feed_binary(in) : feed_text(in);
  };
  if (carry_.empty()) {
    carry_.assign(bytes.substr(parse(bytes)));
  } else {
    carry_.append(bytes);
    carry_.erase(0, parse(carry_));
  }
}

void CopyRows::finish() const {
  const bool whole = carry_.empty() && (format_ == Format::text || (began_ && ended_));
  if (!whole) fail_format("it ends in the middle of a row");
}

RowBatch CopyRows::take() {
  return std::exchange(batch_, RowBatch(schema_));
}

std::size_t CopyRows::feed_text(std::string_view bytes) {
  std::size_t used = 0;
  for (;;) {
    // A line feed inside a value is sent as \n, so a bare one ends the row.
    const auto end = bytes.find('\n', used);
    if (end == std::string_view::npos) return used;
    text_row(bytes.substr(used, end - used));
    used = end + 1;
  }
}

void CopyRows::text_row(std::string_view line) {
  const auto columns = parsers_.size();
  if (columns == 0 && !line.empty()) fail_format("a row has values where the table has no columns");
  for (std::size_t column = 0; column < columns; ++column) {
    const auto end = line.find('\t');
    if ((end == std::string_view::npos) != (column + 1 == columns)) {
      fail_format(fmt::format("a row does not have the {} requested columns", columns));
    }
    const auto field = line.substr(0, end);
    if (field == "\\N") {
      batch_.columns[column].append_null();
    } else {
      append(column, unescape(field));
    }
    if (end != std::string_view::npos) line.remove_prefix(end + 1);
  }
  batch_.finish_row(Op::insert, 0);
}

std::string_view CopyRows::unescape(std::string_view field) {
  auto escape = field.find('\\');
  if (escape == std::string_view::npos) return field;
  unescaped_.clear();
  while (escape != std::string_view::npos) {
    unescaped_.append(field.substr(0, escape));
    if (escape + 1 >= field.size()) fail_format("a value ends in a backslash");
    unescaped_.push_back(unescaped_letter(field[escape + 1]));
    field.remove_prefix(escape + 2);
    escape = field.find('\\');
  }
  unescaped_.append(field);
  return unescaped_;
}

std::size_t CopyRows::feed_binary(std::string_view bytes) {
  std::size_t used = 0;
  if (!began_) {
    used = binary_header(bytes);
    if (used == 0) return 0;
    began_ = true;
  }
  while (!ended_ && used < bytes.size()) {
    const auto row = binary_row(bytes.substr(used));
    if (row == 0) return used;
    used += row;
  }
  if (ended_ && used < bytes.size()) fail_format("there are bytes after its end");
  return used;
}

// Reads signature, flags, length of an extension and the extension itself. Returns 0 if it is not complete yet.
std::size_t CopyRows::binary_header(std::string_view bytes) const {
  if (bytes.size() < signature.size() + 8) return 0;
  if (!bytes.starts_with(signature)) fail_format("it does not start with COPY's signature");
  ByteReader in(bytes.substr(signature.size()));
  const auto flags = in.u32();
  if ((flags >> 16) != 0) fail_format(fmt::format("its flags {:#x} are not known", flags));
  in.bytes(in.u32());
  return in.failed() ? 0 : signature.size() + in.offset();
}

// columns:i16 (length:i32 bytes)*, length -1 = NULL; columns -1 = the end.
std::size_t CopyRows::binary_row(std::string_view bytes) {
  ByteReader in(bytes);
  const auto count = in.i16();
  if (in.failed()) return 0;
  if (count == -1) {
    ended_ = true;
    return in.offset();
  }
  if (static_cast<std::size_t>(count) != parsers_.size()) {
    fail_format(fmt::format("a row has {} columns where {} were requested", count, parsers_.size()));
  }
  for (std::size_t column = 0; column < parsers_.size(); ++column) {
    const auto length = in.i32();
    const auto value = length >= 0 ? in.bytes(static_cast<std::size_t>(length)) : std::string_view();
    if (in.failed()) {
      drop_unfinished_row();
      return 0;
    }
    if (length < 0) {
      batch_.columns[column].append_null();
    } else {
      append(column, value);
    }
  }
  batch_.finish_row(Op::insert, 0);
  return in.offset();
}

void CopyRows::append(std::size_t column, std::string_view value) {
  switch (parsers_[column](value, options_, batch_.columns[column])) {
    case postgres::ParseStatus::ok:
      return;
    case postgres::ParseStatus::malformed:
      fail_value(column, value);
    case postgres::ParseStatus::needs_text:
      throw CopyNeedsText(ErrorKind::data,
                          fmt::format("table {}, column \"{}\": a binary value that can be read only as text",
                                      schema_->full_name(), schema_->columns[column].name));
  }
}

void CopyRows::drop_unfinished_row() {
  for (auto& column : batch_.columns) column.truncate(batch_.rows());
}

// Only the debug log shows the value, because an error goes to logs, status and the table's record.
void CopyRows::fail_value(std::size_t column, std::string_view value) const {
  const auto& schema = schema_->columns[column];
  const auto* const form = format_ == Format::text ? "text" : "binary";
  spdlog::debug(
      "table {}, column \"{}\": the {} value is {}", schema_->full_name(), schema.name, form,
      format_ == Format::text ? printable(value.substr(0, shown_bytes)) : to_hex(value.substr(0, shown_bytes)));
  throw Error(
      ErrorKind::data,
      fmt::format("table {} cannot be copied: column \"{}\" (type OID {}): a {} value of {} bytes is not a value of "
                  "that type",
                  schema_->full_name(), schema.name, schema.type_oid, form, value.size()),
      "The table is left out until it is copied again. The debug log shows the value: please report it.");
}

void CopyRows::fail_format(const std::string& why) const {
  throw Error(ErrorKind::protocol, fmt::format("the copy of {} cannot be read: {}", schema_->full_name(), why));
}

}  // namespace walbrook::postgres

#include "postgres/catalog/table_name.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/quoting.h"
#include "model/same_table.h"
#include "postgres/slot/slot.h"

namespace walbrook::postgres {
namespace {

constexpr std::size_t max_name_bytes = 63;  // NAMEDATALEN - 1; PostgreSQL would silently truncate longer ones

// The grammar: name [. name] [( name [, name]… )]
class TableNameParser {
 public:
  enum class Letters { folded, as_written };
  explicit TableNameParser(std::string_view text, Letters letters = Letters::folded) : text_(text), letters_(letters) {}

  TableName parse() {
    name_is_quoted_ = next_is_quoted();
    TableName table{.schema = "public", .name = name(), .columns = {}};
    if (accept('.')) {
      schema_is_quoted_ = name_is_quoted_;
      table.schema = std::move(table.name);
      name_is_quoted_ = next_is_quoted();
      table.name = name();
    }
    if (accept('.')) fail("it has three parts; a table is named by schema.table, the database by the connection");
    if (accept('(')) {
      do {
        auto column = name();
        if (std::ranges::find(table.columns, column) != table.columns.end()) {
          fail(fmt::format("column \"{}\" is named twice", column));
        }
        table.columns.push_back(std::move(column));
      } while (accept(','));
      if (!accept(')')) fail("a ')' is missing");
    }
    skip_space();
    if (at_ < text_.size()) fail(fmt::format("\"{}\" is left over", text_.substr(at_)));
    return table;
  }
  // Both describe the name that was parsed.
  [[nodiscard]] bool schema_is_quoted() const { return schema_is_quoted_; }
  [[nodiscard]] bool name_is_quoted() const { return name_is_quoted_; }

 private:
  bool next_is_quoted() {
    skip_space();
    return at_ < text_.size() && text_[at_] == '"';
  }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool accept(char wanted) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  static bool is_bare(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80;
  }
  std::string name() {
    skip_space();
    auto found = at_ < text_.size() && text_[at_] == '"' ? quoted_name() : bare_name();
    if (found.empty()) fail("a name is missing");
    if (found.size() > max_name_bytes) fail(fmt::format("\"{}\" is longer than {} bytes", found, max_name_bytes));
    return found;
  }
  std::string bare_name() {
    std::string found;
    for (; at_ < text_.size() && is_bare(text_[at_]); ++at_) {
      const char c = text_[at_];
      const bool folds = letters_ == Letters::folded && c >= 'A' && c <= 'Z';
      found.push_back(folds ? static_cast<char>(c + ('a' - 'A')) : c);
    }
    if (!found.empty() && ((found[0] >= '0' && found[0] <= '9') || found[0] == '$')) {
      fail("a name that starts with a digit or $ has to be quoted");
    }
    return found;
  }
  std::string quoted_name() {
    auto rest = text_.substr(at_);
    auto found = take_quoted_name(rest);
    if (!found) fail("a closing '\"' is missing");
    at_ = text_.size() - rest.size();
    return *std::move(found);
  }
  [[noreturn]] void fail(const std::string& why) const {
    throw Error(
        ErrorKind::configuration, fmt::format("\"{}\" is not a table name: {}", text_, why),
        "Write schema.table or schema.table(column,column); names with capitals, spaces or dots in double quotes.");
  }

  std::string_view text_;
  Letters letters_;
  std::size_t at_ = 0;
  bool schema_is_quoted_ = false, name_is_quoted_ = false;
};

bool equal_but_for_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return std::ranges::equal(a, b, [&lower](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::string quoted_name(std::string_view name) {
  const auto starts = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  const bool bare = !name.empty() && starts(name[0]) &&
                    std::ranges::all_of(name, [&](char c) { return starts(c) || (c >= '0' && c <= '9') || c == '$'; });
  if (bare) return std::string(name);
  return quote_identifier(name);
}

std::optional<std::string> take_quoted_name(std::string_view& rest) {
  std::string found;
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] == '"') {
      if (at + 1 == rest.size() || rest[at + 1] != '"') {
        rest.remove_prefix(at + 1);
        return found;
      }
      ++at;
    }
    found.push_back(rest[at]);
  }
  return std::nullopt;
}

TableName parse_table_name(std::string_view text) {
  return TableNameParser(text).parse();
}

WrittenName parse_written_name(std::string_view text) {
  TableNameParser as_written(text, TableNameParser::Letters::as_written);
  WrittenName written{.read = parse_table_name(text), .exact = as_written.parse()};
  written.schema_is_quoted = as_written.schema_is_quoted();
  written.name_is_quoted = as_written.name_is_quoted();
  return written;
}

std::optional<TableName> meant_table(const WrittenName& written, std::span<const TableName> known) {
  const auto& exact = written.exact;
  const auto matches_name = [](bool is_quoted, const std::string& given, const std::string& name) {
    return is_quoted ? given == name : equal_but_for_case(given, name);
  };
  std::vector<const TableName*> found;
  for (const auto& table : known) {
    if (means_same_table(table, exact)) return table;
    if (matches_name(written.schema_is_quoted, exact.schema, table.schema) &&
        matches_name(written.name_is_quoted, exact.name, table.name)) {
      found.push_back(&table);
    }
  }
  if (found.size() == 1) return *found.front();
  if (found.empty()) return std::nullopt;
  std::string list;
  for (const auto* table : found) {
    list += fmt::format("{}{}.{}", list.empty() ? "" : ", ", quoted_name(table->schema), quoted_name(table->name));
  }
  throw Error(ErrorKind::configuration,
              fmt::format("{} may be any of several tables whose names differ by case alone", exact.full_name()),
              fmt::format("Write one of {}, in these quotes.", list));
}

}  // namespace walbrook::postgres

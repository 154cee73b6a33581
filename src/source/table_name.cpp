// `--table` names: as SQL has them, so that what works in psql works here.
#include <fmt/format.h>

#include <algorithm>

#include "source/slot.h"

namespace walbrook::source {
namespace {

constexpr std::size_t max_name_bytes = 63;  // NAMEDATALEN - 1; PostgreSQL would cut longer ones in silence

// name [. name] [( name [, name]… )]
class TableNameParser {
 public:
  explicit TableNameParser(std::string_view text) : text_(text) {}

  TableName parse() {
    TableName table{.schema = "public", .name = name(), .columns = {}};
    if (accept('.')) {
      table.schema = std::move(table.name);
      table.name = name();
    }
    if (accept('.')) fail("it has three parts; a table is named by schema.table, the database by the connection");
    if (accept('(')) {
      do {
        auto column = name();
        if (std::ranges::find(table.columns, column) != table.columns.end()) {
          fail(fmt::format("column \"{}\" stands twice", column));
        }
        table.columns.push_back(std::move(column));
      } while (accept(','));
      if (!accept(')')) fail("a ')' is missing");
    }
    skip_space();
    if (at_ < text_.size()) fail(fmt::format("\"{}\" is left over", text_.substr(at_)));
    return table;
  }

 private:
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
      found.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c);
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
        ErrorKind::configuration, fmt::format("\"{}\" is no table name: {}", text_, why),
        "Write schema.table or schema.table(column,column); names with capitals, spaces or dots in double quotes.");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string quoted_name(std::string_view name) {
  const auto starts = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  const bool bare = !name.empty() && starts(name[0]) &&
                    std::ranges::all_of(name, [&](char c) { return starts(c) || (c >= '0' && c <= '9') || c == '$'; });
  if (bare) return std::string(name);
  std::string quoted = "\"";
  for (const char c : name) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
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

}  // namespace walbrook::source

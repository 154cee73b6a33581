#include "base/publication_list.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/names.h"
#include "base/text.h"

namespace walbrook {
namespace {

constexpr std::string_view list_space = " \t\r\n";

[[noreturn]] void refuse_list(std::string_view label, std::string_view text, const std::string& why) {
  throw Error(ErrorKind::configuration, fmt::format("{} \"{}\" {}", label, printable(std::string(text)), why),
              "Separate names by commas; a name that contains a comma is put in double quotes.");
}

// Takes the name at the beginning of `rest` in double quotes, and the quotes.
std::string take_quoted(std::string_view label, std::string_view text, std::string_view& rest) {
  std::string name;
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] != '"') {
      name += rest[at];
    } else if (at + 1 < rest.size() && rest[at + 1] == '"') {
      name += rest[at++];
    } else {
      rest.remove_prefix(at + 1);
      return name;
    }
  }
  refuse_list(label, text, "has a double quote that is not closed");
}

void skip_space(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(list_space), rest.size()));
}

std::string take_name(std::string_view label, std::string_view text, std::string_view& rest) {
  skip_space(rest);
  if (rest.starts_with('"')) {
    auto name = take_quoted(label, text, rest);
    skip_space(rest);
    if (!rest.empty() && rest.front() != ',') refuse_list(label, text, "has no comma after a name in double quotes");
    return name;
  }
  std::string name(rest.substr(0, rest.find(',')));
  rest.remove_prefix(name.size());
  name.resize(name.find_last_not_of(list_space) + 1);
  return name;
}

}  // namespace

std::vector<std::string> parse_publications(std::string_view label, std::string_view text) {
  std::vector<std::string> names;
  for (auto rest = text;; rest.remove_prefix(1)) {
    auto name = take_name(label, text, rest);
    if (name.empty() && !(names.empty() && rest.empty())) refuse_list(label, text, "has an empty name");
    check_name(label, name);
    if (std::ranges::find(names, name) != names.end()) {
      refuse_list(label, text, fmt::format("names publication {} twice", printable(name)));
    }
    names.push_back(std::move(name));
    if (rest.empty()) return names;
  }
}

std::vector<std::string> parse_publications(std::string_view text) {
  return parse_publications("publication", text);
}

std::string publication_list(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) {
    if (!text.empty()) text += ',';
    const bool bare = name.find_first_of(",\"") == std::string::npos && !name.empty() &&
                      list_space.find(name.front()) == std::string_view::npos &&
                      list_space.find(name.back()) == std::string_view::npos;
    if (bare) {
      text += name;
      continue;
    }
    text += '"';
    for (const char c : name) text.append(c == '"' ? 2 : 1, c);
    text += '"';
  }
  return text;
}

std::string named_publications(const std::vector<std::string>& names) {
  if (names.size() == 1) return "publication " + names.front();
  std::string text = "publications ";
  for (std::size_t at = 0; at < names.size(); ++at) {
    if (at > 0) text += at + 1 == names.size() ? " and " : ", ";
    text += names[at];
  }
  return text;
}

}  // namespace walbrook

#include "config/written_text.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace walbrook::config {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::vector<std::string> path_of_variable(std::string_view name) {
  std::vector<std::string> path;
  while (true) {
    const auto end = std::min(name.find("__"), name.size());
    path.push_back(lower(name.substr(0, end)));
    if (end == name.size()) return path;
    name.remove_prefix(end + 2);
  }
}

std::string without_line_break(const Key& key, std::string text) {
  if (key.kind == Kind::texts) return text;
  const bool is_address =
      key.kind == Kind::connection || key.full_name() == destination_key || is_place_with_secrets(key);
  const std::string_view ends = is_address ? " \t\r\n" : "\r\n";
  text.resize(text.find_last_not_of(ends) + 1);
  if (is_address) text.erase(0, std::min(text.find_first_not_of(ends), text.size()));
  return text;
}

std::string normalised(const Key& key, std::string text) {
  text = without_line_break(key, std::move(text));
  if (key.kind != Kind::boolean && key.section != "runtime") return text;
  text = lower(text);
  return key.name == "log_level" && text == "critical" ? "error" : text;
}

bool takes(const Key& key, Form form) {
  switch (key.kind) {
    case Kind::boolean:
      return form == Form::boolean;
    case Kind::count:
      return form == Form::integer;
    case Kind::size:
      return form == Form::text || form == Form::integer;
    case Kind::texts:
    case Kind::publications:
      return form == Form::text || form == Form::list;
    default:
      return form == Form::text || (is_credential(key) && form == Form::integer);
  }
}

std::string_view wanted_form(const Key& key) {
  switch (key.kind) {
    case Kind::boolean:
      return "true or false";
    case Kind::count:
      return "a number, without quotes";
    case Kind::size:
      return "a size: \"64MB\" in quotes, or a number of bytes";
    case Kind::texts:
      return "a list of strings: [\"a\", \"b\"]";
    case Kind::publications:
      return "a string in quotes, or a list of strings";
    default:
      return "a string in quotes";
  }
}

}  // namespace walbrook::config

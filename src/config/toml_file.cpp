#include "config/toml_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "base/limited_read.h"
#include "base/text.h"
#include "config/toml_depth.h"

#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

namespace walbrook::config {
namespace {

// Values that a new project folder has where its owner is to write something; the second is dlt's.
constexpr std::string_view set_me_up = "please set me up!";
constexpr std::string_view configure_me = "<configure me>";

constexpr std::size_t most_toml_bytes = 1U << 20U;
constexpr std::chrono::seconds read_wait{10};  // for the writer of a FIFO

std::string read_text(const std::filesystem::path& file, const std::string& label) {
  auto read = read_limited(file.string(), {.bytes = most_toml_bytes, .time = read_wait});
  if (read.failure.empty()) return std::move(read.text);
  throw Error(ErrorKind::configuration, fmt::format("{} cannot be read: {}", label, read.failure),
              read.is_truncated ? "It must be a TOML file of walbrook's settings."
                                : "It must be a file that this user may read.");
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

class Flattening {
 public:
  Flattening(std::string_view text, std::string label) : lines_(lines_of(text)), label_(std::move(label)) {}

  void add(const toml::table& table) {
    for (const auto& [key, node] : table) {
      path_.emplace_back(key.str());
      add_node(node);
      path_.pop_back();
    }
  }

  std::vector<Written> take() && {
    std::ranges::stable_sort(found_, {}, [](const Written& written) { return written.value.origin.line; });
    return std::move(found_);
  }

 private:
  void add_node(const toml::node& node) {
    if (const auto* table = node.as_table()) {
      put(node, Form::table, {});
      add(*table);
    } else if (const auto* list = node.as_array()) {
      if (!list->empty() && list->is_homogeneous<toml::table>()) {
        for (std::size_t i = 0; i < list->size(); ++i) {
          element_ = static_cast<int>(i);
          add(*list->get(i)->as_table());
        }
        element_ = -1;
      } else {
        put_list(node, *list);
      }
    } else if (const auto text = node.value_exact<std::string>()) {
      put(node, Form::text, *text);
    } else if (const auto number = node.value_exact<std::int64_t>()) {
      put(node, Form::integer, std::to_string(*number));
    } else if (const auto yes = node.value_exact<bool>()) {
      put(node, Form::boolean, *yes ? "true" : "false");
    } else {
      put(node, Form::other, {});
    }
  }

  void put_list(const toml::node& node, const toml::array& list) {
    std::vector<std::string> items;
    for (const auto& item : list) {
      const auto text = item.value_exact<std::string>();
      if (!text) {
        put(node, Form::other, {});
        return;
      }
      items.push_back(*text);
    }
    put(node, Form::list, fmt::format("{}", fmt::join(items, ", ")));
    found_.back().value.items = std::move(items);
  }

  void put(const toml::node& node, Form form, std::string text) {
    const int line = static_cast<int>(node.source().begin.line);
    Value value{.text = std::move(text),
                .items = {},
                .origin = {.place = Origin::Place::file,
                           .name = label_,
                           .line = line,
                           .written = fmt::format("{}", fmt::join(path_, "."))}};
    value.placeholder = is_placeholder(value.text, line);
    found_.push_back({.path = path_, .element = element_, .form = form, .value = std::move(value)});
  }

  // dlt writes the field's name, or port 0, and marks it by a comment, which remains when the value is filled in.
  [[nodiscard]] bool is_placeholder(const std::string& text, int line) const {
    if (text == set_me_up || text == configure_me) return true;
    const bool commented = line > 0 && static_cast<std::size_t>(line) <= lines_.size() &&
                           lines_[static_cast<std::size_t>(line) - 1].find(set_me_up) != std::string_view::npos;
    return commented && (text == path_.back() || text == "0");
  }

  std::vector<std::string_view> lines_;
  std::string label_;
  std::vector<std::string> path_;
  int element_ = -1;
  std::vector<Written> found_;
};

}  // namespace

std::vector<Written> read_toml_file(const std::filesystem::path& file, const std::string& label, bool secret) {
  const std::string text = read_text(file, label);
  check_depth(text, label);
  try {
    const toml::table table = toml::parse(text, label);
    Flattening flattening(text, label);
    flattening.add(table);
    return std::move(flattening).take();
  } catch (const toml::parse_error& error) {
    // The parser's reason may quote the text that it could not parse.
    const auto at = error.source().begin;
    throw Error(ErrorKind::configuration,
                fmt::format("{}:{}: this is not TOML, at column {}{}{}", label, at.line, at.column, secret ? "" : ": ",
                            secret ? "" : printable(error.description())),
                "Text is in quotes: slot_name = \"shop\". A key is set once.");
  }
}

std::vector<std::string> list_items(const std::string& text, const Origin& origin) {
  if (!text.starts_with('[')) return {text};
  check_depth(text, origin.label());
  try {
    const toml::table table = toml::parse("items = " + text);
    std::vector<std::string> items;
    if (const auto* list = table["items"].as_array()) {
      for (const auto& item : *list) {
        const auto one = item.value_exact<std::string>();
        if (!one)
          throw Error(ErrorKind::configuration, origin.label() + " is not a list of strings", "Form: [\"a\", \"b\"]");
        items.push_back(*one);
      }
    }
    return items;
  } catch (const toml::parse_error&) {
    throw Error(ErrorKind::configuration, origin.label() + " is not a list of strings", "Form: [\"a\", \"b\"]");
  }
}

}  // namespace walbrook::config

// Reads a TOML file as a list of its keys and values.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/value.h"

namespace walbrook::config {

enum class Form { text, integer, boolean, list, table, other };

struct Written {
  std::vector<std::string> path;  // {"pipelines", "shop", "tables", "name"}
  int element = -1;               // index in an array of tables; -1 = not in one
  Form form = Form::text;
  Value value;
};

// Returns keys and values in the order of the file's lines. `label` is how messages name the file; no message shows
// anything of a file that is `secret`. Throws Error(configuration) if the file cannot be read or is not TOML.
[[nodiscard]] std::vector<Written> read_toml_file(const std::filesystem::path& file, const std::string& label,
                                                  bool secret);

// Parses a list as it is written in the environment: "[\"a\", \"b\"]" → its items. A text that is not a list is one
// item.
[[nodiscard]] std::vector<std::string> list_items(const std::string& text, const Origin& origin);

}  // namespace walbrook::config

// A TOML file as a list of what stands in it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/value.h"

namespace walbrook::config {

enum class Form { text, integer, boolean, list, table, other };

struct Written {
  std::vector<std::string> path;  // {"pipelines", "shop", "tables", "name"}
  int element = -1;               // which of an array of tables it stands in
  Form form = Form::text;
  Value value;
};

// In the order of the file's lines. `label` is how the file is named in messages. Of a file that is `secret` no message
// shows anything. Throws Error(configuration) for what cannot be read or is not TOML.
[[nodiscard]] std::vector<Written> read_toml_file(const std::filesystem::path& file, const std::string& label,
                                                  bool secret);

// "[\"a\", \"b\"]" → its items; a text that is no list is one item. As lists are written in the environment.
[[nodiscard]] std::vector<std::string> list_items(const std::string& text, const Origin& origin);

}  // namespace walbrook::config

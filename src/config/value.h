// A setting's value, and where it was set.
#pragma once

#include <string>
#include <vector>

namespace walbrook::config {

struct Origin {
  enum class Place { built_in, file, environment, flag } place = Place::built_in;
  std::string name;     // the file as the user would name it, the variable, or the flag
  int line = 0;         // in a file
  std::string written;  // the key as written in the file: "pipelines.shop.slot_name"

  // ".walbrook/config.toml:3", "LOAD__BATCH_ROWS", "--batch-rows", "default"
  [[nodiscard]] std::string source() const;
  // The text before a complaint about the value: source(), and in a file also the key, ".walbrook/config.toml:3:
  // load.batch_rows".
  [[nodiscard]] std::string label() const;
};

struct Value {
  std::string text;                // for a list, its items joined by ", "
  std::vector<std::string> items;  // items of a list
  Origin origin;
  bool placeholder = false;  // the value of a new project folder, where its owner is to write something
};

}  // namespace walbrook::config

// The commands and their flags as words, for shell completion. They are taken from the parser's own definitions
// (flags.h).
#pragma once

#include <string>
#include <vector>

namespace walbrook::cli {

// The words that are allowed as a value.
struct ValueWords {
  enum class Kind { anything, words, files, folders, pipelines } kind = Kind::anything;
  std::vector<std::string> words;
};

struct FlagWords {
  std::string name;        // "--source"
  std::string short_name;  // "-h"; "": none
  std::string operand;     // "URL"; "": the flag takes no value
  std::string help;        // one line
  ValueWords value;
  bool repeats = false;
};

struct PositionWords {
  std::string name;  // "PIPELINE"
  ValueWords value;
  bool repeats = false;
};

struct CommandWords {
  std::string name;
  std::string summary;  // one line
  std::vector<PositionWords> positions;
  std::vector<FlagWords> flags;  // in the order of --help
};

[[nodiscard]] std::vector<CommandWords> command_words();

}  // namespace walbrook::cli

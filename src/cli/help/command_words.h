// The commands and their flags as words, taken from what the parser itself is made of (flags.h): for the completion of
// shells.
#pragma once

#include <string>
#include <vector>

namespace walbrook::cli {

// What may stand as a value.
struct ValueWords {
  enum class Kind { anything, words, files, folders, pipelines } kind = Kind::anything;
  std::vector<std::string> words;
};

struct FlagWords {
  std::string name;        // "--source"
  std::string short_name;  // "-h"; "" = none
  std::string operand;     // "URL"; "" = it takes none
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

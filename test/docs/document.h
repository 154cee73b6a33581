// A Markdown document as the tests read it: its fenced blocks, and the hidden commands in its comments.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace walbrook::test {

struct Block {
  std::string tag;   // the text after the fence; "run" for a comment <!-- run … -->
  std::string text;  // without the indentation of its fence
  int line = 0;      // of its first line of text, from 1
  // Returns "orders.cpp" if the first line is "# orders.cpp" or "// orders.cpp": the block is that file.
  [[nodiscard]] std::string file() const;
  [[nodiscard]] std::string first_line() const;
};

[[nodiscard]] std::vector<Block> blocks_of(const std::string& markdown);

// One command of a console block, and the output that the document shows below it.
struct Example {
  std::string command;  // several lines if "> " continues it
  std::string output;
  int line = 0;
  // True if the shown output has a line of an error, or of a finding that is an error: the command must fail.
  [[nodiscard]] bool fails() const;
  [[nodiscard]] bool in_background() const { return command.ends_with('&'); }
};

// Lines before the first "$ " belong to no command; they are returned as the output of an empty command.
[[nodiscard]] std::vector<Example> examples_of(const Block& console);

// Returns README.md, the other documents beside it, and docs/*.md, by their paths below the source folder.
[[nodiscard]] std::vector<std::string> all_documents();

}  // namespace walbrook::test

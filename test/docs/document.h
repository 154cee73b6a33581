// A Markdown document as the tests read it: its fenced blocks, and what its comments have done unseen.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace walbrook::test {

struct Block {
  std::string tag;   // what stands behind the fence; "run" for a comment <!-- run … -->
  std::string text;  // without the indentation of its fence
  int line = 0;      // of its first line of text, from 1
  // "orders.cpp" where its first line is "# orders.cpp" or "// orders.cpp": the block is this file.
  [[nodiscard]] std::string file() const;
  [[nodiscard]] std::string first_line() const;
};

[[nodiscard]] std::vector<Block> blocks_of(const std::string& markdown);

// One command of a console block, and what the document shows below it.
struct Example {
  std::string command;  // several lines where "> " continues it
  std::string output;
  int line = 0;
  // It is told to fail by an output that says so: a line of an error, or of a finding that is one.
  [[nodiscard]] bool fails() const;
  [[nodiscard]] bool in_background() const { return command.ends_with('&'); }
};

// Lines before the first "$ " belong to no command: they are returned as the output of an empty one.
[[nodiscard]] std::vector<Example> examples_of(const Block& console);

// README.md, what else lies beside it, and docs/*.md: by their path below the source folder.
[[nodiscard]] std::vector<std::string> all_documents();

}  // namespace walbrook::test

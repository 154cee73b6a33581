#include "test/docs/document.h"

#include <algorithm>
#include <regex>
#include <sstream>

#include "test/support/temp_folder.h"

namespace walbrook::test {
namespace {

namespace fs = std::filesystem;

std::string without_indentation(const std::string& line, std::size_t columns) {
  return line.substr(std::min({columns, line.find_first_not_of(' '), line.size()}));
}

void add_documents(const fs::path& folder, const std::string& prefix, std::vector<std::string>& names) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".md") names.push_back(prefix + entry.path().filename().string());
  }
}

}  // namespace

std::string Block::first_line() const {
  return text.substr(0, text.find('\n'));
}

std::string Block::file() const {
  static const std::regex named(R"((?:#|//) ([\w./-]*\w\.\w+))");
  std::smatch match;
  const auto first = first_line();
  return std::regex_match(first, match, named) ? match[1].str() : "";
}

std::vector<Block> blocks_of(const std::string& markdown) {
  static const std::regex fence(R"(( *)```(\S*)\s*)");
  static const std::regex comment(R"( *<!-- run(?:: (.*) -->)?)");
  std::istringstream lines(markdown);
  std::vector<Block> blocks;
  bool inside = false;
  bool unseen = false;
  std::size_t indentation = 0;
  int number = 0;
  std::smatch match;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (inside) {
      const auto text = without_indentation(line, indentation);
      inside = unseen ? text != "-->" : text != "```";
      if (inside) blocks.back().text += text + "\n";
    } else if (std::regex_match(line, match, fence)) {
      blocks.push_back({.tag = match[2], .text = "", .line = number + 1});
      indentation = match[1].length();
      inside = true;
      unseen = false;
    } else if (std::regex_match(line, match, comment)) {
      inside = unseen = !match[1].matched;
      indentation = 0;
      blocks.push_back({.tag = "run", .text = match[1].matched ? match[1].str() + "\n" : "", .line = number});
    }
  }
  return blocks;
}

bool Example::fails() const {
  return output.find("error: ") != std::string::npos || output.find("✗ ") != std::string::npos;
}

std::vector<Example> examples_of(const Block& console) {
  std::istringstream lines(console.text);
  std::vector<Example> examples;
  int number = console.line - 1;
  bool in_command = false;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.starts_with("$ ")) {
      examples.push_back({.command = line.substr(2), .output = "", .line = number});
      in_command = true;
    } else if (in_command && line.starts_with("> ")) {
      examples.back().command += "\n" + line.substr(2);
    } else {
      if (examples.empty()) examples.push_back({.command = "", .output = "", .line = number});
      in_command = false;
      examples.back().output += line + "\n";
    }
  }
  return examples;
}

std::vector<std::string> all_documents() {
  const fs::path source = WALBROOK_SOURCE_DIR;
  std::vector<std::string> names;
  add_documents(source, "", names);
  add_documents(source / "docs", "docs/", names);
  add_documents(source / "docs/destinations", "docs/destinations/", names);
  std::ranges::sort(names);
  return names;
}

}  // namespace walbrook::test

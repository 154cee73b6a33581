// Produces each message that docs/troubleshooting.md explains (messages.sh), with the exit code stated there. A message
// or code that changes fails here.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <sstream>

#include "test/docs/shown_output.h"
#include "test/docs/workplace.h"

namespace walbrook::test {
namespace {

struct Message {
  std::string text;
  int exit_code = 0;
  std::string commands;
};

void PrintTo(const Message& message, std::ostream* out) {
  *out << message.text;
}

std::vector<Message> all_messages() {
  static const std::regex heading("### ([0-9]+) (.*)");
  std::istringstream lines(read_file(WALBROOK_SOURCE_DIR "/test/docs/messages.sh"));
  std::vector<Message> all;
  std::smatch match;
  for (std::string line; std::getline(lines, line);) {
    if (std::regex_match(line, match, heading)) {
      all.push_back({.text = match[2], .exit_code = std::stoi(match[1]), .commands = ""});
    } else if (!all.empty()) {
      all.back().commands += line + "\n";
    }
  }
  return all;
}

// Returns the messages at the start of a paragraph in bold, with the exit code that follows them or the one in the
// section's heading; -1: none is stated.
std::map<std::string, int> explained_messages() {
  static const std::regex code(R"(\(exit code (\d)\))");
  static const std::regex message("`([^`]+)`");
  std::istringstream lines(read_file(WALBROOK_SOURCE_DIR "/docs/troubleshooting.md"));
  std::map<std::string, int> messages;
  int of_section = -1;
  std::smatch match;
  for (std::string line; std::getline(lines, line);) {
    const bool has_code = std::regex_search(line, match, code);
    const int stated = has_code ? std::stoi(match[1]) : -1;
    if (line.starts_with("## ")) of_section = stated;
    if (!line.starts_with("**`")) continue;
    const auto bold = line.substr(2, line.find("**", 2) - 2);
    for (std::sregex_iterator each(bold.begin(), bold.end(), message), end; each != end; ++each) {
      messages[(*each)[1]] = has_code ? stated : of_section;
    }
  }
  return messages;
}

PostgresServer& server() {
  static PostgresServer once(documents_server());
  return once;
}

class Explained : public ::testing::TestWithParam<Message> {};

TEST_P(Explained, message_comes) {
  const auto& message = GetParam();
  const bool needs_shop = message.commands.starts_with("shop\n");
  Workplace place(server(), needs_shop ? "shop" : "");
  place.make_ready("messages.sh");
  const auto result = place.run("exit_code=\n" + message.commands + "(exit ${exit_code:-$?})");
  EXPECT_EQ(result.exit_code, message.exit_code) << result.shown;
  EXPECT_TRUE(holds(result.shown, message.text)) << result.shown;
}

TEST(Explained, is_what_is_brought_about) {
  auto explained = explained_messages();
  for (const auto& message : all_messages()) {
    const auto found = explained.find(message.text);
    if (found == explained.end()) {
      ADD_FAILURE() << "messages.sh has what docs/troubleshooting.md does not explain: " << message.text;
      continue;
    }
    const bool is_told = found->second < 0 || found->second == message.exit_code;
    EXPECT_TRUE(is_told || message.exit_code == 0) << message.text;  // 0: a warning among errors
    explained.erase(found);
  }
  for (const auto& [text, code] : explained) ADD_FAILURE() << "nothing in messages.sh brings this about: " << text;
}

std::string name_of(const ::testing::TestParamInfo<Message>& message) {
  std::string name = std::to_string(message.index) + "_";
  for (const char c : message.param.text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (plain) name += c;
    if (!plain && !name.ends_with('_')) name += '_';
  }
  return name.substr(0, 60);
}

INSTANTIATE_TEST_SUITE_P(Docs, Explained, ::testing::ValuesIn(all_messages()), name_of);

}  // namespace
}  // namespace walbrook::test

#include "test/scenario/scenario_file.h"

#include <cctype>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace walbrook::test {
namespace {

class Parser {
 public:
  Parser(std::filesystem::path file, std::string database) : database_(std::move(database)) {
    scenario_.file = std::move(file);
  }

  Scenario parse(const std::string& text) {
    std::istringstream lines(text);
    std::string line;
    while (std::getline(lines, line)) {
      ++line_;
      parse_line(line);
    }
    if (!commented_) fail("the file does not begin with a comment that explains it");
    if (scenario_.steps.empty()) fail("no section");
    if (scenario_.steps.back().kind == Step::Kind::sql) fail("nothing runs behind the last section of SQL");
    return std::move(scenario_);
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const {
    throw std::runtime_error(scenario_.file.string() + ":" + std::to_string(line_) + ": " + reason);
  }

  void parse_line(std::string line) {
    for (auto at = line.find(":database"); at != std::string::npos; at = line.find(":database", at)) {
      line.replace(at, 9, database_);
    }
    if (line.starts_with('#')) {
      if (line_ == 1) commented_ = line.size() > 20;
      return;
    }
    if (!line.empty() && std::islower(static_cast<unsigned char>(line[0])) != 0) return directive(line);
    if (line.find_first_not_of(' ') == std::string::npos) return;
    if (scenario_.steps.empty() || scenario_.steps.back().kind != Step::Kind::sql) fail("SQL outside of a section");
    scenario_.steps.back().sql += line + "\n";
  }

  Step& add(Step::Kind kind) {
    scenario_.steps.push_back({.kind = kind, .line = line_});
    return scenario_.steps.back();
  }

  Step& last_run() {
    if (scenario_.steps.empty() || scenario_.steps.back().kind != Step::Kind::run) fail("does not stand behind a run");
    return scenario_.steps.back();
  }

  void directive(const std::string& line) {
    std::istringstream in(line);
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    const std::string first = words[0];
    words.erase(words.begin());
    if (first == "setup" || first == "changes") {
      if (!words.empty()) fail("\"" + first + "\" stands alone on its line");
      add(Step::Kind::sql);
    } else if (first == "session") {
      if (words.empty() || words.size() > 2 || (words.size() == 2 && words[1] != "meanwhile"))
        fail("session NAME [meanwhile]");
      Step& step = add(Step::Kind::sql);
      step.session = words[0];
      step.meanwhile = words.size() == 2;
    } else if (first == "run") {
      for (const auto& word : words) {
        if (!word.starts_with("-") && (&word == words.data() || !(&word)[-1].starts_with("--")))
          fail("run [--flag [value]]…");
      }
      add(Step::Kind::run).words = words;
    } else if (first == "crash") {
      if (!words.empty()) fail("\"crash\" stands alone on its line");
      add(Step::Kind::crash);
    } else if (first == "suspend" || first == "resume") {
      if (words.empty()) fail(first + " TABLE…");
      words.insert(words.begin(), first);
      add(Step::Kind::request).words = words;
    } else if (first == "resync") {
      const auto where = line.find(" where ");
      if (words.size() < 3 || words[1] != "where") fail("resync TABLE where CONDITION");
      add(Step::Kind::request).words = {first, words[0], "--where", line.substr(where + 7)};
    } else if (first == "tables") {
      if (words.empty()) fail("tables SCHEMA.TABLE… | all");
      add(Step::Kind::tables).words = words.size() == 1 && words[0] == "all" ? std::vector<std::string>{} : words;
    } else if (first == "gone") {
      if (words.empty()) fail("gone SCHEMA.TABLE [COLUMN…]");
      add(Step::Kind::gone).words = words;
    } else if (first == "user") {
      if (words.size() != 1) fail("user NAME");
      add(Step::Kind::user).words = words;
    } else if (first == "publications") {
      if (words.empty()) fail("publications NAME…");
      add(Step::Kind::publications).words = words;
    } else if (first == "only" || first == "also") {
      if (words.empty() || !scenario_.steps.empty()) fail(first + " CONFIGURATION…, before the first section");
      (first == "only" ? scenario_.only : scenario_.also) = words;
    } else if (first == "destinations") {
      if (words.empty() || !scenario_.steps.empty()) fail("destinations NAME…, before the first section");
      scenario_.destinations = words;
    } else if (first == "servers") {
      if (words.size() != 1 || !scenario_.steps.empty()) fail("servers LEAST-MOST, before the first section");
      scenario_.servers = server_range(words[0]);
    } else if (first == "extension") {
      if (words.size() != 1 || !scenario_.steps.empty()) fail("extension NAME, before the first section");
      scenario_.extension = words[0];
    } else if (first == "smoke") {
      if (!words.empty() || !scenario_.steps.empty()) fail("\"smoke\" stands alone, before the first section");
      scenario_.smoke = true;
    } else if (first == "schema_changes") {
      if (!words.empty() || !scenario_.steps.empty()) fail("\"schema_changes\" stands alone, before the first section");
      scenario_.schema_changes = true;
    } else if (first == "expect") {
      expect(line, words);
    } else if (first == "rows") {
      if (words.size() != 3 || words[1] != "=") fail("rows SCHEMA.TABLE = N");
      last_run().counts.push_back({words[0], number(words[2])});
    } else if (first == "kept" || first == "resynced") {
      if (words.empty()) fail(first + " SCHEMA.TABLE…");
      auto& tables = first == "kept" ? last_run().kept : last_run().resynced;
      tables.insert(tables.end(), words.begin(), words.end());
    } else {
      fail("unknown word \"" + first + "\"");
    }
  }

  void expect(const std::string& line, const std::vector<std::string>& words) {
    if (words.size() == 2 && words[0] == "exit") {
      last_run().exit_code = static_cast<int>(number(words[1]));
    } else if (words.size() >= 2 && words[0] == "output") {
      last_run().output.push_back(line.substr(line.find("output ") + 7));
    } else if (words.size() >= 3 && words[0] == "no" && words[1] == "output") {
      last_run().absent.push_back(line.substr(line.find("output ") + 7));
    } else {
      fail("expect exit N | expect output TEXT | expect no output TEXT");
    }
  }

  // Parses "15-", "-17", "15-17" or "18".
  [[nodiscard]] ServerRange server_range(const std::string& word) const {
    ServerRange range;
    const auto dash = word.find('-');
    const auto least = word.substr(0, dash);
    const auto most = dash == std::string::npos ? least : word.substr(dash + 1);
    if (!least.empty()) range.least = static_cast<int>(number(least));
    if (!most.empty()) range.most = static_cast<int>(number(most));
    if (word == "-" || range.least > range.most) fail("\"" + word + "\" holds no server");
    return range;
  }

  [[nodiscard]] long number(const std::string& word) const {
    std::size_t used = 0;
    long value = 0;
    try {
      value = std::stol(word, &used);
    } catch (const std::exception&) {
      used = 0;
    }
    if (used != word.size()) fail("\"" + word + "\" is no number");
    return value;
  }

  Scenario scenario_;
  std::string database_;
  int line_ = 0;
  bool commented_ = false;
};

// Returns the end of the quote, dollar quote or comment that begins at `at`; nullopt: none begins there.
std::optional<std::size_t> end_of_quoted(const std::string& sql, std::size_t at) {
  const auto behind = [&sql](const std::string& closing, std::size_t from) {
    const auto found = sql.find(closing, from);
    return found == std::string::npos ? sql.size() : found + closing.size();
  };
  if (sql[at] == '\'' || sql[at] == '"') return behind(std::string(1, sql[at]), at + 1);  // '' opens the next one
  if (sql.compare(at, 2, "--") == 0) return behind("\n", at);
  if (sql.compare(at, 2, "/*") == 0) return behind("*/", at + 2);
  if (sql[at] != '$') return std::nullopt;
  const auto tag_end = sql.find('$', at + 1);
  if (tag_end == std::string::npos) return std::nullopt;
  for (auto i = at + 1; i < tag_end; ++i) {
    if (std::isalpha(static_cast<unsigned char>(sql[i])) == 0 && sql[i] != '_') return std::nullopt;
  }
  return behind(sql.substr(at, tag_end + 1 - at), tag_end + 1);
}

}  // namespace

Scenario parse_scenario(const std::filesystem::path& file, const std::string& text, const std::string& database) {
  return Parser(file, database).parse(text);
}

std::vector<std::string> split_statements(const std::string& sql) {
  std::vector<std::string> statements;
  std::size_t begin = 0;
  const auto take = [&](std::size_t end) {
    const auto first = sql.find_first_not_of(" \n;", begin);
    if (first < end) statements.push_back(sql.substr(first, end - first));
    begin = end;
  };
  for (std::size_t at = 0; at < sql.size();) {
    if (const auto end = end_of_quoted(sql, at)) {
      at = *end;
      continue;
    }
    if (sql[at++] == ';') take(at);
  }
  take(sql.size());
  return statements;
}

}  // namespace walbrook::test

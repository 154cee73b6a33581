// Follows every document, block by block, as a reader would from top to bottom:
//
//   ```console   each "$ " line is a command, and its output must be what is shown below it (shown_output.h). It must
//                fail if an error is shown, and only then. While a command that ends with "&" is at work, the next
//                commands are repeated for some seconds until they show the expected output: a reader types slowly.
//   ```sql       run in the source by a superuser
//   ```toml      the file that its first line names; without one, a configuration that `walbrook config` must accept
//   ```cpp       the file that its first line names, or the body of a function (programs_of); all of it must compile
//   <!-- run: COMMAND -->, or commands on separate lines between <!-- run and -->: run without being shown
//   any other    the file that its first line names
//
// not_run.txt lists the blocks that cannot be run here, with reasons. A block that is neither run nor listed is a
// failure. Before a document, its setup/NAME.sh is run, or setup/any.sh if there is none.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "test/docs/document.h"
#include "test/docs/shown_output.h"
#include "test/docs/workplace.h"
#include "test/support/lake_copy.h"

namespace walbrook::test {
namespace {

namespace fs = std::filesystem;

const fs::path source_folder = WALBROOK_SOURCE_DIR;
constexpr auto patience = milliseconds(20'000);

struct NotRun {
  std::string document;
  std::string first_line;  // of a block, or a command with its "$ "
  std::string reason;
};

std::vector<NotRun> all_not_run() {
  std::istringstream lines(read_file(source_folder / "test/docs/not_run.txt"));
  std::vector<NotRun> all;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    const auto first = line.find(" | ");
    const auto last = line.rfind(" | ");
    if (last == first) throw std::runtime_error("not_run.txt: " + line);
    all.push_back({line.substr(0, first), line.substr(first + 3, last - first - 3), line.substr(last + 3)});
  }
  return all;
}

// Returns the ```cpp blocks of a document. Those without a main are put into a function that has the names used in the
// text.
std::string programs_of(const std::vector<Block>& blocks) {
  std::string text = "#include <walbrook/walbrook.h>\n#include <iostream>\n";
  for (const auto& block : blocks) {
    if (block.tag != "cpp") continue;
    const auto name = "example_" + std::to_string(block.line);
    const auto at = "#line " + std::to_string(block.line) + "\n";
    if (block.text.find("int main") != std::string::npos) {
      text += "namespace " + name + " {\n" + at + block.text + "}\n";
    } else {
      text += "void " + name +
              "(walbrook::Pipeline& pipeline, const walbrook::ReplicationResource& changes) {\n"
              "static_cast<void>(pipeline); static_cast<void>(changes);\n{\n" +
              at + block.text + "}\n}\n";
    }
  }
  return text;
}

class Document : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    for (const auto& each : all_not_run()) {
      if (each.document == GetParam()) not_run_.push_back(each);
    }
  }

  void follow(const Block& block) {
    if (is_listed(block.first_line())) return;
    if (block.tag == "console") {
      for (const auto& example : examples_of(block)) try_out(example);
    } else if (block.tag == "run") {
      done(block, block.text);
    } else if (block.tag == "sql") {
      place().write(".sql", block.text);
      done(block, "psql -qX -v ON_ERROR_STOP=1 \"$ADMIN\" -f ~/.sql");
    } else if (!block.file().empty()) {
      place().write(block.file(), block.text);
    } else if (block.tag == "toml") {
      place().write(".one/.walbrook/secrets.toml", block.text);
      done(block, "walbrook config --project ~/.one");
    } else if (block.tag != "cpp") {
      ADD_FAILURE_AT(GetParam().c_str(), block.line) << "this block is neither run nor in not_run.txt:\n" << block.text;
    }
  }

  void no_entry_is_left() const {
    for (const auto& each : not_run_) {
      EXPECT_TRUE(each.reason.starts_with("! ")) << "not_run.txt: " << GetParam() << " has no " << each.first_line;
    }
  }

 private:
  // Starts the server when a document first runs something.
  Workplace& place() {
    if (!place_) {
      server_.emplace(documents_server());
      place_.emplace(*server_, "shop");
      const auto script = fs::path(GetParam()).stem().string() + ".sh";
      const bool own = fs::exists(source_folder / "test/docs/setup" / script);
      place_->make_ready(own ? script : "any.sh");
    }
    return *place_;
  }

  bool is_listed(const std::string& line) {
    const auto found = std::ranges::find(not_run_, line, &NotRun::first_line);
    if (found == not_run_.end()) return false;
    found->reason = "! " + found->reason;  // marks the entry as used
    return true;
  }

  void done(const Block& block, const std::string& commands) {
    const auto result = place().run(commands);
    if (result.exit_code != 0) ADD_FAILURE_AT(GetParam().c_str(), block.line) << commands << "\n" << result.shown;
  }

  void try_out(const Example& example) {
    if (example.command.empty()) {
      ADD_FAILURE_AT(GetParam().c_str(), example.line) << "no command precedes this:\n" << example.output;
      return;
    }
    if (is_listed("$ " + example.command)) return;
    auto problem = attempt(example);
    if (!problem.empty() && !place().run("jobs -r").shown.empty()) {
      const bool came = eventually([&] { return (problem = attempt(example)).empty(); }, patience);
      if (!came) problem += "\nin the background: " + place().background();
    }
    if (!problem.empty())
      ADD_FAILURE_AT(GetParam().c_str(), example.line) << "$ " << example.command << "\n" << problem;
  }

  std::string attempt(const Example& example) {
    const auto result = place().run(example.command);
    auto problem = difference(example.output, result.shown);
    if (problem.empty() && (result.exit_code != 0) == example.fails()) return "";
    return "exit code " + std::to_string(result.exit_code) + "\n" + problem;
  }

  std::vector<NotRun> not_run_;
  std::optional<PostgresServer> server_;
  std::optional<Workplace> place_;
};

TEST_P(Document, shows_what_happens) {
  if (GetParam() == "docs/destinations/ducklake.md" && !has_lake_extensions()) {
    GTEST_SKIP() << "DuckDB's extensions for lakes are not there; tools/install-ducklake brings them";
  }
  for (const auto& block : blocks_of(read_file(source_folder / GetParam()))) follow(block);
  no_entry_is_left();
}

TEST_P(Document, shows_programs_that_compile) {
  const auto blocks = blocks_of(read_file(source_folder / GetParam()));
  if (std::ranges::find(blocks, "cpp", &Block::tag) == blocks.end()) return;
  const TempFolder folder("programs");
  write_file(folder / "all.cpp", programs_of(blocks));
  const auto compiled = run({.argv = {"g++", "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-I",
                                      (source_folder / "include").string(), "all.cpp"},
                             .folder = folder.path()});
  EXPECT_TRUE(compiled.succeeded()) << compiled.describe();
}

TEST(NotRun, names_documents_that_are_there) {
  const auto documents = all_documents();
  for (const auto& each : all_not_run()) {
    EXPECT_NE(std::ranges::find(documents, each.document), documents.end()) << each.document;
  }
}

std::string readable(const ::testing::TestParamInfo<std::string>& document) {
  auto name = document.param;
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Docs, Document, ::testing::ValuesIn(all_documents()), readable);

}  // namespace
}  // namespace walbrook::test

// Remedies of the engine are typed: the command names its flags, and users of the library read its options.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>

#include "base/error.h"
#include "test/library/fixture.h"

namespace walbrook::test {
namespace {

TEST(RemedyWords, name_flags_for_the_command_and_options_for_the_library) {
  const auto again =
      remedy("Check {} and the database; {} copies everything again.", RemedyOption::publication, RemedyAction::reset);
  EXPECT_EQ(to_text(again, Wording::command),
            "Check --publication and the database; walbrook run --reset copies everything again.");
  EXPECT_EQ(to_text(again, Wording::library),
            "Check pub_name and the database; init_replication with .reset = true copies everything again.");
  const auto elsewhere = remedy("Have the copies in another schema: {}.", SetOption{RemedyOption::dataset, "NAME"});
  EXPECT_EQ(to_text(elsewhere, Wording::command), "Have the copies in another schema: --dataset NAME.");
  EXPECT_EQ(to_text(elsewhere, Wording::library), "Have the copies in another schema: dataset_name.");
}

// destination_only is the last option.
TEST(RemedyWords, of_the_library_name_options_that_it_has) {
  std::string headers;
  for (const auto& entry : std::filesystem::directory_iterator(WALBROOK_SOURCE_DIR "/include/walbrook")) {
    if (entry.path().filename() == "remedy.h") continue;
    std::ifstream lines(entry.path());
    for (std::string line; std::getline(lines, line);) headers += line.substr(0, line.find("//")) + "\n";
  }
  for (int i = 0; i <= static_cast<int>(RemedyOption::destination_only); ++i) {
    const auto option = static_cast<RemedyOption>(i);
    const auto words = to_text(option, Wording::library);
    if (words == to_text(option, Wording::command)) continue;  // the library has none
    const auto name = std::regex_replace(words, std::regex(R"(^\.| = true$)"), "");
    EXPECT_TRUE(std::regex_search(headers, std::regex("\\b" + name + "\\b"))) << words;
  }
}

TEST(RemedyWords, are_parts_that_a_program_can_tell_apart) {
  const std::string table = "{}";  // text in an argument is never a placeholder
  const auto made = remedy("As owner of {}: {}", table, ExecuteSql{"GRANT SELECT ON \"größe\" TO joe;"});
  ASSERT_EQ(made.parts().size(), 4U);
  const auto* sql = std::get_if<ExecuteSql>(&made.parts()[3]);
  ASSERT_NE(sql, nullptr);
  EXPECT_EQ(sql->statement, "GRANT SELECT ON \"größe\" TO joe;");
  EXPECT_EQ(to_text(made, Wording::library), "As owner of {}: GRANT SELECT ON \"größe\" TO joe;");
}

TEST(RemedyWords, hold_no_password) {
  const Error error(ErrorKind::connection, "lost",
                    remedy("Give the right {}: {}", RemedyOption::source, "postgresql://joe:secret@host/shop"));
  EXPECT_EQ(error.hint(), "Give the right --source: postgresql://joe:***@host/shop");
  EXPECT_EQ(to_text(error.remedy(), Wording::library), "Give the right credentials: postgresql://joe:***@host/shop");
}

// The engine's texts name no flag. A remedy names the option, which the command and the library put into words. Reasons
// of a run, which are stored for readers of the file, and settings that only the command has use the command's words.
TEST(RemedyWords, no_text_of_the_engine_names_a_flag_itself) {
  const std::regex literal(R"re("((?:[^"\\]|\\.)*)")re");
  const std::regex flag("(^|[^a-z-])--[a-z][a-z-]*|walbrook run|walbrook resync");
  const std::regex of_the_command(
      "--two-phase needs|--origin none|--dataset NAME|--no-snapshot|"
      "walbrook resync \\{\\}|; walbrook run --follow waits");
  int seen = 0;
  for (const char* folder : {"base", "model", "postgres", "output", "destination", "replication", "arrow", "api"}) {
    const auto root = std::filesystem::path(WALBROOK_SOURCE_DIR "/src") / folder;
    ASSERT_TRUE(std::filesystem::exists(root)) << root;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (entry.path().extension() != ".cpp" || entry.path().filename() == "remedy.cpp") continue;
      std::ifstream lines(entry.path());
      for (std::string line; std::getline(lines, line);) {
        line.resize(std::min(line.size(), line.find("//")));
        for (std::sregex_iterator text(line.begin(), line.end(), literal), end; text != end; ++text) {
          ++seen;
          const auto words = (*text)[1].str();
          if (!std::regex_search(words, flag) || std::regex_search(words, of_the_command)) continue;
          ADD_FAILURE() << entry.path() << ": " << words;
        }
      }
    }
  }
  EXPECT_GT(seen, 1000);
}

TEST(RemedyWords, are_those_of_the_errors_that_are_thrown) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY)");
  auto pipeline = walbrook::pipeline(shop.options());
  pipeline.run(init_replication(shop.init("a")));
  shop.exec("INSERT INTO a VALUES (1)");  // somebody else reads it from the slot
  shop.exec("SELECT pg_replication_slot_advance('" + shop.slot() + "', pg_current_wal_lsn())");
  const auto error = error_of([&] { pipeline.run(shop.changes()); });
  EXPECT_EQ(error.kind(), ErrorKind::source_not_ready);
  EXPECT_NE(error.hint().find("init_replication"), std::string::npos) << error.hint();
  EXPECT_EQ(std::string(error.what()).find("--"), std::string::npos) << error.what();
  EXPECT_TRUE(std::ranges::any_of(error.remedy().parts(), [](const RemedyPart& part) {
    const auto* take = std::get_if<TakeAction>(&part);
    return take != nullptr && take->action == RemedyAction::reset;
  }));
}

}  // namespace
}  // namespace walbrook::test

// Errors of the engine name settings as the command's flags; who uses the library reads its own options.
#include "api/library_words.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>

#include "test/library/fixture.h"

namespace walbrook::test {
namespace {

TEST(LibraryWords, name_options_of_the_library) {
  EXPECT_EQ(api::in_library_words("Give another name by --slot."), "Give another name by slot_name.");
  EXPECT_EQ(api::in_library_words("Check --publication and the database; walbrook run --reset makes the copy anew."),
            "Check pub_name and the database; init_replication with .reset = true makes the copy anew.");
  EXPECT_EQ(api::in_library_words("Rename it, or have the copies in another schema: --dataset NAME."),
            "Rename it, or have the copies in another schema: dataset_name.");
  EXPECT_EQ(api::in_library_words("--slot-wait, --slots, --slot"), "--slot-wait, --slots, slot_name");
  EXPECT_EQ(api::in_library_words("GRANT SELECT ON t TO \"größe\";"), "GRANT SELECT ON t TO \"größe\";");
}

// Every flag that stands in a text of the engine is translated, but for those whose error no library call can meet, and
// for a skipped transaction: the library names the command for that.
TEST(LibraryWords, know_every_flag_that_the_engine_speaks_of) {
  const std::set<std::string> of_the_command_alone = {"--protocol", "--streaming",        "--two-phase",
                                                      "--origin",   "--destination-only", "--query-bytes",
                                                      "--only",     "--skip-transaction"};
  const std::regex literal(R"re("((?:[^"\\]|\\.)*)")re");
  const std::regex flag("--[a-z][a-z-]*");
  int seen = 0;
  for (const char* folder : {"base", "schema", "package", "pgoutput", "source", "destination", "pipeline", "api"}) {
    const auto root = std::filesystem::path(WALBROOK_SOURCE_DIR "/src") / folder;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (entry.path().extension() != ".cpp" || entry.path().filename() == "library_words.cpp") continue;
      std::ifstream lines(entry.path());
      for (std::string line; std::getline(lines, line);) {
        line.resize(std::min(line.size(), line.find("//")));
        for (std::sregex_iterator text(line.begin(), line.end(), literal), end; text != end; ++text) {
          if (std::regex_search((*text)[1].str(), flag)) ++seen;
          const auto told = api::in_library_words((*text)[1].str());
          for (std::sregex_iterator left(told.begin(), told.end(), flag); left != end; ++left) {
            if (of_the_command_alone.contains(left->str()) || told.find("walbrook decode") != std::string::npos)
              continue;
            ADD_FAILURE() << entry.path() << ": " << told;
          }
        }
      }
    }
  }
  EXPECT_GT(seen, 20);
}

TEST(LibraryWords, are_those_of_the_errors_that_are_thrown) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY)");
  auto pipeline = walbrook::pipeline(shop.options());
  pipeline.run(init_replication(shop.init("a")));
  shop.exec("SELECT pg_drop_replication_slot('" + shop.slot() + "')");
  const auto error = error_of([&] { pipeline.run(shop.changes()); });
  EXPECT_EQ(error.kind(), ErrorKind::source_not_ready);
  EXPECT_NE(error.mend().find("init_replication"), std::string::npos) << error.mend();
  EXPECT_EQ(std::string(error.what()).find("--"), std::string::npos) << error.what();
}

}  // namespace
}  // namespace walbrook::test

// Names and tokens of MotherDuck's databases, and what is reported where one cannot be reached. MotherDuck itself takes
// an account: that everything works in an attached database is tested with a file (test/contract/attached_kind.cpp).
#include "destination/duckdb/motherduck.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "destination/place.h"
#include "test/unit/duckdb/duckdb_case.h"

namespace walbrook::contract {
namespace {

namespace duckdb = destination::duckdb;

// Sets a variable of the environment, or unsets it, for a test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    value == nullptr ? ::unsetenv(name) : ::setenv(name, value, 1);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { before_ ? ::setenv(name_, before_->c_str(), 1) : ::unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

class MotherDuckTest : public DuckDbCase {
 protected:
  [[nodiscard]] std::string error_of_opening(const std::string& url) const {
    return error_of([&] {
      (void)destination::open_destination(
          {.url = url, .pipeline = "walbrook", .extension_directory = folder() + "/taken"})
          ->open();
    });
  }

  Variable token_{"MOTHERDUCK_TOKEN", nullptr};
  Variable other_token_{"motherduck_token", nullptr};
};

TEST_F(MotherDuckTest, urls_name_a_database) {
  for (const std::string url :
       {"md:shop", "md:///shop", "md://shop", "motherduck:shop", "md:shop?motherduck_token=t"}) {
    const auto place = destination::place_of(url);
    EXPECT_EQ(place.identity, "md:shop") << url;
    EXPECT_EQ(place.shown, "md:shop") << url;
    EXPECT_TRUE(place.files.empty()) << url;
  }
  EXPECT_EQ(duckdb::parse_motherduck_url("md:///shop?token=a%2Fb").token, "a/b");
  for (const std::string url : {"md:", "md:?motherduck_token=secret", "md:a b", "md:shop?motherduck_token",
                                "md:shop?user=x", "md:shop?motherduck_token=secret&x=1", "md:a/b"}) {
    const auto error = error_of([&] { (void)destination::place_of(url); });
    EXPECT_TRUE(error.starts_with("configuration: ")) << url << " -> " << error;
    EXPECT_EQ(error.find("secret"), std::string::npos) << error;
  }
}

TEST_F(MotherDuckTest, a_missing_token_is_told_before_anything_is_loaded) {
  EXPECT_EQ(error_of_opening("md:shop"), "configuration: md:shop needs a token of MotherDuck, and none is set");
  EXPECT_TRUE(std::filesystem::is_empty(folder()));
}

TEST_F(MotherDuckTest, a_missing_extension_is_told_without_the_token) {
  std::ofstream(folder() + "/taken") << "a file, so that DuckDB can install nothing below it";
  for (const std::string url : {"md:shop?motherduck_token=secret", "md:shop"}) {
    const Variable token("MOTHERDUCK_TOKEN", "secret");
    const auto error = error_of_opening(url);
    EXPECT_TRUE(error.starts_with("destination: the extension motherduck of DuckDB, which md:shop needs, ")) << error;
    EXPECT_NE(error.find("motherduck.duckdb_extension is missing"), std::string::npos) << error;
    EXPECT_EQ(error.find("secret"), std::string::npos) << error;
  }
}

}  // namespace
}  // namespace walbrook::contract

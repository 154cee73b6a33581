// The commands without flags, in a folder that says everything.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

class ProjectFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    source_.exec(
        "CREATE TABLE orders(id int PRIMARY KEY, note text); INSERT INTO orders VALUES (1, 'one'), (2, 'two');"
        "CREATE TABLE items(id int PRIMARY KEY, price numeric(10,2), secret text); INSERT INTO items VALUES (7, 1.5, "
        "'x');"
        "CREATE TABLE left_out(id int PRIMARY KEY)");
    write_file(config(), R"([pipelines.shop]
destination = "duckdb:///copies/shop.duckdb"
dataset_name = "copy"
[[pipelines.shop.tables]]
name = "orders"
[[pipelines.shop.tables]]
name = "public.items"
columns = ["id", "price"]
)");
    std::filesystem::create_directory(folder_ / "copies");
    write_file(folder_ / ".walbrook" / "secrets.toml", fmt::format("sources.pg_replication.credentials = \"{}\"\n",
                                                                   source_.server().url(source_.name(), "nobody")));
    std::filesystem::permissions(folder_ / ".walbrook" / "secrets.toml", std::filesystem::perms(0600));
  }

  [[nodiscard]] std::filesystem::path config() const {
    std::filesystem::create_directories(folder_ / ".walbrook");
    return folder_ / ".walbrook" / "config.toml";
  }
  [[nodiscard]] ProcessResult walbrook(const std::vector<std::string>& arguments, const Environment& env = {}) const {
    auto spec = walbrook_command(arguments, env);
    spec.folder = folder_.path();
    return run(spec);
  }

  ReplicatedDatabase source_;
  TempFolder folder_{"project"};
};

TEST_F(ProjectFolder, SaysAllThatTheCommandsNeed) {
  // The role comes from the environment, over the URL of the file.
  const Environment env = {{"SOURCES__PG_REPLICATION__CREDENTIALS__USERNAME", "postgres"}};
  auto result = walbrook({"check"}, env);
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.out.find("user postgres"), std::string::npos) << result.describe();
  result = walbrook({"run"}, env);
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(source_.value("SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_publication_tables WHERE "
                          "pubname = 'shop'"),
            "items orders");
  EXPECT_EQ(source_.value("SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'shop' AND database = "
                          "current_database()"),
            "1");
  result = walbrook({"sql", "--csv", "SELECT * FROM copy.items"});
  EXPECT_EQ(result.out, "id,price\n7,1.50\n") << result.describe();
  result = walbrook({"status", "shop", "--json"});
  EXPECT_EQ(nlohmann::json::parse(result.out).at("tables").size(), 2U) << result.describe();
  // From elsewhere, by the folder's name.
  result = run(walbrook_command({"sql", "--project", folder_.path(), "--csv", "SELECT count(*) FROM copy.orders"}));
  EXPECT_EQ(result.out, "count_star()\n2\n") << result.describe();
}

TEST_F(ProjectFolder, TroubleIsExitCodeTwoWithFileAndLine) {
  write_file(config(), "[pipelines.shop]\nslotname = \"x\"\n");
  for (const char* command : {"run", "check", "status", "config"}) {
    const auto result = walbrook({command});
    EXPECT_EQ(result.exit_code, 2) << result.describe();
    EXPECT_NE(result.err.find(".walbrook/config.toml:2: unknown key pipelines.shop.slotname"), std::string::npos)
        << result.describe();
    EXPECT_NE(result.err.find("Did you mean pipelines.shop.slot_name?"), std::string::npos) << result.describe();
  }
}

}  // namespace
}  // namespace walbrook::test

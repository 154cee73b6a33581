// The commands without flags, in a folder that configures everything.
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

TEST_F(ProjectFolder, says_all_that_the_commands_need) {
  // The environment sets the role, which takes precedence over the URL in the file.
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
  // Run from elsewhere, with the folder's name.
  result = run(walbrook_command({"sql", "--project", folder_.path(), "--csv", "SELECT count(*) FROM copy.orders"}));
  EXPECT_EQ(result.out, "count_star()\n2\n") << result.describe();
}

TEST_F(ProjectFolder, an_error_is_exit_code_two_with_file_and_line) {
  write_file(config(), "[pipelines.shop]\nslotname = \"x\"\n");
  for (const char* command : {"run", "check", "status", "config"}) {
    const auto result = walbrook({command});
    EXPECT_EQ(result.exit_code, 2) << result.describe();
    EXPECT_NE(result.err.find(".walbrook/config.toml:2: unknown key pipelines.shop.slotname"), std::string::npos)
        << result.describe();
    EXPECT_NE(result.err.find("Did you mean pipelines.shop.slot_name?"), std::string::npos) << result.describe();
  }
}

class NewProject : public ::testing::Test {
 protected:
  [[nodiscard]] ProcessResult walbrook(const std::vector<std::string>& arguments, const Environment& env = {}) const {
    auto spec = walbrook_command(arguments, env);
    spec.folder = folder_.path();
    return run(spec);
  }
  [[nodiscard]] std::string text(const std::string& name) const { return read_file(folder_ / name); }

  TempFolder folder_{"new"};
};

TEST_F(NewProject, is_made_once_and_kept) {
  auto result = walbrook({"init", "pg_replication", "duckdb"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  for (const char* name : {".walbrook/config.toml", ".walbrook/secrets.toml", ".gitignore", "README.md",
                           "CMakeLists.txt", "pg_replication_pipeline.cpp", "rows.h"}) {
    EXPECT_TRUE(std::filesystem::exists(folder_ / name)) << name;
    EXPECT_NE(result.out.find(std::string("created   ") + name), std::string::npos) << result.describe();
  }
  EXPECT_EQ(std::filesystem::status(folder_ / ".walbrook/secrets.toml").permissions(), std::filesystem::perms(0600));
  EXPECT_NE(text(".gitignore").find(".walbrook/secrets.toml\n"), std::string::npos);

  write_file(folder_ / ".walbrook/secrets.toml", "# mine\n");
  write_file(folder_ / ".gitignore", "build\n");
  result = walbrook({"init", "--json"});
  for (const auto& row : nlohmann::json::parse(result.out).at("files")) EXPECT_EQ(row.at("what"), "kept") << row;
  EXPECT_EQ(text(".walbrook/secrets.toml"), "# mine\n");
  EXPECT_NE(walbrook({"init"}).out.find("Add this line to your .gitignore: .walbrook/secrets.toml"), std::string::npos);
}

TEST_F(NewProject, is_made_for_each_destination) {
  ASSERT_EQ(walbrook({"init", "pg_replication", "postgresql"}).exit_code, 0);
  EXPECT_NE(text(".walbrook/config.toml").find("\ndestination = \"postgresql\"   # the database of"),
            std::string::npos);
  EXPECT_NE(text(".walbrook/secrets.toml").find("\n[destination.postgresql.credentials]\n"), std::string::npos);
  EXPECT_NE(text("pg_replication_pipeline.cpp").find(".destination = \"postgresql\","), std::string::npos);
  for (const char* name : {".walbrook/config.toml", ".walbrook/secrets.toml", "pg_replication_pipeline.cpp"}) {
    EXPECT_EQ(text(name).find("duckdb"), std::string::npos) << name << ":\n" << text(name);
  }
}

// The token is in secrets.toml, and no command shows it.
TEST_F(NewProject, is_made_for_motherduck) {
  ASSERT_EQ(walbrook({"init", "pg_replication", "motherduck"}).exit_code, 0);
  EXPECT_NE(text(".walbrook/config.toml").find("\ndestination = \"motherduck\""), std::string::npos);
  const auto section = text(".walbrook/secrets.toml").find("\n[destination.motherduck]\n");
  ASSERT_NE(section, std::string::npos);
  write_file(folder_ / ".walbrook/secrets.toml",
             "sources.pg_replication.credentials = \"dbname=shop host=/nowhere\"\n[destination.motherduck]\n"
             "credentials = \"md:shop?motherduck_token=sesame\"\n");
  const auto config = walbrook({"config"});
  EXPECT_EQ(config.exit_code, 0) << config.describe();
  EXPECT_NE(config.out.find("md:shop?motherduck_token=***"), std::string::npos) << config.describe();
  write_file(folder_ / "taken", "");
  const Environment no_folder = {{"DESTINATION__DUCKDB__EXTENSION_DIRECTORY", (folder_ / "taken").string()}};
  for (const std::string command : {"check", "status"}) {
    const auto refused = walbrook({command}, no_folder);
    EXPECT_NE(refused.exit_code, 0) << refused.describe();
    EXPECT_NE((refused.out + refused.err).find("the extension motherduck of DuckDB, which md:shop needs"),
              std::string::npos)
        << refused.describe();
    EXPECT_EQ((refused.out + refused.err + config.out + config.err).find("sesame"), std::string::npos)
        << refused.describe();
  }
}

// The password of the catalog's server is in secrets.toml, and no command shows it.
TEST_F(NewProject, is_made_for_a_lake) {
  ASSERT_EQ(walbrook({"init", "pg_replication", "ducklake"}).exit_code, 0);
  EXPECT_NE(text(".walbrook/config.toml").find("\ndestination = \"ducklake\"   # the lake of [destination.ducklake]"),
            std::string::npos);
  auto secrets = text(".walbrook/secrets.toml");
  const auto section = secrets.find("\n[destination.ducklake]\ncredentials = ");
  ASSERT_NE(section, std::string::npos) << secrets;
  const std::string source = "sources.pg_replication.credentials = \"dbname=shop host=/nowhere\"\n";
  write_file(folder_ / ".walbrook/secrets.toml", source + secrets.substr(section));
  const auto unfilled = walbrook({"check"});
  EXPECT_EQ(unfilled.exit_code, 2) << unfilled.describe();
  EXPECT_NE(unfilled.err.find("please set me up! credentials is still to be filled in"), std::string::npos)
      << unfilled.describe();
  write_file(folder_ / ".walbrook/secrets.toml",
             source +
                 "[destination.ducklake]\ncredentials = \"ducklake:postgres:dbname=lake host=/nowhere "
                 "password=sesame?data_path=lake\"\n");
  const auto config = walbrook({"config"});
  EXPECT_EQ(config.exit_code, 0) << config.describe();
  EXPECT_NE(config.out.find("ducklake:postgres:dbname=lake host=/nowhere password=***"), std::string::npos)
      << config.describe();
  write_file(folder_ / "taken", "");
  const Environment no_folder = {{"DESTINATION__DUCKDB__EXTENSION_DIRECTORY", (folder_ / "taken").string()}};
  for (const std::string command : {"check", "status"}) {
    const auto refused = walbrook({command}, no_folder);
    EXPECT_NE(refused.exit_code, 0) << refused.describe();
    EXPECT_NE((refused.out + refused.err).find("the extension ducklake of DuckDB, which ducklake:postgres:"),
              std::string::npos)
        << refused.describe();
    EXPECT_EQ((refused.out + refused.err + config.out + config.err).find("sesame"), std::string::npos)
        << refused.describe();
  }
}

TEST_F(NewProject, names_the_folder_of_its_files) {
  ASSERT_EQ(walbrook({"init", "pg_replication", "filesystem"}).exit_code, 0);
  EXPECT_NE(text(".walbrook/config.toml").find("\ndestination = \"filesystem\"   # the folder or bucket of"),
            std::string::npos);
  auto secrets = text(".walbrook/secrets.toml");
  const auto destination = secrets.find("[destination.filesystem]\nbucket_url = ");
  ASSERT_NE(destination, std::string::npos) << secrets;
  secrets =
      "[sources.pg_replication.credentials]\ndatabase = \"shop\"\nhost = \"/nowhere\"\n" + secrets.substr(destination);
  write_file(folder_ / ".walbrook/secrets.toml", secrets);
  const auto result = walbrook({"check"});
  EXPECT_EQ(result.exit_code, 2) << result.describe();
  EXPECT_NE(result.err.find("please set me up! bucket_url is still to be filled in"), std::string::npos)
      << result.describe();
}

TEST_F(NewProject, is_not_to_be_filled_in_by_halves) {
  ASSERT_EQ(walbrook({"init", "pg_replication", "postgresql"}).exit_code, 0);
  auto secrets = text(".walbrook/secrets.toml");
  const auto destination = secrets.find("[destination");
  write_file(
      folder_ / ".walbrook/secrets.toml",
      "[sources.pg_replication.credentials]\ndatabase = \"shop\"\nhost = \"/nowhere\"\n" + secrets.substr(destination));
  const auto result = walbrook({"check"});
  EXPECT_EQ(result.exit_code, 2) << result.describe();
  EXPECT_NE(result.err.find("please set me up! database, username, password, host are still to be filled in"),
            std::string::npos)
      << result.describe();
}

TEST_F(NewProject, nothing_is_lost_by_force) {
  ASSERT_EQ(walbrook({"init"}).exit_code, 0);
  const auto template_text = text("README.md");
  write_file(folder_ / ".walbrook/secrets.toml", "# the only place of this password\n");
  write_file(folder_ / "README.md", "mine\n");
  auto result = walbrook({"init", "--force"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(text(".walbrook/secrets.toml"), "# the only place of this password\n");
  EXPECT_NE(result.out.find("kept      .walbrook/secrets.toml\n          --force does not replace it"),
            std::string::npos)
      << result.describe();
  EXPECT_EQ(text("README.md"), template_text);
  EXPECT_EQ(text("README.md.orig"), "mine\n");
  EXPECT_NE(result.out.find("replaced  README.md  (the old one is README.md.orig)"), std::string::npos)
      << result.describe();
  EXPECT_NE(result.out.find("kept      CMakeLists.txt"), std::string::npos) << "it was as new\n" << result.describe();
  // Not even the backup of a backup.
  write_file(folder_ / "README.md", "mine again\n");
  result = walbrook({"init", "--force", "--json"});
  EXPECT_EQ(text("README.md.orig"), "mine\n");
  EXPECT_EQ(text("README.md.orig.2"), "mine again\n");
  for (const auto& row : nlohmann::json::parse(result.out).at("files")) {
    if (row.at("file") == "README.md") {
      EXPECT_EQ(row.at("backup"), "README.md.orig.2");
    }
  }
  // Missing secrets are replaced by a new, empty form.
  std::filesystem::remove(folder_ / ".walbrook/secrets.toml");
  EXPECT_EQ(walbrook({"init", "--force"}).exit_code, 0);
  EXPECT_EQ(std::filesystem::status(folder_ / ".walbrook/secrets.toml").permissions(), std::filesystem::perms(0600));
}

TEST_F(NewProject, says_what_is_to_be_filled_in_and_then_runs) {
  ASSERT_EQ(walbrook({"init"}).exit_code, 0);
  for (const char* command : {"check", "run"}) {
    const auto result = walbrook({command});
    EXPECT_EQ(result.exit_code, 2) << result.describe();
    EXPECT_NE(result.err.find("please set me up! database, username, password, host are still to be filled in"),
              std::string::npos)
        << result.describe();
  }
  EXPECT_EQ(walbrook({"config"}).exit_code, 0);

  const ReplicatedDatabase source;
  source.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  auto secrets = text(".walbrook/secrets.toml");
  const auto fill_in = [&secrets](const std::string& key, const std::string& value) {
    const auto at = secrets.find("\n" + key + " = ") + 1;
    ASSERT_NE(at, std::string::npos + 1) << key;
    secrets.replace(at, secrets.find('\n', at) - at, key + " = " + value);
  };
  fill_in("database", "\"" + source.name() + "\"");
  fill_in("username", "\"postgres\"");
  fill_in("password", "\"not asked for\"");
  fill_in("host", "\"127.0.0.1\"");
  fill_in("port", std::to_string(source.server().port()));
  write_file(folder_ / ".walbrook/secrets.toml", secrets);
  auto result = walbrook({"check"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  result = walbrook({"run"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(walbrook({"sql", "--csv", "SELECT id FROM public.t"}).out, "id\n1\n");
  EXPECT_TRUE(std::filesystem::exists(folder_ / "pg_replication_pipeline.duckdb"));
  EXPECT_EQ(result.err.find("can be read by others"), std::string::npos) << result.describe();
}

TEST_F(NewProject, knows_its_sources_and_destinations) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> all = {
      {{"init", "mysql", "duckdb"}, "unknown source \"mysql\"\n  Known: pg_replication, sql_database."},
      {{"init", "pg_replicaton"}, "Did you mean pg_replication?"},
      {{"init", "pg_replication", "snowflake"},
       "unknown destination \"snowflake\"\n  Known: duckdb, postgresql, filesystem, ducklake, motherduck."},
      {{"init", "sql_database", "snowflake"}, "unknown destination"}};
  for (const auto& [arguments, told] : all) {
    const auto result = walbrook(arguments);
    EXPECT_EQ(result.exit_code, 2) << result.describe();
    EXPECT_NE(result.err.find(told), std::string::npos) << result.describe();
  }
  const auto result = walbrook({"init", "sql_database", "duckdb"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.out.find("sql_database is built in"), std::string::npos) << result.describe();
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
  // A missing folder is created; a file in its place is not removed.
  EXPECT_EQ(walbrook({"init", "--project", "a/b"}).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "a/b/.walbrook/config.toml"));
  write_file(folder_ / ".walbrook", "a file");
  EXPECT_EQ(walbrook({"init"}).exit_code, 4);
}

}  // namespace
}  // namespace walbrook::test

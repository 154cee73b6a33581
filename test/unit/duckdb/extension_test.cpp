// Extensions: from a folder, from the network, and never by a statement that happens to name one. The files are those
// of tools/install-duckdb-versions; tests that need them are skipped where it could not fetch them.
#include "destination/duckdb/extension.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "test/unit/duckdb/duckdb_case.h"

namespace walbrook::contract {
namespace {

namespace fs = std::filesystem;
namespace duckdb = destination::duckdb;

const fs::path fetched = fs::path(WALBROOK_SOURCE_DIR) / "build/duckdb-versions";

class ExtensionTest : public DuckDbCase {
 protected:
  ExtensionTest() { connection.emplace(database); }

  [[nodiscard]] std::string error_of_loading(const std::string& name) {
    return error_of([&] { duckdb::load_extension(*connection, name, "this test", folder()); });
  }
  // Where the extension belongs in this test's folder.
  [[nodiscard]] fs::path place_of(const std::string& name) const {
    return fs::path(folder()) / "v1.5.5/linux_amd64" / (name + ".duckdb_extension");
  }

  std::shared_ptr<duckdb::Database> database =
      std::make_shared<duckdb::Database>(duckdb::DatabaseOptions{.path = "", .label = "a database in memory"});
  std::optional<duckdb::Connection> connection;
};

TEST_F(ExtensionTest, one_of_the_folder_is_loaded) {
  if (!fs::exists(fetched / "complete")) GTEST_SKIP() << "tools/install-duckdb-versions fetches the extension tpch";
  duckdb::load_extension(*connection, "tpch", "this test", (fetched / "extensions").string());
  EXPECT_EQ(connection->rows("SELECT count(*)::VARCHAR FROM tpch_queries()").at(0).at(0), "22");
  duckdb::load_extension(*connection, "tpch", "this test", (fetched / "extensions").string());  // once more is no error
}

TEST_F(ExtensionTest, one_that_is_nowhere_is_named_with_its_place) {
  const auto error = error_of_loading("no_such_extension");
  for (const auto& part : {std::string("destination: the extension no_such_extension of DuckDB, which this test"),
                           place_of("no_such_extension").string() + " is missing", std::string("install")}) {
    EXPECT_NE(error.find(part), std::string::npos) << part << " is not in " << error;
  }
}

TEST_F(ExtensionTest, a_file_that_is_no_extension_is_named_and_stays) {
  fs::create_directories(place_of("tpch").parent_path());
  std::ofstream(place_of("tpch")) << "not an extension";
  const auto error = error_of_loading("tpch");
  EXPECT_NE(error.find("cannot be loaded from " + place_of("tpch").string()), std::string::npos) << error;
  EXPECT_EQ(fs::file_size(place_of("tpch")), 16U);
}

// A function of an extension that is in the folder is unknown until walbrook loads the extension.
TEST_F(ExtensionTest, no_statement_loads_or_installs_one) {
  const auto here = fs::exists(fetched / "complete") ? (fetched / "extensions").string() : folder();
  connection->execute("SET GLOBAL extension_directory = " + duckdb::literal(here));
  EXPECT_NE(connection->failure_of("SELECT * FROM tpch_queries()"), "");
  EXPECT_EQ(
      connection->rows("SELECT count(*)::VARCHAR FROM duckdb_extensions() WHERE extension_name = 'tpch' AND loaded")
          .at(0)
          .at(0),
      "0");
  for (const auto* setting : {"autoload_known_extensions", "autoinstall_known_extensions"}) {
    EXPECT_EQ(connection->rows("SELECT current_setting('" + std::string(setting) + "')::VARCHAR").at(0).at(0), "false");
    open();  // and in a file
    EXPECT_EQ(ask("SELECT current_setting('" + std::string(setting) + "')"), Strings{"false"});
  }
}

}  // namespace
}  // namespace walbrook::contract

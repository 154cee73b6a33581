// What `cmake --install` installs: a prefix that can be moved, found by CMake and by pkg-config from outside the tree,
// and the project's example pipelines, each run against a real server.
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "test/library/fixture.h"

namespace walbrook::test {
namespace {

namespace fs = std::filesystem;

ProcessResult shell(const std::string& script, const fs::path& folder, const Environment& env = {}) {
  return run({.argv = {"bash", "-euo", "pipefail", "-c", script}, .env = env, .folder = folder}, milliseconds(300'000));
}

class Installation {
 public:
  Installation() : folder_("installation") {
    const auto first = folder_ / "first";
    const auto installed =
        shell("cmake --install '" WALBROOK_BINARY_DIR "' --prefix '" + first.string() + "'", folder_.path());
    if (!installed.succeeded()) throw std::runtime_error(installed.describe());
    fs::rename(first, prefix());
    make_project("project", "duckdb");
  }
  // Makes a project folder with that name for a kind of destination, and returns its path.
  fs::path make_project(const std::string& name, const std::string& destination) const {
    const auto made =
        shell("moved/bin/walbrook init --project " + name + " pg_replication " + destination, folder_.path());
    if (!made.succeeded()) throw std::runtime_error(made.describe());
    return folder_ / name;
  }
  [[nodiscard]] fs::path prefix() const { return folder_ / "moved"; }
  [[nodiscard]] fs::path project() const { return folder_ / "project"; }

 private:
  TempFolder folder_;
};

Installation& installation() {
  static Installation once;
  return once;
}

TEST(Install, the_command_runs_from_a_prefix_that_was_moved) {
  const auto version = shell("bin/walbrook --version", installation().prefix());
  EXPECT_TRUE(version.succeeded()) << version.describe();
  EXPECT_NE(version.out.find("0.1.0"), std::string::npos);
}

TEST(Install, shells_find_what_the_command_says_of_itself) {
  const auto share = installation().prefix() / "share";
  const auto offered = shell(
      "source bash-completion/completions/walbrook; complete -p walbrook\n"
      "COMP_WORDS=(walbrook pipe); COMP_CWORD=1; PATH=../bin:$PATH _walbrook; echo \"${COMPREPLY[*]}\"",
      share);
  EXPECT_TRUE(offered.succeeded()) << offered.describe();
  EXPECT_NE(offered.out.find("\npipeline\n"), std::string::npos) << offered.describe();
  EXPECT_TRUE(read_file(share / "zsh/site-functions/_walbrook").starts_with("#compdef walbrook\n"));
  EXPECT_NE(read_file(share / "fish/vendor_completions.d/walbrook.fish").find("complete -c walbrook"),
            std::string::npos);
}

// Returns the page as it is read, without the marks for bold and italic letters.
std::string manual_page(const std::string& page) {
  const auto set =
      shell("groff -K utf8 -man -Tutf8 -ww -P-c -P-b -P-u share/man/man1/" + page + ".1", installation().prefix());
  EXPECT_TRUE(set.succeeded()) << set.describe();
  EXPECT_EQ(set.err, "") << page << ": groff warns";
  return set.out;
}

TEST(Install, every_command_has_a_manual_page) {
  const auto prefix = installation().prefix();
  const auto commands = shell("bin/walbrook completion commands", prefix).out;
  EXPECT_NE(commands.find("run\n"), std::string::npos);
  const auto main_page = manual_page("walbrook");
  std::istringstream names(commands);
  for (std::string command; std::getline(names, command);) {
    const auto name = "walbrook-" + command;
    EXPECT_NE(main_page.find(name + "(1)"), std::string::npos) << main_page;
    const auto page = manual_page(name);
    EXPECT_NE(page.find("NAME\n       " + name + " "), std::string::npos) << page;
    EXPECT_NE(page.find("SYNOPSIS\n       walbrook " + command), std::string::npos) << page;
    EXPECT_NE(page.find("EXIT STATUS\n"), std::string::npos) << page;
    EXPECT_NE(page.find("EXAMPLES\n              $ "), std::string::npos) << page;
    // Each flag begins a separate item.
    std::istringstream help(shell("bin/walbrook " + command + " --help", prefix).out);
    for (std::string line; std::getline(help, line);) {
      if (!line.starts_with("  --")) continue;
      const auto flag = line.substr(2, line.find("  ", 2) - 2);
      EXPECT_NE(page.find("\n       " + flag), std::string::npos) << flag << " in\n" << page;
    }
  }
}

TEST(Install, manual_pages_refer_to_what_is_installed) {
  const auto page = manual_page("walbrook");
  EXPECT_NE(page.find("configuration.md in the installation's share/doc/walbrook"), std::string::npos) << page;
  const auto reference = read_file(installation().prefix() / "share/doc/walbrook/configuration.md");
  EXPECT_NE(reference.find("| `batch_rows` |"), std::string::npos);
}

TEST(Install, the_library_shows_its_own_names_alone) {
  const auto prefix = installation().prefix();
  const auto names = shell("nm -DC --defined-only lib/libwalbrook.so", prefix);
  ASSERT_TRUE(names.succeeded()) << names.describe();
  EXPECT_NE(names.out.find("walbrook::init_replication("), std::string::npos);
  std::istringstream lines(names.out);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_NE(line.find("walbrook::"), std::string::npos) << line;
    EXPECT_EQ(line.find("walbrook::postgres::"), std::string::npos) << line;
  }
  const auto dynamic = shell("readelf -d lib/libwalbrook.so", prefix);
  EXPECT_NE(dynamic.out.find("soname: [libwalbrook.so.0.1]"), std::string::npos) << dynamic.out;
  EXPECT_NE(dynamic.out.find("runpath: [$ORIGIN"), std::string::npos) << dynamic.out;
  const auto included = shell("g++ -std=c++20 -M -Iinclude include/walbrook/walbrook.h", prefix);
  EXPECT_TRUE(included.succeeded()) << included.describe();
  for (const char* foreign : {"libpq", "duckdb", "fmt/", "spdlog", "nlohmann", "/src/"}) {
    EXPECT_EQ(included.out.find(foreign), std::string::npos) << foreign;
  }
}

TEST(Install, each_header_compiles_alone) {
  const auto compiled =
      shell("g++ -std=c++20 -fsyntax-only -Iinclude -x c++ include/walbrook/*.h", installation().prefix());
  EXPECT_TRUE(compiled.succeeded()) << compiled.describe();
}

TEST(Install, pkg_config_finds_it) {
  write_file(installation().project() / "version.cpp",
             "#include <walbrook/walbrook.h>\n#include <iostream>\n"
             "int main() { std::cout << walbrook::version(); }\n");
  const auto prefix = installation().prefix().string();
  const auto built = shell(
      "g++ -std=c++20 version.cpp -o version $(pkg-config --cflags --libs walbrook) "
      "-Wl,-rpath,$(pkg-config --variable=libdir walbrook)\n./version",
      installation().project(), {{"PKG_CONFIG_PATH", prefix + "/lib/pkgconfig"}});
  EXPECT_TRUE(built.succeeded()) << built.describe();
  EXPECT_EQ(built.out, "0.1.0");
}

// Returns the example at the head of a header, which is the indented part of the first comment.
std::string example_of(const std::string& header) {
  std::istringstream lines(read_file(installation().prefix() / "include/walbrook" / header));
  std::string example;
  for (std::string line; std::getline(lines, line) && line.starts_with("//");) {
    if (line.starts_with("//   ")) {
      example += line.substr(5) + "\n";
    } else if (!example.empty()) {
      break;
    }
  }
  return example;
}

TEST(Install, the_example_of_iterated_batches_runs) {
  const auto project = installation().project();
  write_file(project / "batches.cpp", "#include <walbrook/walbrook.h>\n#include <iostream>\nint main() {\n" +
                                          example_of("change_batches.h") + "}\n");
  const auto prefix = installation().prefix().string();
  const auto built = shell(
      "g++ -std=c++20 -Wall -Wextra -Werror batches.cpp -o batches $(pkg-config --cflags --libs walbrook) "
      "-Wl,-rpath,$(pkg-config --variable=libdir walbrook)",
      project, {{"PKG_CONFIG_PATH", prefix + "/lib/pkgconfig"}});
  ASSERT_TRUE(built.succeeded()) << built.describe();
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY)");
  init_replication({.slot_name = "feed", .pub_name = "shop", .table_names = "a", .credentials = shop.conninfo()});
  shop.exec("INSERT INTO a VALUES (1), (2)");
  const auto result = shell("./batches", project, {{"SOURCES__PG_REPLICATION__CREDENTIALS", shop.conninfo()}});
  EXPECT_EQ(result.out, "public.a: 2 changes\n") << result.describe();
}

// Three rows of id and note as an Arrow stream. Each call begins one row later.
constexpr auto own_events = R"(
#include <walbrook/walbrook.h>
#include <cstring>
#include <iostream>
namespace {
std::int64_t ids[3] = {-1, 0, 1};
std::int32_t offsets[4] = {0, 1, 2, 3};
const void* id_buffers[2] = {nullptr, ids};
const void* note_buffers[3] = {nullptr, offsets, "abc"};
const void* row_buffers[1] = {nullptr};
template <class T> void none(T* released) { released->release = nullptr; }
ArrowSchema id_schema{"l", "id", nullptr, 0, 0, nullptr, nullptr, none<ArrowSchema>, nullptr};
ArrowSchema note_schema{"u", "note", nullptr, 2, 0, nullptr, nullptr, none<ArrowSchema>, nullptr};
ArrowSchema* schemas[2] = {&id_schema, &note_schema};
ArrowArray id_array{3, 0, 0, 2, 0, id_buffers, nullptr, nullptr, none<ArrowArray>, nullptr};
ArrowArray note_array{3, 0, 0, 3, 0, note_buffers, nullptr, nullptr, none<ArrowArray>, nullptr};
ArrowArray* arrays[2] = {&id_array, &note_array};
bool handed_over;
int get_schema(ArrowArrayStream*, ArrowSchema* out) {
  *out = {"+s", "", nullptr, 0, 2, schemas, nullptr, none<ArrowSchema>, nullptr};
  return 0;
}
int get_next(ArrowArrayStream*, ArrowArray* out) {
  *out = {};
  if (!handed_over) *out = {3, 0, 0, 1, 2, row_buffers, arrays, nullptr, none<ArrowArray>, nullptr};
  handed_over = true;
  return 0;
}
}  // namespace
void events_of_today(ArrowArrayStream* out) {
  for (auto& id : ids) id += 1;
  handed_over = false;
  *out = {get_schema, get_next, [](ArrowArrayStream*) { return ""; }, none<ArrowArrayStream>, nullptr};
}
)";

TEST(Install, the_example_of_data_of_ones_own_runs) {
  const auto project = installation().project();
  const auto document = read_file(fs::path(WALBROOK_SOURCE_DIR "/docs/library.md"));
  const auto section = document.find("## Writing your own data");
  const std::string fence = "```cpp\n";
  const auto begin = document.find(fence, section) + fence.size();
  const auto block = document.substr(begin, document.find("```", begin) - begin);
  write_file(project / "own.cpp",
             own_events +
                 std::string("int main() {\nauto pipeline = walbrook::pipeline({.pipeline_name = \"shop\", "
                             ".destination = \"own/shop.duckdb\", .dataset_name = \"shop_data\"});\n"
                             "for (int i = 0; i < 2; ++i) {\n") +
                 block + "}\n}\n");
  const auto prefix = installation().prefix().string();
  const auto result = shell(
      "mkdir -p own && g++ -std=c++20 -Wall -Wextra -Werror own.cpp -o own/own $(pkg-config --cflags --libs walbrook) "
      "-Wl,-rpath,$(pkg-config --variable=libdir walbrook) && own/own",
      project, {{"PKG_CONFIG_PATH", prefix + "/lib/pkgconfig"}});
  ASSERT_TRUE(result.succeeded()) << result.describe();
  // The document shows the answer of the second run, except for the time that it took.
  const auto shown_at = document.find("```\n", document.find("it prints", section)) + 4;
  const auto shown = document.substr(shown_at, document.find("```", shown_at) - shown_at);
  const auto second = result.out.substr(result.out.rfind("pipeline shop"));
  const auto without_time = [](const std::string& text) {
    const auto in = text.find(" in ");
    return text.substr(0, in) + text.substr(text.find('\n'));
  };
  EXPECT_EQ(without_time(second), without_time(shown));
}

void build_examples(const fs::path& project) {
  const auto built = shell("cmake -S . -B build -DCMAKE_PREFIX_PATH='" + installation().prefix().string() +
                               "' -DCMAKE_CXX_FLAGS='-Wall -Wextra -Werror' && cmake --build build",
                           project);
  ASSERT_TRUE(built.succeeded()) << built.describe();
}

TEST(Install, the_examples_of_a_project_run) {
  const auto project = installation().project();
  ASSERT_NO_FATAL_FAILURE(build_examples(project));
  const Shop shop;
  write_file(project / ".walbrook/secrets.toml",
             "[sources.pg_replication]\ncredentials = \"" + shop.conninfo() + "\"\n");
  const auto example = [&](const std::string& name) {
    const auto result = shell("build/pg_replication_pipeline " + name, project);
    EXPECT_TRUE(result.succeeded()) << result.describe();
  };
  // Returns the rows of a table in the newest dataset of that name, ordered by their first column.
  const auto rows = [&](const std::string& dataset, const std::string& table) {
    DuckReader copy(project / "pg_replication_pipeline.duckdb");
    const auto schema =
        copy.value("SELECT max(schema_name) FROM duckdb_schemas() WHERE schema_name LIKE '" + dataset + "_2%'");
    return copy.value("SELECT string_agg(t::VARCHAR, ' ' ORDER BY t) FROM " + schema + "." + table + " t");
  };
  example("");
  EXPECT_EQ(rows("replicate_single_table", "my_source_table"), "{'id': 2, 'val': true} {'id': 3, 'val': true}");
  example("replicate_single_table_changes_only");
  EXPECT_EQ(rows("replicate_changes_only", "my_source_table"), "{'id': 1, 'val': true}");
  example("replicate_with_initial_load");
  EXPECT_EQ(rows("replicate_with_initial_load", "orders"),
            "{'id': 1, 'customer_id': 1} {'id': 2, 'customer_id': 1} {'id': 3, 'customer_id': 2} {'id': 4, "
            "'customer_id': 2}");
  example("replicate_entire_schema");
  EXPECT_EQ(rows("replicate_entire_schema", "tbl_y"), "{'id_y': 1, 'val_y': foo} {'id_y': 2, 'val_y': bar}");
  EXPECT_EQ(rows("replicate_entire_schema", "tbl_z"), "{'id_z': 1, 'val_z': '{\"foo\": 1, \"bar\": 2}'}");
  example("replicate_with_column_selection");
  EXPECT_EQ(rows("replicate_with_column_selection", "tbl_x"), "{'c1': 1, 'c2': true} {'c1': 2, 'c2': true}");
  EXPECT_EQ(rows("replicate_with_column_selection", "tbl_y"), "{'d1': 1, 'd2': false} {'d1': 2, 'd2': false}");
}

TEST(Install, the_examples_of_a_project_run_into_a_postgresql_database) {
  const auto project = installation().make_project("into_postgresql", "postgresql");
  ASSERT_NO_FATAL_FAILURE(build_examples(project));
  const Shop shop;
  const ScratchDatabase copies(PostgresServer::shared());
  write_file(project / ".walbrook/secrets.toml", "[sources.pg_replication]\ncredentials = \"" + shop.conninfo() +
                                                     "\"\n[destination.postgresql]\ncredentials = \"" +
                                                     copies.conninfo() + "\"\n");
  const auto example = [&](const std::string& name) {
    const auto result = shell("build/pg_replication_pipeline " + name, project);
    EXPECT_TRUE(result.succeeded()) << result.describe();
  };
  const auto rows = [&](const std::string& dataset, const std::string& table) {
    Sql copy(copies.conninfo());
    const auto schema = copy.value("SELECT max(nspname) FROM pg_namespace WHERE nspname LIKE '" + dataset + "_2%'");
    return copy.value("SELECT string_agg(t::text, ' ' ORDER BY t::text) FROM " + schema + "." + table + " t");
  };
  example("");
  EXPECT_EQ(rows("replicate_single_table", "my_source_table"), "(2,t) (3,t)");
  EXPECT_EQ(shop.value("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'p' AND conrelid = "
                       "'source_dataset.my_source_table'::regclass"),
            "PRIMARY KEY (id)");
  example("replicate_single_table_changes_only");
  EXPECT_EQ(rows("replicate_changes_only", "my_source_table"), "(1,t)");
  example("replicate_with_initial_load");
  EXPECT_EQ(rows("replicate_with_initial_load", "orders"), "(1,1) (2,1) (3,2) (4,2)");
  example("replicate_entire_schema");
  EXPECT_EQ(rows("replicate_entire_schema", "tbl_y"), "(1,foo) (2,bar)");
  EXPECT_EQ(rows("replicate_entire_schema", "tbl_z"), R"((1,"{""foo"": 1, ""bar"": 2}"))");
  example("replicate_with_column_selection");
  EXPECT_EQ(rows("replicate_with_column_selection", "tbl_x"), "(1,t) (2,t)");
  EXPECT_EQ(rows("replicate_with_column_selection", "tbl_y"), "(1,f) (2,f)");
}

// The state after ./quickstart, which builds only the command: the library and the manual pages are missing. It is
// simulated in a separate mount namespace, over the build folder that other tests read.
TEST(Install, builds_first_what_is_missing) {
  const TempFolder folder("partly_built");
  constexpr int not_possible = 77;
  const auto result = shell(
      "mkdir upper work\n"
      "unshare $([ $(id -u) = 0 ] || echo -r) -m bash -euc '\n"
      "  mount -t overlay overlay -o lowerdir=" WALBROOK_BINARY_DIR
      ",upperdir=$PWD/upper,workdir=$PWD/work " WALBROOK_BINARY_DIR
      " || exit 77\n"
      "  cd " WALBROOK_BINARY_DIR
      "\n"
      "  rm -rf libwalbrook.so* described\n"
      "  cmake --install . --prefix \"$0/prefix\"' \"$PWD\" || exit $?\n"
      "rm -rf upper work",
      folder.path());
  if (result.exit_code == not_possible || result.err.find("unshare: ") != std::string::npos)
    GTEST_SKIP() << "no mount namespace here: " << result.err;
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.out.find("Building missing targets of the installation"), std::string::npos) << result.describe();
  for (const auto* file : {"bin/walbrook", "lib/libwalbrook.so", "share/man/man1/walbrook.1",
                           "share/bash-completion/completions/walbrook", "lib/cmake/walbrook/walbrookConfig.cmake"}) {
    EXPECT_TRUE(fs::exists(folder / "prefix" / file)) << file;
  }
}

}  // namespace
}  // namespace walbrook::test

// The Debian package: the dependencies that it declares, and its command and library at the paths where it puts them.
// Here it is unpacked; tools/test-package installs it on a bare Debian.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>

#include "test/library/fixture.h"
#include "test/support/temp_folder.h"

namespace walbrook::test {
namespace {

namespace fs = std::filesystem;

ProcessResult in_folder(const fs::path& folder, const std::string& script) {
  return run({.argv = {"bash", "-euo", "pipefail", "-c", script}, .env = {}, .folder = folder}, milliseconds(120'000));
}

// Returns the names in "libc6 (>= 2.34), libpq5", without versions.
std::set<std::string> names_of(const std::string& list) {
  std::set<std::string> names;
  std::istringstream entries(list);
  for (std::string one; std::getline(entries >> std::ws, one, ',');)
    names.insert(one.substr(0, one.find_first_of(" \n")));
  return names;
}

class DebianPackage {
 public:
  DebianPackage() : folder_("package") {
    const auto made = in_folder(folder_.path(), "cpack --config '" WALBROOK_BINARY_DIR
                                                "/CPackConfig.cmake' -B made\n"
                                                "dpkg-deb -x made/*.deb root; dpkg-deb -f made/*.deb Depends");
    if (!made.succeeded()) throw std::runtime_error(made.describe());
    depends_ = names_of(made.out.substr(made.out.rfind('\n', made.out.size() - 2) + 1));
  }
  [[nodiscard]] fs::path root() const { return folder_ / "root"; }
  [[nodiscard]] const std::set<std::string>& depends() const { return depends_; }

 private:
  TempFolder folder_;
  std::set<std::string> depends_;
};

const DebianPackage& debian_package() {
  static const DebianPackage once;
  return once;
}

std::vector<std::string> lines_of(const ProcessResult& result) {
  EXPECT_TRUE(result.succeeded()) << result.describe();
  std::vector<std::string> lines;
  std::istringstream text(result.out);
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

TEST(Package, depends_on_what_its_programs_need) {
  // LIBRARY: PACKAGE, NAME THAT IT PROVIDES, …
  const auto needed = lines_of(in_folder(
      debian_package().root(),
      "readelf -d usr/bin/walbrook usr/lib/libwalbrook.so usr/lib/walbrook/libduckdb.so |\n"
      "sed -n 's/.*(NEEDED).*\\[\\(.*\\)\\]/\\1/p' | sort -u | grep -v '^libduckdb[.]so$' | while read -r library; do\n"
      "  owner=$(dpkg -S \"*/$library\" | sed 's/[:,].*//' | sort -u)\n"
      "  echo \"$library: $(dpkg-query -W -f '${Package}, ${Provides}, ' $owner)\"\ndone"));
  EXPECT_GT(needed.size(), 5U);
  for (const auto& library : needed) {
    const auto names = names_of(library.substr(library.find(':') + 1));
    EXPECT_TRUE(std::ranges::any_of(names, [](const auto& name) { return debian_package().depends().contains(name); }))
        << library << "; the package depends on " << ::testing::PrintToString(debian_package().depends());
  }
}

TEST(Package, finds_its_own_duckdb_where_it_is_unpacked) {
  for (const char* file : {"usr/bin/walbrook", "usr/lib/libwalbrook.so"}) {
    const auto libraries = lines_of(in_folder(debian_package().root(), std::string("ldd ") + file));
    const auto own = (fs::canonical(debian_package().root()) / "usr/lib/walbrook/libduckdb.so").string();
    EXPECT_TRUE(std::ranges::any_of(libraries,
                                    [&own](const std::string& line) {
                                      const auto path = line.find("=> ");
                                      return line.find("libduckdb.so") != std::string::npos &&
                                             path != std::string::npos &&
                                             fs::canonical(line.substr(path + 3, line.rfind(" (") - path - 3)) == own;
                                    }))
        << file << "\n"
        << ::testing::PrintToString(libraries);
  }
  EXPECT_FALSE(fs::exists(debian_package().root() / "usr/lib/libduckdb.so")) << "/usr/lib is everybody's";
}

TEST(Package, completions_and_manual_pages_stand_where_debian_has_them) {
  const auto share = debian_package().root() / "usr/share";
  for (const char* file : {"bash-completion/completions/walbrook", "zsh/vendor-completions/_walbrook",
                           "fish/vendor_completions.d/walbrook.fish"}) {
    EXPECT_TRUE(fs::exists(share / file)) << file;
  }
  EXPECT_FALSE(fs::exists(share / "zsh/site-functions"));
  const auto pages =
      in_folder(share / "man/man1",
                "zcat walbrook.1.gz walbrook-run.1.gz | grep '^[.]TH'; ls | grep -v '^walbrook.*[.]1[.]gz$' || :");
  EXPECT_EQ(pages.out,
            ".TH WALBROOK \"1\" \"\" \"walbrook 0.1.0\" \"walbrook\"\n"
            ".TH WALBROOK-RUN \"1\" \"\" \"walbrook 0.1.0\" \"walbrook\"\n")
      << pages.describe();
  EXPECT_TRUE(fs::exists(share / "doc/walbrook/configuration.md"));
}

TEST(Package, its_command_copies_and_follows) {
  const Shop shop;
  shop.exec(
      "CREATE TABLE a(id int PRIMARY KEY, v text); INSERT INTO a SELECT g, 'v' || g FROM generate_series(1, 100) g");
  auto command =
      Pipeline{.source = shop.conninfo(), .file = shop.file(), .slot = shop.slot(), .publication = "pub"}.command(
          "run", {"--dataset", "copy"});
  command.argv[0] = debian_package().root() / "usr/bin/walbrook";
  const auto copied = run(command);
  EXPECT_TRUE(copied.succeeded()) << copied.describe();
  EXPECT_EQ(shop.differences(), "");
  shop.exec("UPDATE a SET v = 'new' WHERE id < 10; DELETE FROM a WHERE id > 90");
  const auto followed = run(command);
  EXPECT_TRUE(followed.succeeded()) << followed.describe();
  EXPECT_EQ(shop.differences(), "");
}

TEST(Package, a_program_links_its_library) {
  const auto root = debian_package().root();
  write_file(root / "version.cpp",
             "#include <walbrook/walbrook.h>\n#include <iostream>\n"
             "int main() { std::cout << walbrook::version(); }\n");
  const auto built = in_folder(root,
                               "export PKG_CONFIG_PATH=usr/lib/pkgconfig\n"
                               "g++ -std=c++20 version.cpp -o version $(pkg-config --cflags --libs walbrook) "
                               "-Wl,-rpath,\"$PWD/usr/lib\"\n./version");
  EXPECT_TRUE(built.succeeded()) << built.describe();
  EXPECT_EQ(built.out, "0.1.0");
}

}  // namespace
}  // namespace walbrook::test

// The scripts of `walbrook completion`, run by the shells that they are for.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "test/support/temp_folder.h"
#include "test/support/walbrook_command.h"

namespace walbrook::test {
namespace {

class Completion : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_ / ".walbrook");
    write_file(folder_ / ".walbrook/config.toml", "[pipelines.shop]\n[pipelines.other]\n");
    write_file(folder_ / "a.capture", "");
  }
  // The environment in which `walbrook` is this build's.
  [[nodiscard]] ProcessResult shell(const std::vector<std::string>& argv) const {
    auto spec = walbrook_command({});
    spec.argv = argv;
    spec.folder = folder_.path();
    const char* path = std::getenv("PATH");
    spec.env["PATH"] =
        std::filesystem::path(WALBROOK_BINARY).parent_path().string() + ":" + (path == nullptr ? "" : path);
    return run(spec);
  }
  [[nodiscard]] bool has(const std::string& program) const {
    return shell({"sh", "-c", "command -v " + program}).exit_code == 0;
  }
  void write_script(const std::string& name) const {
    const auto result = shell({"walbrook", "completion", name});
    ASSERT_EQ(result.exit_code, 0) << result.describe();
    write_file(folder_ / ("walbrook." + name), result.out);
  }
  // Returns what bash offers after these words, the last of which is incomplete.
  [[nodiscard]] std::string offered(const std::string& words) const {
    const auto result =
        shell({"bash", "-c",
               fmt::format("set -u; source ./walbrook.bash; COMP_WORDS=(walbrook {}); "
                           "COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _walbrook; echo \"${{COMPREPLY[*]-}}\"",
                           words)});
    EXPECT_EQ(result.err, "") << result.describe();
    return result.out.substr(0, result.out.find('\n'));
  }

  TempFolder folder_{"completion"};
};

TEST_F(Completion, bash_offers_what_may_stand_there) {
  write_script("bash");
  const auto checked = shell({"bash", "-n", "walbrook.bash"});
  EXPECT_EQ(checked.exit_code, 0) << checked.describe();
  EXPECT_EQ(offered("pipe"), "pipeline");
  EXPECT_EQ(offered("run --form"), "--format");
  EXPECT_EQ(offered("run --format ''"), "auto text binary");
  EXPECT_EQ(offered("run --format = b"), "binary");
  EXPECT_EQ(offered("run ''"), "shop other");
  EXPECT_EQ(offered("run --slot x --follow s"), "shop");
  EXPECT_EQ(offered("run --pipeline o"), "other");
  EXPECT_EQ(offered("pipeline shop s"), "schema sync");
  EXPECT_EQ(offered("decode --streaming ''"), "off on parallel");
  EXPECT_EQ(offered("decode a"), "a.capture");
  EXPECT_EQ(offered("completion f"), "fish");
  EXPECT_EQ(offered("nonsense ''"), "");
  EXPECT_EQ(offered("run --source ''"), "");
  // A configuration that cannot be read is not reported during completion.
  write_file(folder_ / ".walbrook/config.toml", "[");
  EXPECT_EQ(offered("run ''"), "");
}

TEST_F(Completion, zsh_and_fish_read_theirs) {
  if (has("zsh")) {
    write_script("zsh");
    const auto result =
        shell({"zsh", "-fc", "autoload -Uz compinit; compinit -D -u; source ./walbrook.zsh; echo $_comps[walbrook]"});
    EXPECT_EQ(result.out, "_walbrook\n") << result.describe();
  }
  if (has("fish")) {
    write_script("fish");
    const auto result =
        shell({"fish", "--no-config", "-c",
               "source ./walbrook.fish; complete -C 'walbrook run --format t'; complete -C 'walbrook run s'; "
               "complete -C 'walbrook pipeline shop sy'"});
    EXPECT_EQ(result.err, "") << result.describe();
    EXPECT_EQ(result.out.substr(0, 4), "text") << result.describe();
    EXPECT_NE(result.out.find("\nshop\nsync"), std::string::npos) << result.describe();
  }
}

}  // namespace
}  // namespace walbrook::test

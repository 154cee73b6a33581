// Where secrets come from, and who else may read them.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>

#include "config/password_command.h"
#include "config/toml_depth.h"
#include "test/unit/config/folder_case.h"

namespace walbrook::config {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds enough{20'000};

class Secrets : public FolderCase {
 protected:
  static std::string warnings() {
    std::string all;
    const auto settings = Configuration::read();
    for (const auto& warning : settings.warnings()) all += warning + "\n";
    return all;
  }
  static std::string connection() {
    const auto value = Configuration::read().source_credentials();
    return value ? value->text : "none";
  }
};

TEST(PasswordCommand, its_output_is_taken) {
  EXPECT_EQ(run_password_command("echo secret; echo more", enough).text, "secret\nmore\n");
  EXPECT_EQ(run_password_command("echo secret; exit 3", enough).failure, "ended with exit code 3");
  // The shell has ended; a process that it left running holds its pipe for as long as it likes.
  const auto began = steady_clock::now();
  EXPECT_EQ(run_password_command("sleep 30 & echo secret", enough).text, "secret\n");
  EXPECT_LT(steady_clock::now() - began, milliseconds(10'000));
}

TEST(PasswordCommand, one_that_hangs_is_killed_with_its_children) {
  const auto output = run_password_command("echo $$; sleep 300 & sleep 300; :", milliseconds(400));
  EXPECT_EQ(output.failure, "did not end within 0.4 s and was killed");
  const auto group = std::stoi(output.text);
  const auto deadline = steady_clock::now() + enough;
  while (::kill(-group, 0) == 0 && steady_clock::now() < deadline) usleep(10'000);  // until init has reaped them
  EXPECT_NE(::kill(-group, 0), 0);
}

TEST(PasswordCommand, endless_output_has_an_end) {
  EXPECT_EQ(run_password_command("yes", enough).failure, "printed more than 65536 bytes and was killed");
}

TEST_F(Secrets, others_than_their_owner_are_reported) {
  write(".walbrook/secrets.toml", "[load]\nretries = 3\n");
  write(".walbrook/config.toml", "[load]\nretries = 3\n", 0644);
  EXPECT_EQ(warnings(), "");
  write(".walbrook/secrets.toml", "[load]\nretries = 3\n", 0644);
  EXPECT_EQ(warnings(), ".walbrook/secrets.toml can be read by others: chmod 600 .walbrook/secrets.toml\n");
  write(".walbrook/secrets.toml", "[load]\nretries = 3\n", 0620);
  EXPECT_EQ(warnings(), ".walbrook/secrets.toml can be written by others: chmod 600 .walbrook/secrets.toml\n");
  write(".walbrook/secrets.toml", "[load]\nretries = 3\n", 0666);
  EXPECT_EQ(warnings(), ".walbrook/secrets.toml can be read and written by others: chmod 600 .walbrook/secrets.toml\n");
  write(".walbrook/secrets.toml", "[load]\nretries = 3\n", 0600);
  // A user who can write the configuration could name a command that is run.
  write(".walbrook/config.toml", "[load]\nretries = 3\n", 0646);
  EXPECT_EQ(warnings(), ".walbrook/config.toml can be written by others: chmod go-w .walbrook/config.toml\n");
}

TEST_F(Secrets, a_folder_that_anybody_may_write_is_reported) {
  write(".walbrook/secrets.toml", "[load]\nretries = 3\n");
  chmod((folder_ / ".walbrook").c_str(), 0777);
  EXPECT_NE(warnings().find("where others may put another file in its place: chmod go-w"), std::string::npos)
      << warnings();
  chmod((folder_ / ".walbrook").c_str(), 01777);
  EXPECT_EQ(warnings(), "") << "a sticky folder keeps others from it";
}

TEST_F(Secrets, another_users_are_reported) {
  if (geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  write(".walbrook/secrets.toml", "[load]\nretries = 3\n");
  ASSERT_EQ(chown((folder_ / ".walbrook/secrets.toml").c_str(), 12345, 0), 0);
  EXPECT_NE(warnings().find(".walbrook/secrets.toml belongs to another user, 12345, who may change it"),
            std::string::npos)
      << warnings();
}

TEST_F(Secrets, a_password_file_is_looked_at_as_well) {
  write("pass", "secret\n", 0602);
  write(".walbrook/config.toml", "[sources.pg_replication.credentials]\nhost = \"db\"\npassword_file = \"pass\"\n");
  EXPECT_EQ(warnings(), "pass can be written by others: chmod go-w pass\n");
  set("HOME", folder_.string());
  write(".walbrook/config.toml", "[sources.pg_replication.credentials]\nhost = \"db\"\npassword_file = \"~/pass\"\n");
  EXPECT_EQ(connection(), "host='db' password='secret'");
}

TEST_F(Secrets, libpqs_files_are_found_in_the_home_folder) {
  set("HOME", "/home/you");
  write(".walbrook/config.toml",
        "[sources.pg_replication.credentials]\nhost = \"db\"\nsslrootcert = \"~/ca.pem\"\npassword = \"~/x\"\n");
  EXPECT_EQ(connection(), "host='db' sslrootcert='/home/you/ca.pem' password='~/x'");
}

TEST_F(Secrets, a_line_break_at_the_end_is_no_part_of_them) {
  set("SOURCES__PG_REPLICATION__CREDENTIALS", " postgresql://joe@db/shop\r\n");
  EXPECT_EQ(connection(), "postgresql://joe@db/shop");
  set("SOURCES__PG_REPLICATION__CREDENTIALS__PASSWORD", " se cret \n");
  EXPECT_EQ(connection(), "postgresql://joe@db/shop?password=%20se%20cret%20");
  auto settings = Configuration::read();
  settings.set_flag("destination.duckdb.credentials", "--destination", "duckdb:///x.duckdb\n");
  EXPECT_EQ(settings.text("destination.duckdb.credentials"), "duckdb:///x.duckdb");
}

TEST_F(Secrets, a_file_without_an_end_is_refused_in_time) {
  const auto began = steady_clock::now();
  std::filesystem::create_directories(folder_ / ".walbrook");
  std::filesystem::create_symlink("/dev/zero", folder_ / ".walbrook/secrets.toml");
  EXPECT_NE(refusal().find(".walbrook/secrets.toml cannot be read: it holds more than 1048576 bytes"),
            std::string::npos)
      << refusal();
  std::filesystem::remove(folder_ / ".walbrook/secrets.toml");
  write(".walbrook/config.toml", "[sources.pg_replication.credentials]\npassword_file = \"/dev/zero\"\n");
  const auto text = refused([] { static_cast<void>(connection()); });
  EXPECT_NE(text.find("/dev/zero holds no password: it holds more than 65536 bytes"), std::string::npos) << text;
  EXPECT_LT(steady_clock::now() - began, milliseconds(10'000));
}

// This took 24 s, and then overflowed the stack.
TEST_F(Secrets, a_key_of_a_hundred_thousand_parts_is_refused_in_time) {
  const auto began = steady_clock::now();
  std::string key = "a";
  for (int i = 1; i < 100'000; ++i) key += ".a";
  for (const auto& text : {key + " = 1\n", "[" + key + "]\n", "# first\n\n[[" + key + "]]\n"}) {
    write(".walbrook/config.toml", text);
    EXPECT_NE(refusal().find(": a key has more parts than 64"), std::string::npos) << refusal().substr(0, 300);
  }
  write(".walbrook/config.toml", "a = " + std::string(100'000, '[') + "\n");
  EXPECT_NE(refusal().find(".walbrook/config.toml:1: values are nested deeper than 32"), std::string::npos)
      << refusal().substr(0, 300);
  write(".walbrook/config.toml", std::string(500'000, 'a') + " = 1\n");
  EXPECT_LT(refusal().size(), 1000U);
  EXPECT_LT(steady_clock::now() - began, milliseconds(10'000));
}

TEST(TomlDepth, dots_and_brackets_in_strings_are_none) {
  const std::string dots(1000, '.');
  const std::string brackets(1000, '[');
  for (const auto& quote : {"\"", "'", "\"\"\"", "'''"}) {
    EXPECT_NO_THROW(check_depth("a = " + (quote + dots) + brackets + quote + "\nb.c = 1\n", "x")) << quote;
  }
  EXPECT_NO_THROW(check_depth("# " + dots + brackets + "\na = 1.5\n", "x"));
  EXPECT_NO_THROW(check_depth(R"(a = "\"...." # )" + dots, "x"));
  EXPECT_THROW(check_depth("a = \"" + dots + "\n" + dots, "x"), Error);  // a string that its line did not end
}

}  // namespace
}  // namespace walbrook::config

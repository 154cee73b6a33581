#include <gtest/gtest.h>

#include "test/unit/config/folder_case.h"

namespace walbrook::config {
namespace {

class CredentialsTest : public FolderCase {
 protected:
  static std::string connection() {
    const auto value = Configuration::read().source_credentials();
    return value ? value->text : "none";
  }
};

TEST_F(CredentialsTest, fields_become_a_string_of_libpq) {
  write(".walbrook/secrets.toml", R"([sources.pg_replication.credentials]
drivername = "postgresql+psycopg2"
database = "shop"
username = "loader"
password = "it's a \\ secret"
host = "db.example.com"
port = 5433
sslmode = "require"
connect_timeout = 300
)");
  EXPECT_EQ(connection(),
            R"(dbname='shop' user='loader' password='it\'s a \\ secret' host='db.example.com' port='5433' )"
            R"(sslmode='require' connect_timeout='300')");
  EXPECT_EQ(Configuration::read().source_credentials()->origin.label(),
            ".walbrook/secrets.toml:2: sources.pg_replication.credentials");
}

TEST_F(CredentialsTest, a_url_is_taken_without_its_driver) {
  write(".walbrook/secrets.toml", "sources.pg_replication.credentials = \"postgresql+psycopg2://joe:s@db/shop\"\n");
  EXPECT_EQ(connection(), "postgresql://joe:s@db/shop");
  write(".walbrook/secrets.toml", "sources.pg_replication.credentials = \"host=db dbname=a+b://c\"\n");
  EXPECT_EQ(connection(), "host=db dbname=a+b://c");
}

TEST_F(CredentialsTest, parts_come_from_where_they_are_said) {
  write(".walbrook/config.toml", "sources.pg_replication.credentials = \"postgresql://joe@db/shop?sslmode=require\"\n");
  write(".walbrook/secrets.toml", "[sources.pg_replication.credentials]\npassword = \"a&b c\"\n");
  EXPECT_EQ(connection(), "postgresql://joe@db/shop?sslmode=require&password=a%26b%20c");
  set("SOURCES__PG_REPLICATION__CREDENTIALS__PASSWORD", "other");
  EXPECT_EQ(connection(), "postgresql://joe@db/shop?sslmode=require&password=other");
  write(".walbrook/config.toml", "sources.pg_replication.credentials = \"postgresql://joe@db\"\n");
  EXPECT_EQ(connection(), "postgresql://joe@db?password=other");
  write(".walbrook/config.toml", "sources.pg_replication.credentials = \"host=db user=joe\"\n");
  EXPECT_EQ(connection(), "host=db user=joe password='other'");
  // A whole string replaces everything of lower precedence.
  set("SOURCES__PG_REPLICATION__CREDENTIALS", "host=there");
  EXPECT_EQ(connection(), "host=there password='other'");
  auto settings = Configuration::read();
  settings.set_flag("sources.pg_replication.credentials", "--source", "host=here");
  EXPECT_EQ(settings.source_credentials()->text, "host=here");
  EXPECT_EQ(settings.source_credentials()->origin.label(), "--source");
}

TEST_F(CredentialsTest, files_are_where_their_url_says) {
  const auto place = [] { return Configuration::read().destination_of_kind("filesystem")->text; };
  EXPECT_THROW(place(), Error) << "nothing says where";
  write(".walbrook/secrets.toml", "[destination.filesystem]\nbucket_url = \"please set me up!\"\n");
  EXPECT_THROW(place(), Error);
  write(".walbrook/secrets.toml", "[destination.filesystem]\nbucket_url = \"file:lake\"\n");
  EXPECT_EQ(place(), "file:lake");
  set("DESTINATION__FILESYSTEM__BUCKET_URL", "s3://id:secret@bucket/lake\n");
  EXPECT_EQ(place(), "s3://id:secret@bucket/lake");
  for (const auto& each : Configuration::read().effective()) {
    EXPECT_EQ(each.value.text.find("secret"), std::string::npos) << each.key->full_name();
  }
}

TEST_F(CredentialsTest, a_pipeline_may_have_its_own) {
  write(".walbrook/secrets.toml", R"([sources.pg_replication.credentials]
host = "all"
username = "joe"
[pipelines.shop.credentials]
host = "own"
)");
  auto settings = Configuration::read();
  EXPECT_EQ(settings.source_credentials()->text, "host='all' user='joe'");
  settings.choose("shop");
  EXPECT_EQ(settings.source_credentials()->text, "user='joe' host='own'");
}

TEST_F(CredentialsTest, a_password_comes_from_a_file_or_a_command) {
  write("secret", "from file\nnot this\n");
  write(".walbrook/config.toml", "[sources.pg_replication.credentials]\nhost = \"db\"\npassword_file = \"secret\"\n");
  EXPECT_EQ(connection(), "host='db' password='from file'");
  write(".walbrook/config.toml",
        "[sources.pg_replication.credentials]\nhost = \"db\"\npassword_command = \"printf 'from command\\\\nx'\"\n");
  EXPECT_EQ(connection(), "host='db' password='from command'");
  // A setting of higher precedence replaces the command, which is then not run.
  set("SOURCES__PG_REPLICATION__CREDENTIALS__PASSWORD", "plain");
  EXPECT_EQ(connection(), "host='db' password='plain'");
}

TEST_F(CredentialsTest, a_password_that_cannot_be_had_is_told) {
  const std::vector<std::pair<std::string, std::string>> all = {
      {"password_file = \"missing\"",
       ".walbrook/config.toml:2: sources.pg_replication.credentials.password_file: "
       "missing holds no password: No such file or directory"},
      {"password_file = \"/dev/null\"", "/dev/null holds no password: it is empty"},
      {"password_command = \"exit 3\"", "password_command ended with exit code 3"},
      {"password_command = \"kill -9 $$\"", "password_command was ended by signal 9"},
      {"password_command = \"true\"", "password_command printed nothing"}};
  for (const auto& [line, told] : all) {
    write(".walbrook/config.toml", "[sources.pg_replication.credentials]\n" + line + "\n");
    const auto text = refused([] { static_cast<void>(connection()); });
    EXPECT_NE(text.find(told), std::string::npos) << text;
  }
}

TEST_F(CredentialsTest, placeholders_wait_for_their_owner) {
  write(".walbrook/secrets.toml", R"([sources.pg_replication.credentials]
host = "please set me up!"
port = 5432
password = "please set me up!"
)");
  const auto text = refused([] { static_cast<void>(connection()); });
  EXPECT_NE(text.find(".walbrook/secrets.toml:2: please set me up! host, password are still to be filled in"),
            std::string::npos)
      << text;
  set("SOURCES__PG_REPLICATION__CREDENTIALS", "host=db");
  EXPECT_EQ(connection(), "host=db");
}

TEST_F(CredentialsTest, dlts_placeholders_are_known_too) {
  write(".dlt/secrets.toml", R"([sources.pg_replication.credentials]
drivername = "postgresql" # please set me up!
database = "shop" # please set me up!
password = "password" # please set me up!
host = "<configure me>"
port = 0 # please set me up!
)");
  const auto text = refused([] { static_cast<void>(connection()); });
  EXPECT_NE(text.find("password, host, port are still to be filled in"), std::string::npos) << text;
}

TEST_F(CredentialsTest, no_password_is_shown) {
  write(".walbrook/config.toml",
        "sources.pg_replication.credentials = \"postgresql+psycopg2://joe:hunter2@db/shop\"\n");
  write(".walbrook/secrets.toml",
        "[sources.pg_replication.credentials]\npassword = \"hunter2\"\nsslpassword = \"hunter2\"\n");
  for (const auto& [key, value] : Configuration::read().effective()) {
    EXPECT_EQ(value.text.find("hunter2"), std::string::npos) << key->full_name();
  }
  // A parser's reason quotes the text.
  write(".walbrook/secrets.toml", "[sources.pg_replication.credentials]\npassword = hunter2\n");
  EXPECT_EQ(refusal().find("hunter"), std::string::npos) << refusal();
  EXPECT_NE(refusal().find(".walbrook/secrets.toml:2: this is not TOML"), std::string::npos) << refusal();
}

}  // namespace
}  // namespace walbrook::config

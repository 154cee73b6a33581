#include "base/error.h"

#include <gtest/gtest.h>

#include <set>

#include "base/fault.h"
#include "base/mask_secrets.h"

namespace walbrook {
namespace {

TEST(Error, the_hint_is_on_a_line_of_its_own) {
  EXPECT_STREQ(Error(ErrorKind::configuration, "unknown flag --x").what(), "unknown flag --x");
  EXPECT_STREQ(Error(ErrorKind::permission_denied, "no right", "GRANT it.").what(), "no right\n  GRANT it.");
}

TEST(Error, kinds_lead_to_the_documented_exit_codes) {
  EXPECT_EQ(exit_code(ErrorKind::internal), 1);
  EXPECT_EQ(exit_code(ErrorKind::protocol), 1);
  EXPECT_EQ(exit_code(ErrorKind::configuration), 2);
  EXPECT_EQ(exit_code(ErrorKind::connection), 3);
  EXPECT_EQ(exit_code(ErrorKind::permission_denied), 3);
  EXPECT_EQ(exit_code(ErrorKind::source_not_ready), 3);
  EXPECT_EQ(exit_code(ErrorKind::destination), 4);
  EXPECT_EQ(exit_code(ErrorKind::data), 5);
}

struct Masked {
  std::string text;
  std::string expected;
};

class MaskSecrets : public testing::TestWithParam<Masked> {};

TEST_P(MaskSecrets, shows_all_but_the_password) {
  EXPECT_EQ(mask_secrets(GetParam().text), GetParam().expected);
  EXPECT_EQ(mask_secrets(GetParam().expected), GetParam().expected) << "masking twice must change nothing";
}

INSTANTIATE_TEST_SUITE_P(
    Urls, MaskSecrets,
    testing::Values(Masked{"postgresql://joe:secret@host/db", "postgresql://joe:***@host/db"},
                    Masked{"postgresql+psycopg2://joe:secret@host/db", "postgresql+psycopg2://joe:***@host/db"},
                    Masked{"postgres://joe:secret@host:5432/db?sslmode=require",
                           "postgres://joe:***@host:5432/db?sslmode=require"},
                    Masked{"postgresql://joe:se:cr:et@host/db", "postgresql://joe:***@host/db"},
                    Masked{"postgresql://joe:se@cr@et@host/db", "postgresql://joe:***@host/db"},
                    Masked{"postgresql://joe:s%40e%2Fc%3Aret@host/db", "postgresql://joe:***@host/db"},
                    Masked{"postgresql://joe:se?cr#et@host/db", "postgresql://joe:***@host/db"},
                    Masked{"postgresql://joe:se cret@host/db", "postgresql://joe:***@host/db"},
                    Masked{"postgresql://joe:se/cret@host/db", "postgresql://joe:***@host/db"},
                    Masked{"postgresql://:secret@host/db", "postgresql://:***@host/db"},
                    Masked{"postgresql://joe:secret@h1:5432,h2:5433/db", "postgresql://joe:***@h1:5432,h2:5433/db"},
                    Masked{"POSTGRESQL://joe:secret@host", "POSTGRESQL://joe:***@host"},
                    Masked{"postgresql://joe:***x@host", "postgresql://joe:***@host"},
                    Masked{"from postgres://a:x1@h to postgres://b:x2@h, done",
                           "from postgres://a:***@h to postgres://b:***@h, done"},
                    Masked{"postgresql://host/db?user=joe&password=secret&sslmode=require",
                           "postgresql://host/db?user=joe&password=***&sslmode=require"},
                    Masked{"postgresql://host/db?password=s%26c%20t&sslpassword=key",
                           "postgresql://host/db?password=***&sslpassword=***"},
                    Masked{"postgresql://host:5432/db?user=joe@corp", "postgresql://host:5432/db?user=joe@corp"},
                    Masked{"clickhouse://joe:secret@host/db", "clickhouse://joe:***@host/db"},
                    Masked{"https://host:8443/a@b", "https://host:8443/a@b"},
                    Masked{"md:shop?motherduck_token=a.b-c&x=1", "md:shop?motherduck_token=***&x=1"},
                    Masked{"s3://b/f?secret_access_key=se%2Fcret", "s3://b/f?secret_access_key=***"},
                    Masked{"postgresql://h/db?sslkey=/k.pem&options=a", "postgresql://h/db?sslkey=/k.pem&options=a"},
                    Masked{"postgresql://joe@host/db", "postgresql://joe@host/db"},
                    Masked{"postgresql://h1:5432,h2:5433/db", "postgresql://h1:5432,h2:5433/db"}));

// Strings that were meant as a URL of walbrook.
INSTANTIATE_TEST_SUITE_P(
    OtherForms, MaskSecrets,
    testing::Values(Masked{"mysql://joe:secret@host/db", "mysql://joe:***@host/db"},
                    Masked{"jdbc:postgresql://joe:secret@host/db", "jdbc:postgresql://joe:***@host/db"},
                    Masked{"\"://joe:secret@host/db\" is left over", "\"://joe:***@host/db\" is left over"},
                    Masked{"joe:secret@host/db", "joe:***@host/db"},
                    Masked{"unknown pipeline \"joe:se:cr@et@host\": none", "unknown pipeline \"joe:***@host\": none"},
                    Masked{"host:5432/db", "host:5432/db"}, Masked{"at 12:30, joe@host", "at 12:30, joe@host"},
                    Masked{"joe:@host", "joe:@host"}));

INSTANTIATE_TEST_SUITE_P(
    Lakes, MaskSecrets,
    testing::Values(Masked{"ducklake:postgres:host=h password=secret dbname=l?data_path=s3://b/l",
                           "ducklake:postgres:host=h password=*** dbname=l?data_path=s3://b/l"},
                    Masked{"ducklake:postgres:dbname=l password=secret?data_path=s3://b/l",
                           "ducklake:postgres:dbname=l password=***?data_path=s3://b/l"},
                    Masked{"ducklake:postgres:dbname=l password='a b'?data_path=/l",
                           "ducklake:postgres:dbname=l password=***?data_path=/l"},
                    Masked{"ducklake:postgres:password='a b' dbname=l?data_path=/my lake",
                           "ducklake:postgres:password=*** dbname=l?data_path=/my lake"},
                    Masked{"ducklake:postgres:password=a?data_path=b?data_path=/l",
                           "ducklake:postgres:password=***?data_path=/l"},
                    Masked{"ducklake:postgres:password=a?data_path=b dbname=l?data_path=/l",
                           "ducklake:postgres:password=*** dbname=l?data_path=/l"},
                    Masked{"ducklake:postgres:postgresql://h/l?password=secret?data_path=/l",
                           "ducklake:postgres:postgresql://h/l?password=***?data_path=/l"},
                    Masked{"ducklake:postgres:password=secret?data_path=s3://b/l?endpoint=h:9&secret=a",
                           "ducklake:postgres:password=***?data_path=s3://b/l?endpoint=h:9&secret=***"},
                    Masked{"postgres:dbname=l password=se?data_path=cret", "postgres:dbname=l password=***"}));

TEST(Error, leaves_no_password_out_whoever_builds_it) {
  const Error error(ErrorKind::configuration, "--slot \"postgresql://joe:secret@host/db\" is no name",
                    "Not password=secret");
  EXPECT_EQ(error.cause(), "--slot \"postgresql://joe:***@host/db\" is no name");
  EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    KeysAndValues, MaskSecrets,
    testing::Values(Masked{"host=h password=secret user=joe", "host=h password=*** user=joe"},
                    Masked{"password = secret user=joe", "password = *** user=joe"},
                    Masked{"PASSWORD=secret", "PASSWORD=***"},
                    Masked{"password='se cret' user=joe", "password=*** user=joe"},
                    Masked{R"(password='it\'s se\\cret' user=joe)", "password=*** user=joe"},
                    Masked{"password='never ended user=joe", "password=***"},
                    Masked{R"(password=se\ cret user=joe)", "password=*** user=joe"},
                    Masked{"password=a&b'c\"d user=joe", "password=*** user=joe"},
                    Masked{"password=***secret user=joe", "password=*** user=joe"},
                    Masked{"sslpassword=secret host=h", "sslpassword=*** host=h"},
                    Masked{"PGPASSWORD=secret psql", "PGPASSWORD=*** psql"},
                    Masked{"password = \"se cret\"\nuser = \"joe\"", "password = ***\nuser = \"joe\""},
                    Masked{"password=\"se cret", "password=*** cret"},  // for libpq the value ends at the blank
                    Masked{"require_auth=password host=h", "require_auth=password host=h"},
                    Masked{"password_encryption=md5", "password_encryption=md5"},
                    Masked{"password authentication failed for user \"joe\"",
                           "password authentication failed for user \"joe\""},
                    Masked{"password=", "password="}, Masked{"", ""}));

TEST(Fault, points_have_names_of_their_own) {
  std::set<std::string_view> names(fault::points.begin(), fault::points.end());
  names.insert(fault::file_points.begin(), fault::file_points.end());
  EXPECT_EQ(names.size(), fault::points.size() + fault::file_points.size());
  for (const auto name : names) {
    EXPECT_FALSE(name.empty());
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos) << name;
  }
}

TEST(Fault, a_point_that_was_not_asked_for_does_nothing) {
  for (const auto name : fault::points) fault::hit(name);
}

TEST(FaultDeathTest, the_named_point_ends_the_process_the_nth_time) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";  // the variable is read once per process
  EXPECT_EXIT(
      {
        setenv("WALBROOK_FAULT", "mid_copy:2", 1);
        fault::hit("copy_done");
        fault::hit("mid_copy");
        fputs("once\n", stderr);
        fault::hit("mid_copy");
      },
      testing::KilledBySignal(SIGKILL), "once");
}

TEST(FaultDeathTest, or_throws_n_times) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(
      {
        setenv("WALBROOK_FAULT", "before_load!error:2", 1);
        int thrown = 0;
        for (int i = 0; i < 5; ++i) {
          try {
            fault::hit("before_load");
          } catch (const Error& error) {
            thrown += error.kind() == ErrorKind::destination ? 1 : 100;
          }
        }
        exit(thrown);
      },
      testing::ExitedWithCode(2), "");
}

}  // namespace
}  // namespace walbrook

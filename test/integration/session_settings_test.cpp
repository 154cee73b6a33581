// Formats set by the environment, a service file, the database or the role do not affect the values.
#include <gtest/gtest.h>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

class SessionSettings : public ::testing::Test {
 protected:
  // The range has no binary form, so that the stream is sent as text.
  SessionSettings() {
    db.exec(
        "CREATE TABLE t(id int PRIMARY KEY, d date, tz timestamptz, i interval, b bytea, f float8, r tstzrange);"
        "INSERT INTO t VALUES (1, '2020-02-01', '2020-02-01 03:04:05+00', '1 year -2 days', '\\x5c00ff', 1.0/3,"
        " '[2020-02-01 00:00+00,)')");
  }
  void expect_equal(const Environment& environment) {
    const std::vector<std::string> in_text = {"--format", "text"};
    auto result = db.pipeline.run(in_text, environment);
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    db.exec("INSERT INTO t SELECT max(id) + 1, '1999-12-31', now(), '-1 mons', '\\xff', 0.1, NULL FROM t");
    result = db.pipeline.run(in_text, environment);
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_EQ(db.differences(), "");
  }

  ReplicatedDatabase db;
};

TEST_F(SessionSettings, of_the_environment) {
  expect_equal({{"PGDATESTYLE", "SQL, DMY"},
                {"PGTZ", "Asia/Tokyo"},
                {"PGCLIENTENCODING", "LATIN1"},
                {"PGOPTIONS", "-c intervalstyle=iso_8601 -c extra_float_digits=-5 -c bytea_output=escape"}});
}

TEST_F(SessionSettings, of_a_service_file) {
  const auto file = db.folder() / "service.conf";
  write_file(file, "[shop]\nhost=" + db.server().folder().string() + "\nport=" + std::to_string(db.server().port()) +
                       "\ndbname=" + db.name() +
                       "\nuser=postgres\nclient_encoding=LATIN1\noptions=-c datestyle=German -c timezone=Asia/Tokyo\n");
  db.pipeline.source = "service=shop";
  expect_equal({{"PGSERVICEFILE", file.string()}});
}

TEST_F(SessionSettings, of_the_database_and_the_role) {
  for (const auto* setting : {"datestyle = 'German'", "timezone = 'Asia/Tokyo'", "intervalstyle = 'sql_standard'",
                              "default_transaction_isolation = 'serializable'", "extra_float_digits = -5"}) {
    db.exec("ALTER DATABASE " + db.name() + " SET " + setting);
  }
  expect_equal({});
}

}  // namespace
}  // namespace walbrook::test

// Rows that a program writes into files, which cannot change there.
#include "test/library/duck_stream.h"
#include "test/library/fixture.h"
#include "test/support/files_copy.h"

namespace walbrook::test {
namespace {

class Files : public ::testing::Test {
 protected:
  Files() : pipeline_(walbrook::pipeline({.pipeline_name = "lake", .destination = "file://" + root()})) {}

  [[nodiscard]] std::string root() const { return folder_ / "lake"; }
  LoadInfo write(const std::string& sql, const PipelineRunOptions& options) {
    DuckStream rows(sql);
    return pipeline_.run(rows.get(), options);
  }
  // What a reader with DuckDB and views.sql sees.
  [[nodiscard]] std::string all() const {
    return FilesCopy(root())
        .query("SELECT string_agg(r, ' ' ORDER BY r) FROM (SELECT row(*COLUMNS(*))::VARCHAR AS r FROM lake_dataset.t)")
        .at(0)
        .at(0)
        .value_or("");
  }

 private:
  TempFolder folder_{"files"};

 protected:
  walbrook::Pipeline pipeline_;
};

TEST_F(Files, rows_are_appended_or_replace_the_table) {
  EXPECT_EQ(write("SELECT 1 AS id, 'a' AS v", {.table_name = "t"}).table("t")->inserts, 1U);
  write("SELECT 1 AS id, 'a' AS v UNION ALL SELECT 2, 'b'", {.write_disposition = "append", .table_name = "t"});
  EXPECT_EQ(all(), "(1, a) (1, a) (2, b)");
  write("SELECT 3::BIGINT AS id", {.write_disposition = "replace", .table_name = "t"});
  EXPECT_EQ(all(), "(3)");
  write("SELECT 4::BIGINT AS id, true AS more", {.table_name = "t"});
  EXPECT_EQ(all(), "(3, NULL) (4, true)");
}

TEST_F(Files, rows_cannot_be_merged) {
  const PipelineRunOptions merge{.write_disposition = "merge", .table_name = "t", .primary_key = {"id"}};
  const auto refused_with = [&] { return error_of([&] { write("SELECT 1 AS id, 'b' AS v", merge); }); };
  EXPECT_EQ(refused_with().kind(), ErrorKind::configuration);
  EXPECT_FALSE(has_files_copy(root())) << "something was written";
  write("SELECT 1 AS id, 'a' AS v", {.table_name = "t"});
  const auto error = refused_with();
  EXPECT_EQ(error.cause(), "write_disposition \"merge\": rows of this destination cannot change once they are written");
  EXPECT_EQ(error.facts().setting, "write_disposition");
  EXPECT_EQ(all(), "(1, a)");
}

TEST_F(Files, a_program_compacts_them) {
  pipeline_.compact();  // there is nothing yet
  write("SELECT 1 AS id, 'a' AS v", {.table_name = "t"});
  write("SELECT 2 AS id, 'b' AS v", {.table_name = "t"});
  pipeline_.compact();
  EXPECT_EQ(all(), "(1, a) (2, b)");
  write("SELECT 3 AS id, 'c' AS v", {.table_name = "t"});
  EXPECT_EQ(all(), "(1, a) (2, b) (3, c)");
  auto in_place = walbrook::pipeline({.pipeline_name = "lake", .destination = root() + ".duckdb"});
  EXPECT_EQ(error_of([&] { in_place.compact(); }).kind(), ErrorKind::configuration);
}

}  // namespace
}  // namespace walbrook::test

// DuckDB's own messages about rows that it refuses: no data of the rows is left in them.
#include "destination/duckdb/duckdb_message.h"

#include <duckdb.h>
#include <gtest/gtest.h>

namespace walbrook::destination::duckdb {
namespace {

class DuckDbMessage : public ::testing::Test {
 protected:
  DuckDbMessage() {
    duckdb_open(nullptr, &database_);
    duckdb_connect(database_, &connection_);
  }
  ~DuckDbMessage() override {
    duckdb_disconnect(&connection_);
    duckdb_close(&database_);
  }
  void run(const char* sql) {
    duckdb_result result;
    EXPECT_EQ(duckdb_query(connection_, sql, &result), DuckDBSuccess) << duckdb_result_error(&result);
    duckdb_destroy_result(&result);
  }
  std::string refused(const char* sql) {
    duckdb_result result;
    EXPECT_EQ(duckdb_query(connection_, sql, &result), DuckDBError) << sql;
    const std::string all = duckdb_result_error(&result);
    EXPECT_NE(all.find("secret"), std::string::npos) << "DuckDB shows no value here: " << all;
    auto shown = without_values(duckdb_result_error_type(&result), all);
    duckdb_destroy_result(&result);
    return shown;
  }

 private:
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

TEST_F(DuckDbMessage, a_key_that_is_there_already_is_told_by_its_first_column) {
  run("CREATE TABLE t(v text UNIQUE, a text, b text, PRIMARY KEY (a, b)); INSERT INTO t VALUES ('secret', 'x', 'y'),"
      "('quoted \"secret\"', 'secret: \"x\"', 'y'), ('two' || chr(10) || 'lines, secret', 'z', 'z')");
  EXPECT_EQ(refused("INSERT INTO t VALUES ('secret', 'p', 'q')"),
            "Constraint Error: Duplicate key \"v: …\" violates unique constraint.");
  EXPECT_EQ(refused("INSERT INTO t VALUES ('quoted \"secret\"', 'p', 'q')"),
            "Constraint Error: Duplicate key \"v: …\" violates unique constraint.");
  EXPECT_EQ(refused("INSERT INTO t VALUES ('two' || chr(10) || 'lines, secret', 'p', 'q')"),
            "Constraint Error: Duplicate key \"v: …");
  EXPECT_EQ(refused("INSERT INTO t VALUES ('w', 'secret: \"x\"', 'y')"),
            "Constraint Error: Duplicate key \"a: …\" violates primary key constraint.");
}

TEST_F(DuckDbMessage, a_key_that_fails_within_the_transaction_is_not_shown) {
  run("CREATE TABLE t(v text UNIQUE)");
  EXPECT_EQ(refused("INSERT INTO t VALUES ('my: secret'), ('my: secret')"),
            "Constraint Error: PRIMARY KEY or UNIQUE constraint violation: duplicate key \"…\"");
}

TEST_F(DuckDbMessage, a_foreign_key_is_told_by_its_first_column) {
  run("CREATE TABLE t(v text PRIMARY KEY); INSERT INTO t VALUES ('secret'); CREATE TABLE r(w text REFERENCES t(v));"
      "INSERT INTO r VALUES ('secret')");
  EXPECT_EQ(refused("INSERT INTO r VALUES ('another secret')"),
            "Constraint Error: Violates foreign key constraint because key \"v: …\" does not exist in the referenced "
            "table");
  EXPECT_EQ(refused("DELETE FROM t").substr(0, 73),
            "Constraint Error: Violates foreign key constraint because key \"w: …\" is");
}

TEST_F(DuckDbMessage, a_check_and_a_generated_column_show_their_expression_alone) {
  run("CREATE TABLE c(v text CHECK (v::int > 3)); CREATE TABLE g(v text, n int AS (v::int))");
  EXPECT_EQ(refused("INSERT INTO c VALUES ('secret')"),
            "Constraint Error: CHECK constraint failed on table c with expression CHECK((CAST(v AS INTEGER) > 3))");
  EXPECT_EQ(refused("INSERT INTO g VALUES ('secret')"), "Constraint Error: a constraint refuses a row");
}

// What DuckDB's functions say about a value reaches the message in many ways. Errors of constraints are above.
TEST_F(DuckDbMessage, what_a_function_says_about_a_value_is_not_shown) {
  run("CREATE TABLE t(v text); CREATE INDEX own ON t((strptime(v, '%Y')))");
  EXPECT_EQ(refused("INSERT INTO t VALUES ('secret')"),
            "TransactionContext Error: Failed to commit: a reason that may contain values of rows; the debug log shows "
            "it");
  run("CREATE TABLE u AS SELECT 'secret' AS v");
  EXPECT_EQ(refused("SELECT strptime(v, '%Y') FROM u"),
            "Invalid Input Error: a reason that may contain values of rows; the debug log shows it");
  EXPECT_EQ(refused("SELECT TIMESTAMPTZ '2020-01-01' AT TIME ZONE v FROM u").find("secret"), std::string::npos);
}

TEST(DuckDbMessageText, a_failure_of_a_file_is_shown_wherever_it_happens) {
  for (const auto* message :
       {"TransactionContext Error: Failed to commit: Could not write file \"a\": No space left",
        "FATAL Error: Failed to create checkpoint because of error: Could not write file \"a\"",
        "FATAL Error: Failed: database has been invalidated because of a previous fatal error."}) {
    const auto type = std::string_view(message).starts_with("FATAL") ? DUCKDB_ERROR_FATAL : DUCKDB_ERROR_TRANSACTION;
    EXPECT_EQ(without_values(type, message), message);
  }
  EXPECT_EQ(without_values(DUCKDB_ERROR_IO, "IO Error: Could not write file \"a\": No space left\nmore"),
            "IO Error: Could not write file \"a\": No space left");
  EXPECT_EQ(without_values(DUCKDB_ERROR_FATAL, "FATAL Error: Failed to create checkpoint because of error: 'secret'"),
            "FATAL Error: Failed to create checkpoint because of error: a reason that may contain values of rows; the "
            "debug log shows it");
}

TEST(DuckDbMessageText, that_a_commit_is_durable_is_said_by_duckdb_and_by_no_value) {
  const std::string durable = "Transaction COMMIT succeeded and is durable, but the autocheckpoint failed. Reopen it";
  EXPECT_TRUE(is_durable_commit("IO Error: " + durable));
  EXPECT_TRUE(is_durable_commit("TransactionContext Error: Failed to commit: " + durable));
  EXPECT_FALSE(is_durable_commit("TransactionContext Error: Failed to commit: duplicate key \"" + durable + "\""));
  EXPECT_FALSE(is_durable_commit("Constraint Error: Duplicate key \"v: " + durable + "\" violates unique constraint."));
  EXPECT_FALSE(is_durable_commit(durable));
}

TEST_F(DuckDbMessage, a_value_that_cannot_be_converted_is_not_shown) {
  run("CREATE TABLE t(v text); CREATE UNIQUE INDEX own ON t((v::int))");
  EXPECT_EQ(refused("INSERT INTO t VALUES ('secret')"), "Conversion Error: a value does not fit");
}

TEST_F(DuckDbMessage, an_error_of_prepare_has_the_type_that_its_text_names) {
  const auto type = [](std::string_view message) { return type_of_prepare_error(message, DUCKDB_ERROR_BINDER); };
  EXPECT_EQ(type("FATAL Error: Failed: database has been invalidated because of a previous fatal error."),
            DUCKDB_ERROR_FATAL);
  EXPECT_EQ(type("IO Error: Cannot open file \"a\": No such file or directory"), DUCKDB_ERROR_IO);
  EXPECT_EQ(type("Out of Memory Error: failed to allocate data of size 16.0 MiB"), DUCKDB_ERROR_OUT_OF_MEMORY);
  EXPECT_EQ(type("Conversion Error: Could not convert string 'IO Error: ' to INT32"), DUCKDB_ERROR_BINDER);
  EXPECT_EQ(type("Catalog Error: Table with name t does not exist!"), DUCKDB_ERROR_BINDER);
}

}  // namespace
}  // namespace walbrook::destination::duckdb

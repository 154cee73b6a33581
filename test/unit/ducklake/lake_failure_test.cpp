// The messages are those of DuckDB 1.5.5, as it wrote them in experiments.
#include "destination/ducklake/lake_failure.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "destination/ducklake/lake_attachment.h"

namespace walbrook::destination::ducklake {
namespace {

using duckdb::Failure;

TEST(LakeFailure, conflicts_may_be_tried_again) {
  for (const auto* message : {
           "TransactionContext Error: Failed to commit: Failed to commit DuckLake transaction.\nTransaction conflict - "
           "attempting to delete from table with index \"1\" - but another transaction has deleted from it",
           "TransactionContext Error: Failed to commit: Failed to commit DuckLake transaction.\nExceeded the maximum "
           "retry count of 0 set by the ducklake_max_retry_count setting.",
           "TransactionContext Error: Failed to commit: Failed to commit DuckLake transaction.\nFailed to commit: "
           "Failed to execute query \"COMMIT\": database is locked",
       }) {
    EXPECT_EQ(failure_of(message), Failure::conflict) << message;
  }
}

TEST(LakeFailure, a_catalog_or_a_bucket_that_is_away_is_unreachable) {
  for (const auto* message : {
           "IO Error: Failed to query most recent snapshot for DuckLake: Unable to connect to Postgres at "
           "\"host=127.0.0.1 port=54999\": connection to server at \"127.0.0.1\", port 54999 failed: Connection "
           "refused",
           "TransactionContext Error: Failed to commit: Failed to execute query \"ROLLBACK\": ",
           "IO Error: FATAL:  terminating connection due to administrator command",
           "FATAL:  the database system is starting up",
           "IO Error: Could not connect to server error for HTTP PUT to 'http://127.0.0.1:1/lake/x'",
           "HTTP Error: Request returned HTTP 503 for HTTP PUT to 'http://127.0.0.1:1/lake/x'",
       }) {
    EXPECT_EQ(failure_of(message), Failure::unreachable) << message;
  }
}

TEST(LakeFailure, other_failures_are_of_the_statement) {
  for (const auto* message : {
           "Catalog Error: Table with name t does not exist!",
           "IO Error: Cannot open file \"/lake/main/t/ducklake-1.parquet\": No such file or directory",
           "HTTP Error: Unable to connect to URL http://127.0.0.1:1/lake/x: 404 (Not Found) (HTTP 404 Not Found)",
       }) {
    EXPECT_EQ(failure_of(message), Failure::of_statement) << message;
  }
}

TEST(LakeFailure, a_lock_of_another_process_is_known) {
  EXPECT_TRUE(
      is_locked("IO Error: Failed to attach DuckLake MetaData \"__ducklake_metadata_lake\" at path + "
                "\"/tmp/q8b.ducklake\"Could not set lock on file \"/tmp/q8b.ducklake\": Conflicting lock is held in "
                "/usr/bin/python3.11 (PID 26021)."));
  EXPECT_FALSE(is_locked("database is locked")) << "a conflict in SQLite";
}

TEST(LakeFailure, a_catalog_that_another_run_creates_is_known) {
  EXPECT_TRUE(was_created_meanwhile(
      "Invalid Error: Failed to initialize DuckLake: Failed to execute query \"CREATE TABLE …\": ERROR:  duplicate key "
      "value violates unique constraint \"pg_type_typname_nsp_index\""));
  EXPECT_FALSE(was_created_meanwhile(
      "Invalid Error: Failed to initialize DuckLake: Failed to execute query \"CREATE TABLE …\": ERROR:  permission "
      "denied for schema public"));
}

TEST(LakeFailure, a_message_is_shown_by_its_first_line_and_without_passwords) {
  EXPECT_EQ(described("IO Error: Unable to connect to Postgres at \"host=db password=tr0ub4dor\": refused\nLINE 2", ""),
            "IO Error: Unable to connect to Postgres at \"host=db password=*** refused");
}

TEST(LakeVersion, a_duckdb_that_loses_deleted_rows_is_refused) {
  for (const auto* old : {"v1.5.1", "v1.4.9", "v1.5", "v0.10.3", ""}) EXPECT_THROW(check_version(old), Error) << old;
  for (const auto* usable : {"v1.5.2", "1.5.2", "v1.5.5", "v1.5.10", "v1.10.0", "v2.0.1"}) {
    EXPECT_NO_THROW(check_version(usable)) << usable;
  }
}

}  // namespace
}  // namespace walbrook::destination::ducklake

#include "test/contract/duckdb_user.h"

#include <duckdb.h>
#include <gtest/gtest.h>

namespace walbrook::contract {

void run_in_duckdb(const std::string& file, std::initializer_list<const char*> statements) {
  duckdb_database database = nullptr;
  duckdb_connection connection = nullptr;
  ASSERT_EQ(duckdb_open(file.c_str(), &database), DuckDBSuccess);
  ASSERT_EQ(duckdb_connect(database, &connection), DuckDBSuccess);
  for (const auto* sql : statements) {
    duckdb_result result;
    EXPECT_EQ(duckdb_query(connection, sql, &result), DuckDBSuccess) << sql << ": " << duckdb_result_error(&result);
    duckdb_destroy_result(&result);
  }
  duckdb_disconnect(&connection);
  duckdb_close(&database);
}

}  // namespace walbrook::contract

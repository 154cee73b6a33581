#include "test/contract/duckdb_user.h"

#include <duckdb.h>
#include <gtest/gtest.h>

namespace walbrook::contract {

void run_in_duckdb(const std::string& file, std::initializer_list<const char*> statements) {
  duckdb_database database = nullptr;
  duckdb_connection connection = nullptr;
  duckdb_config config = nullptr;
  ASSERT_EQ(duckdb_create_config(&config), DuckDBSuccess);
  duckdb_set_config(config, "allow_unsigned_extensions", "true");  // the check of a signature reads the whole file
  duckdb_set_config(config, "threads", "1");  // the thread sanitizer does not see how DuckDB's threads hand over memory
  const auto opened = duckdb_open_ext(file.c_str(), &database, config, nullptr);
  duckdb_destroy_config(&config);
  ASSERT_EQ(opened, DuckDBSuccess);
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

#include "destination/duckdb/stored_state.h"

#include <gtest/gtest.h>

#include "test/contract/duckdb_user.h"
#include "test/unit/duckdb/duckdb_case.h"

namespace walbrook::contract {
namespace {

using destination::StoredTable;

class StoredStateTest : public DuckDbCase {};

TEST_F(StoredStateTest, definitions_make_the_tables_whatever_they_are_called) {
  StoredTable copied;
  copied.record.schema = "public";
  copied.record.name = "t\nDROP TABLE t";
  copied.record.target_schema = "a copy";
  copied.record.target_name = "T <1>";
  copied.record.state = OutputState::streaming;
  copied.columns = {{.name = "a\"b", .type = "VARCHAR", .source = "a\"b", .is_key = true},
                    {.name = "of", .type = "DECIMAL(10,2)", .source = "n\nm", .is_key = true},
                    {.name = "n__v_text", .type = "VARCHAR", .source = "n", .is_overflow = true},
                    {.name = "_lsn", .type = "UBIGINT", .source = ""}};
  StoredTable written;
  written.record.target_schema = "a copy";
  written.record.target_name = "of a program";
  written.record.state = OutputState::loaded;
  written.columns = {{.name = "id", .type = "INTEGER", .source = "id"}};
  const destination::StoredPipeline pipeline{
      .name = "p\nq", .checkpoint = {.slot = {}, .systemid = {}, .lsn = Lsn{0x10}}, .written = {}};
  std::string sql;
  open();
  {
    const auto session = destination::query_engine_of(destination()).open_session();
    const auto state = destination::duckdb::stored_state([&](const std::string& text) { return session->query(text); });
    sql = state->definitions(pipeline, {copied, StoredTable{}, written});
  }
  EXPECT_EQ(sql,
            "-- pipeline p\\nq at 0/10\nCREATE SCHEMA IF NOT EXISTS \"a copy\";\n\n"
            "-- public.t\\nDROP TABLE t, streaming\nCREATE TABLE \"a copy\".\"T <1>\" (\n"
            "  \"a\"\"b\" VARCHAR,  -- key\n  \"of\" DECIMAL(10,2),  -- key, source: n\\nm\n"
            "  \"n__v_text\" VARCHAR,  -- what n cannot hold\n  \"_lsn\" UBIGINT\n);\n\n"
            "-- loaded\nCREATE TABLE \"a copy\".\"of a program\" (\n  \"id\" INTEGER\n);\n");
  close();
  run_in_duckdb(file(), {sql.c_str()});
  open();
  EXPECT_EQ(ask("SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = 'a copy' ORDER BY "
                "table_name, column_index"),
            (Strings{"T <1>|a\"b|VARCHAR", "T <1>|of|DECIMAL(10,2)", "T <1>|n__v_text|VARCHAR", "T <1>|_lsn|UBIGINT",
                     "of a program|id|INTEGER"}));
}

}  // namespace
}  // namespace walbrook::contract

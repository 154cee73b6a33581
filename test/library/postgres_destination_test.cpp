// A database of a PostgreSQL server as the place that a program writes its rows to.
#include <gtest/gtest.h>

#include "test/library/duck_stream.h"
#include "test/library/fixture.h"

namespace walbrook::test {
namespace {

class PostgresProgramTest : public ::testing::Test {
 protected:
  PostgresProgramTest() : pipeline({.pipeline_name = "program", .destination = url(), .dataset_name = "own"}) {}

  [[nodiscard]] std::string url() const { return PostgresServer::shared().url(shop.name()); }
  LoadInfo write(const std::string& disposition, const std::string& sql, std::vector<std::string> key = {}) {
    DuckStream stream(sql);
    return pipeline.run(stream.get(),
                        {.write_disposition = disposition, .table_name = "events", .primary_key = std::move(key)});
  }
  [[nodiscard]] std::string primary_key() const {
    return shop.value(
        "SELECT coalesce(string_agg(pg_get_constraintdef(oid), ''), '') FROM pg_constraint WHERE contype = 'p' AND "
        "conrelid = 'own.events'::regclass");
  }
  [[nodiscard]] std::string rows() const {
    return shop.value("SELECT string_agg(e::text, ' ' ORDER BY e::text) FROM own.events e");
  }

  Shop shop;
  walbrook::Pipeline pipeline;
};

TEST_F(PostgresProgramTest, a_table_that_is_merged_has_the_primary_key) {
  write("merge", "SELECT 1 AS id, 'a' AS note UNION ALL SELECT 2, 'b' UNION ALL SELECT 1, 'c'", {"id"});
  EXPECT_EQ(primary_key(), "PRIMARY KEY (id)");
  EXPECT_EQ(rows(), "(1,c) (2,b)");
  write("merge", "SELECT 2 AS id, 'd' AS note UNION ALL SELECT 3, 'e'", {"id"});
  EXPECT_EQ(rows(), "(1,c) (2,d) (3,e)");
  write("append", "SELECT 4 AS id");
  EXPECT_EQ(primary_key(), "PRIMARY KEY (id)");
  const auto error = error_of([&] { write("append", "SELECT 4 AS id"); });
  EXPECT_NE(error.cause().find("events_pkey"), std::string::npos) << error.cause();
  EXPECT_EQ(rows(), "(1,c) (2,d) (3,e) (4,)");
}

TEST_F(PostgresProgramTest, the_primary_key_follows_the_streams) {
  write("merge", "SELECT 1 AS id, 'a' AS note UNION ALL SELECT 2, 'b'", {"id"});
  write("merge", "SELECT 7 AS id, 'a' AS note", {"note"});
  EXPECT_EQ(primary_key(), "PRIMARY KEY (note)");
  EXPECT_EQ(rows(), "(2,b) (7,a)");
  write("merge", "SELECT 7 AS id, 'c' AS note", {"id", "note"});
  EXPECT_EQ(primary_key(), "PRIMARY KEY (id, note)");
  // Rows of the table have the same id, so no primary key can be on it.
  write("merge", "SELECT 8 AS id, 'd' AS note", {"id"});
  EXPECT_EQ(primary_key(), "");
  EXPECT_EQ(rows(), "(2,b) (7,a) (7,c) (8,d)");
  write("replace", "SELECT 1 AS id");
  EXPECT_EQ(primary_key(), "");
}

TEST_F(PostgresProgramTest, what_a_program_writes_can_be_replicated) {
  write("merge", "SELECT 1 AS id, 'a' AS note UNION ALL SELECT 2, 'b'", {"id"});
  const auto snapshots = init_replication({.slot_name = shop.slot(),
                                           .pub_name = "pub",
                                           .schema_name = "own",
                                           .table_names = "events",
                                           .credentials = shop.conninfo(),
                                           .persist_snapshots = true});
  walbrook::Pipeline copy(shop.options());
  copy.run(snapshots);
  write("merge", "SELECT 2 AS id, 'c' AS note UNION ALL SELECT 3, 'd'", {"id"});
  shop.exec("DELETE FROM own.events WHERE id = 1");
  copy.run(shop.changes());
  EXPECT_EQ(shop.copied("SELECT string_agg(id || note, ' ' ORDER BY id) FROM copy.events"), "2c 3d");
}

}  // namespace
}  // namespace walbrook::test

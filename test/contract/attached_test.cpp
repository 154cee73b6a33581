// Queries of an attached database, whose process may use the file system, unlike one that opened a file: they read the
// attached database and nothing else.
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "test/contract/attached_kind.h"
#include "test/contract/fixture.h"

namespace walbrook::contract {
namespace {

const DestinationKind& attached() {
  static const auto kind = attached_kind();
  return kind;
}

class AttachedTest : public DestinationCase {
 protected:
  AttachedTest() : DestinationCase(attached()) {}
};

TEST_F(AttachedTest, queries_read_it_and_no_file) {
  open();
  const auto csv = folder() + "/other.csv";
  std::ofstream(csv) << "a\n1\n";
  create(table("orders", {{"id", {Layout::int32}, key}}), {{1}, {2}});
  const auto session = destination::query_engine_of(destination()).open_session();
  for (const std::string sql : {"SELECT count(*) FROM orders", "SELECT count(*) FROM public.orders",
                                "SELECT count(*) FROM \"some shop\".public.orders"}) {
    EXPECT_EQ(session->query(sql).rows.at(0).at(0), "2") << sql;
  }
  EXPECT_EQ(session->query("SELECT pipeline FROM _walbrook.checkpoint").rows.at(0).at(0), "walbrook");
  for (const std::string& sql :
       {"FROM '" + csv + "'", "FROM \"" + csv + "\"", "FROM read_csv('" + csv + "')",
        "SELECT * FROM orders WHERE id IN (FROM '" + csv + "')", "COPY orders TO '" + csv + ".copy'",
        "ATTACH '" + folder() + "/third.duckdb'", std::string("LOAD httpfs"), std::string("USE memory"),
        std::string("SET extension_directory = '/tmp'"), std::string("INSERT INTO orders VALUES (3)")}) {
    EXPECT_TRUE(error_of([&] { (void)session->query(sql); }).starts_with("configuration: ")) << sql;
  }
}

}  // namespace
}  // namespace walbrook::contract

// The catalog's rows on replica identities, on the server of WALBROOK_PG_BIN.
#include "postgres/catalog/replica_identity.h"

#include <gtest/gtest.h>

#include "test/integration/postgres/source_case.h"

namespace walbrook::postgres::test {
namespace {

class Identities : public SourceCase {
 protected:
  TableIdentity of(const std::string& name, bool through_root = true) {
    sql.exec("DROP PUBLICATION IF EXISTS p; CREATE PUBLICATION p FOR ALL TABLES WITH (publish_via_partition_root = " +
             std::string(through_root ? "true" : "false") + ")");
    auto found = table(name).row_identity;
    sql.exec("DROP PUBLICATION p");
    return found;
  }
  void make(const std::string& root, const std::string& leaves) {
    sql.exec("CREATE TABLE m" + root + " PARTITION BY LIST (region); CREATE TABLE m_a PARTITION OF m" + leaves +
             " FOR VALUES IN ('a'); CREATE TABLE m_b PARTITION OF m" + leaves + " FOR VALUES IN ('b')");
  }
};

TEST_F(Identities, an_ordinary_table_is_as_its_message_says) {
  sql.exec("CREATE TABLE a(id int PRIMARY KEY); CREATE TABLE f(id int); ALTER TABLE f REPLICA IDENTITY FULL");
  EXPECT_EQ(of("a"), TableIdentity{});
  EXPECT_EQ(of("f"), TableIdentity{});
}

TEST_F(Identities, leaves_that_share_a_key) {
  make("(id int, region text, PRIMARY KEY (id, region))", "");
  sql.exec("ALTER TABLE m REPLICA IDENTITY FULL");
  const auto found = of("m");
  EXPECT_EQ(found.unclear + found.lack, "");
  EXPECT_EQ(found.rows.kind, RowIdentity::Kind::key);
  EXPECT_EQ(found.rows.columns, (std::vector<std::string>{"id", "region"}));
  EXPECT_EQ(of("m", false).rows.kind, RowIdentity::Kind::as_announced);
}

TEST_F(Identities, leaves_that_are_full) {
  make("(id int, region text)", "");
  EXPECT_EQ(of("m").rows.kind, RowIdentity::Kind::unidentified);
  EXPECT_NE(of("m").lack.find("partition public.m_a: it has no primary key"), std::string::npos);
  sql.exec("ALTER TABLE m_a REPLICA IDENTITY FULL");
  EXPECT_EQ(of("m").unclear, "not every partition has a replica identity: partition public.m_b: it has no primary key");
  EXPECT_EQ(of("m").remedy, "ALTER TABLE public.m_b REPLICA IDENTITY FULL;");
  EXPECT_EQ(of("m", false).unclear, "");
  sql.exec("ALTER TABLE m_b REPLICA IDENTITY FULL");
  EXPECT_EQ(of("m").rows.kind, RowIdentity::Kind::whole_row);
  EXPECT_EQ(of("m").unclear + of("m").lack, "");
}

TEST_F(Identities, a_key_without_the_partition_key_tells_no_row) {
  make("(id int, region text)", "(PRIMARY KEY (id))");
  for (const bool through_root : {true, false}) {
    EXPECT_NE(of("m", through_root).unclear.find("(id) does not hold the partition key (region)"), std::string::npos);
    EXPECT_EQ(of("m", through_root).remedy,
              "ALTER TABLE public.m_a REPLICA IDENTITY FULL; ALTER TABLE public.m_b REPLICA IDENTITY FULL;");
  }
  sql.exec("DROP TABLE m_b");
  EXPECT_EQ(of("m").unclear, "") << "one leaf alone";
}

TEST_F(Identities, a_key_that_holds_a_computed_partition_key) {
  sql.exec(
      "CREATE TABLE m(id int NOT NULL, v int) PARTITION BY LIST ((id % 2)); "
      "CREATE TABLE m_0 PARTITION OF m(PRIMARY KEY (id)) FOR VALUES IN (0); "
      "CREATE TABLE m_1 PARTITION OF m(PRIMARY KEY (id)) FOR VALUES IN (1) PARTITION BY RANGE (id); "
      "CREATE TABLE m_1_low PARTITION OF m_1 FOR VALUES FROM (0) TO (9)");
  EXPECT_EQ(of("m").unclear, "");
  EXPECT_EQ(of("m").rows.columns, std::vector<std::string>{"id"});
  sql.exec("ALTER TABLE m_1_low REPLICA IDENTITY NOTHING");
  EXPECT_NE(of("m").lack.find("partition public.m_1_low: its replica identity is NOTHING"), std::string::npos);
  EXPECT_EQ(of("m").remedy, "ALTER TABLE public.m_1_low REPLICA IDENTITY DEFAULT;");
}

}  // namespace
}  // namespace walbrook::postgres::test

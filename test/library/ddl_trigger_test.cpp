// The option ddl_trigger of init_replication: when event triggers are created, what runs gain by them, and when they
// are dropped. test/integration/ddl_trigger_run_test.cpp tests the command's.
#include <gtest/gtest.h>

#include "test/library/fixture.h"

namespace walbrook::test {
namespace {

class DdlTriggerOption : public ::testing::Test {
 protected:
  void SetUp() override {
    shop.exec("CREATE TABLE t(id int PRIMARY KEY, a int); INSERT INTO t SELECT i, i FROM generate_series(1, 10) i");
    options.ddl_trigger = true;
  }
  [[nodiscard]] std::string triggers() const {
    return shop.value("SELECT coalesce(string_agg(evtname, ' ' ORDER BY evtname), '') FROM pg_event_trigger");
  }

  Shop shop;
  InitReplicationOptions options = shop.init("t");
  static constexpr const char* all = "walbrook_ddl walbrook_drop walbrook_rewrite";
};

TEST_F(DdlTriggerOption, follows_commands_that_the_catalog_cannot_tell_apart) {
  auto pipeline = walbrook::pipeline(shop.options());
  pipeline.run(init_replication(options));
  EXPECT_EQ(triggers(), all);
  shop.exec("ALTER TABLE t DROP COLUMN a; ALTER TABLE t ADD COLUMN a int DEFAULT 7");
  shop.exec("VACUUM FULL t");
  shop.exec("INSERT INTO t VALUES (11, 0)");
  const auto load = pipeline.run(shop.changes());
  EXPECT_EQ(load.table("t")->inserts, 1U);
  EXPECT_FALSE(load.table("t")->copied);
  EXPECT_EQ(shop.differences(), "");
}

TEST_F(DdlTriggerOption, adds_them_to_a_slot_and_reset_drops_them) {
  options.ddl_trigger = false;
  init_replication(options);
  EXPECT_EQ(triggers(), "");
  options.ddl_trigger = true;
  init_replication(options);
  EXPECT_EQ(triggers(), all);
  options.reset = true;
  const auto before = shop.value("SELECT min(oid::int) FROM pg_event_trigger");
  init_replication(options);
  EXPECT_EQ(shop.value("SELECT min(oid::int) FROM pg_event_trigger"), before) << "they are wanted: they stay";
  options.ddl_trigger = options.reset = false;
  init_replication(options);
  EXPECT_EQ(triggers(), all);

  options.reset = true;
  const auto other = "other_" + shop.name();
  shop.exec("SELECT pg_create_logical_replication_slot('" + other + "', 'pgoutput')");
  init_replication(options);
  EXPECT_EQ(triggers(), all) << "another pipeline may use them";
  shop.exec("SELECT pg_drop_replication_slot('" + other + "')");
  init_replication(options);
  EXPECT_EQ(triggers(), "");
}

TEST_F(DdlTriggerOption, is_taken_back_when_transactions_stay_open) {
  Sql writer(shop.conninfo());
  writer.exec("BEGIN; INSERT INTO t VALUES (11, 0)");
  options.snapshot_wait = std::chrono::seconds(1);
  const auto error = error_of([&] { init_replication(options); });
  EXPECT_EQ(error.kind(), ErrorKind::data) << error.what();
  EXPECT_EQ(triggers(), "");
  EXPECT_EQ(shop.value("SELECT count(*) FROM pg_publication"), "0");
  writer.exec("COMMIT");
  EXPECT_EQ(init_replication(options).size(), 1U);
  EXPECT_EQ(triggers(), all);
}

TEST_F(DdlTriggerOption, is_refused_to_a_role_that_may_not_create_them) {
  const auto role = shop.name() + "_role";
  shop.exec("CREATE ROLE " + role + " LOGIN REPLICATION; ALTER TABLE t OWNER TO " + role +
            "; GRANT CREATE ON DATABASE " + shop.name() + " TO " + role);
  options.credentials = shop.conninfo(role);
  const auto error = error_of([&] { init_replication(options); });
  EXPECT_EQ(error.kind(), ErrorKind::permission_denied) << error.what();
  EXPECT_NE(error.hint().find("docs/ddl-trigger.md"), std::string::npos) << error.hint();
  EXPECT_EQ(shop.value("SELECT count(*) FROM pg_publication"), "0") << "something was made before all was checked";

  auto of_superuser = shop.init("t");
  of_superuser.ddl_trigger = true;
  of_superuser.slot_name += "_first";
  init_replication(of_superuser);
  EXPECT_EQ(init_replication(options).size(), 1U) << "they exist";
  shop.exec("SELECT pg_drop_replication_slot('" + of_superuser.slot_name + "')");
  options.ddl_trigger = false;
  options.reset = true;
  options.pub_name = "of_role";  // the other one is not the role's
  EXPECT_EQ(init_replication(options).size(), 1U);
  EXPECT_EQ(triggers(), all) << "the role may not drop them";
  shop.exec("DROP OWNED BY " + role + "; DROP ROLE " + role);
}

}  // namespace
}  // namespace walbrook::test

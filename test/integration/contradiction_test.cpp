// State that contradicts itself: exit 4 before anything is applied. A reset resolves it.
#include <gtest/gtest.h>

#include <ostream>

#include "test/support/duck_reader.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

struct Damage {
  std::string name;
  std::string state_sql;  // executed in the file
  std::string told;
};

void PrintTo(const Damage& damage, std::ostream* out) {
  *out << damage.name;
}

class Contradiction : public ::testing::TestWithParam<Damage> {};

TEST_P(Contradiction, is_refused_until_reset) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  DuckReader(db.file(), DuckReader::Access::read_write).exec(GetParam().state_sql);
  db.exec("INSERT INTO t VALUES (2)");
  // The slot is created again, so that the changes in between are lost.
  db.exec("SELECT pg_drop_replication_slot(" + quote_literal(db.pipeline.slot) +
          "); SELECT pg_create_logical_replication_slot(" + quote_literal(db.pipeline.slot) + ", 'pgoutput')");
  db.exec("INSERT INTO t VALUES (3)");
  for (int i = 0; i < 2; ++i) {
    const auto result = db.pipeline.run();
    EXPECT_EQ(result.exit_code, 4) << result.describe();
    EXPECT_NE(result.err.find("contradicts itself: " + GetParam().told), std::string::npos) << result.describe();
    EXPECT_NE(result.err.find("--reset"), std::string::npos) << result.describe();
  }
  const auto checked = run(db.pipeline.command("check"));
  EXPECT_EQ(checked.exit_code, 4) << checked.describe();
  EXPECT_NE(checked.out.find("contradicts itself"), std::string::npos) << checked.describe();
  // Without a checkpoint there is no evidence that slot and publication belong to this destination.
  const auto reset = db.pipeline.run({"--reset", "--yes"});
  EXPECT_EQ(reset.exit_code, 0) << reset.describe();
  EXPECT_EQ(db.differences(), "");
}

INSTANTIATE_TEST_SUITE_P(
    State, Contradiction,
    ::testing::Values(
        Damage{"no_checkpoint", "DELETE FROM _walbrook.checkpoint", "table public.t is streaming, but there is no"},
        Damage{"two_checkpoints", "INSERT INTO _walbrook.checkpoint FROM _walbrook.checkpoint", "there are 2"},
        Damage{"no_lsn", "UPDATE _walbrook.checkpoint SET lsn = ''", "the checkpoint has no LSN"},
        Damage{"older_checkpoint", "UPDATE _walbrook.checkpoint SET lsn = '0/10', last_commit_lsn = '0/8'",
               "table public.t was copied as of"},
        Damage{"last_transaction_above", "UPDATE _walbrook.checkpoint SET last_commit_lsn = 'FF/0'",
               "the checkpoint is at"},
        Damage{"no_columns", "UPDATE _walbrook.outputs SET columns = NULL", "table public.t is streaming, but has no"},
        Damage{"no_tables", "DELETE FROM _walbrook.outputs", "there are target tables and a checkpoint"}),
    [](const auto& damage) { return damage.param.name; });

}  // namespace
}  // namespace walbrook::test

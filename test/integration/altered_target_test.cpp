// P7 if somebody dropped or altered a target table in the DuckDB file.
#include <gtest/gtest.h>

#include <chrono>
#include <ostream>
#include <vector>

#include "test/support/duck_reader.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

void as_user(const ReplicatedDatabase& db, const std::string& sql) {
  DuckReader(db.file(), DuckReader::Access::read_write).exec(sql);
}

struct Shop : ReplicatedDatabase {
  Shop() {
    exec(
        "CREATE TABLE orders(id int PRIMARY KEY, v text, n numeric(10,2));"
        "INSERT INTO orders SELECT g, 'v' || g, CASE WHEN g = 3 THEN 'NaN'::numeric ELSE g END FROM "
        "generate_series(1, 9) g;"
        "CREATE TABLE items(id int PRIMARY KEY, v text); INSERT INTO items SELECT g, 'i' FROM generate_series(1, 9) g");
    const auto first = pipeline.run();
    EXPECT_EQ(first.exit_code, 0) << first.describe();
  }
  void change() const {
    exec(
        "UPDATE orders SET v = v || '!' WHERE id < 5; INSERT INTO orders VALUES (10, 'new', 'NaN'); DELETE FROM orders "
        "WHERE id = 9; UPDATE items SET v = 'changed' WHERE id < 4");
  }
  [[nodiscard]] std::string state(const std::string& table = "orders") const {
    return copied_value("SELECT state FROM _walbrook.outputs WHERE source_name = '" + table + "'");
  }
};

// The rows of items, which nobody altered.
void expect_others_continue(const Shop& db) {
  const std::string items = "SELECT string_agg(id || v, ' ' ORDER BY id) FROM public.items";
  EXPECT_EQ(db.copied_value(items), db.value(items));
}

struct Altered {
  std::string table;
  std::string done;  // the user's statements in the file
  std::string told;
};

// One table for each way, all of them in one file, so that one run meets them all.
const std::vector<Altered> ways_to_alter = {
    {"dropped", "DROP TABLE public.dropped", "target table public.dropped was dropped or renamed in"},
    {"renamed", "ALTER TABLE public.renamed RENAME TO mine; DROP TABLE public.mine",
     "target table public.renamed was dropped or renamed in"},
    {"lost_column", "ALTER TABLE public.lost_column DROP COLUMN v",
     "column \"v\" of target table public.lost_column was dropped or renamed in"},
    {"renamed_column", "ALTER TABLE public.renamed_column RENAME COLUMN v TO w",
     "column \"v\" of target table public.renamed_column was dropped or renamed in"},
    {"retyped", "ALTER TABLE public.retyped ALTER COLUMN id TYPE BIGINT",
     "column \"id\" of target table public.retyped is BIGINT in"},
    {"lost_overflow", "ALTER TABLE public.lost_overflow DROP COLUMN n__v_text",
     "overflow column \"n__v_text\" of target table public.lost_overflow was dropped or renamed in"},
    {"retyped_overflow", "ALTER TABLE public.retyped_overflow ALTER COLUMN n__v_text TYPE BLOB",
     "overflow column \"n__v_text\" of target table public.retyped_overflow is BLOB in"}};

TEST(AlteredTargets, p7_are_resynced_and_the_others_continue) {
  const Shop db;
  for (const auto& kind : ways_to_alter) db.exec("CREATE TABLE " + kind.table + " (LIKE orders INCLUDING ALL)");
  for (const auto& kind : ways_to_alter) db.exec("INSERT INTO " + kind.table + " SELECT * FROM orders");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  for (const auto& kind : ways_to_alter) as_user(db, kind.done);
  for (const auto& kind : ways_to_alter) db.exec("UPDATE " + kind.table + " SET v = 'changed' WHERE id < 3");
  db.change();
  const auto checked = run(db.pipeline.command("check"));
  EXPECT_EQ(checked.exit_code, 0) << checked.describe();
  const auto status = run(db.pipeline.command("status"));
  const auto began = std::chrono::steady_clock::now();
  const auto result = db.pipeline.run();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(15)) << "nothing is waited for";
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  for (const auto& kind : ways_to_alter) {
    EXPECT_NE(checked.out.find(kind.told), std::string::npos) << kind.told << "\n" << checked.describe();
    EXPECT_NE(status.out.find(kind.told), std::string::npos) << kind.told << "\n" << status.describe();
    EXPECT_NE(result.err.find("is resynced: " + kind.told), std::string::npos) << kind.told << "\n"
                                                                               << result.describe();
  }
  EXPECT_EQ(result.err.find("public.items"), std::string::npos) << result.describe();
  EXPECT_EQ(db.differences(), "");
}

TEST(AlteredTargets, p7_a_schema_that_was_dropped_is_made_again) {
  const Shop db;
  as_user(db, "DROP SCHEMA public CASCADE");
  db.change();
  const auto result = db.pipeline.run();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.err.find("is resynced: schema public was dropped in copy.duckdb"), std::string::npos)
      << result.describe();
  EXPECT_EQ(db.differences(), "");
}

struct Conflict {
  std::string name;
  std::string done;
  std::string told;
  std::string freed;  // frees the name again
};

void PrintTo(const Conflict& conflict, std::ostream* out) {
  *out << conflict.name;
}

class TargetConflict : public ::testing::TestWithParam<Conflict> {};

TEST_P(TargetConflict, p7_is_suspended_and_what_the_user_made_stays) {
  const Shop db;
  as_user(db, GetParam().done);
  db.change();
  const auto checked = run(db.pipeline.command("check"));
  EXPECT_EQ(checked.exit_code, 5) << checked.describe();
  for (int round = 0; round < 2; ++round) {
    const auto result = db.pipeline.run();
    EXPECT_EQ(result.exit_code, 5) << result.describe();
    EXPECT_NE(result.err.find(GetParam().told), std::string::npos) << result.describe();
    EXPECT_NE(result.err.find("--dataset NAME"), std::string::npos) << result.describe();
    EXPECT_EQ(db.state(), "suspended");
    EXPECT_EQ(db.copied_value("SELECT mine FROM public.orders"), "42") << "it is not touched";
    expect_others_continue(db);
    db.exec("INSERT INTO items VALUES (" + std::to_string(100 + round) + ", 'later')");
  }
  as_user(db, GetParam().freed);
  const auto freed = db.pipeline.run();
  EXPECT_EQ(freed.exit_code, 0) << freed.describe();
  EXPECT_EQ(db.differences(), "");
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, TargetConflict,
    ::testing::Values(Conflict{"view", "DROP TABLE public.orders; CREATE VIEW public.orders AS SELECT 42 AS mine",
                               "public.orders in copy.duckdb is a view", "DROP VIEW public.orders"},
                      Conflict{"another_table",
                               "DROP TABLE public.orders; CREATE TABLE public.\"Orders\" AS SELECT 42 AS mine",
                               "public.orders in copy.duckdb has other columns", "DROP TABLE public.orders"}),
    [](const auto& conflict) { return conflict.param.name; });

TEST(AlteredTargets, p7_a_constraint_that_fails_suspends_one_table) {
  for (const std::string constraint :
       {"ALTER TABLE public.orders ALTER COLUMN v SET NOT NULL", "CREATE UNIQUE INDEX own ON public.orders(v)",
        "ALTER TABLE public.orders ADD PRIMARY KEY (id); CREATE TABLE public.notes(id int REFERENCES "
        "public.orders(id)); INSERT INTO public.notes VALUES (9)"}) {
    const Shop db;
    as_user(db, constraint);
    EXPECT_EQ(db.pipeline.run().exit_code, 0) << "it does no harm yet";
    db.exec("INSERT INTO orders VALUES (11, NULL, 1), (12, 'v1', 1); UPDATE orders SET n = 5 WHERE id = 9");
    db.change();
    const auto began = std::chrono::steady_clock::now();
    const auto result = db.pipeline.run();
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(15)) << constraint;
    EXPECT_EQ(result.exit_code, 5) << constraint << "\n" << result.describe();
    EXPECT_NE(result.err.find("remove what was added"), std::string::npos) << result.describe();
    EXPECT_EQ(result.err.find("v1"), std::string::npos) << "a value is in the log\n" << result.describe();
    EXPECT_EQ(db.copied_value("SELECT reason FROM _walbrook.outputs WHERE source_name = 'orders'").find("v1"),
              std::string::npos);
    expect_others_continue(db);
    as_user(db, "DROP TABLE IF EXISTS public.notes");
    const auto again = db.pipeline.run();
    EXPECT_EQ(again.exit_code, 0) << again.describe();
    EXPECT_EQ(db.differences(), "");
  }
}

// Columns, indexes, views and comments that a user adds do no harm.
TEST(AlteredTargets, what_a_user_adds_without_harm_stays_and_resyncs_nothing) {
  const Shop db;
  as_user(db,
          "ALTER TABLE public.orders ADD COLUMN note VARCHAR; UPDATE public.orders SET note = 'mine' WHERE id = 5; "
          "CREATE INDEX own ON public.orders(id); CREATE VIEW public.seen AS SELECT count(*) AS n FROM public.orders; "
          "COMMENT ON TABLE public.orders IS 'mine'");
  db.change();
  const auto result = db.pipeline.run();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(result.err.find("resynced"), std::string::npos) << result.describe();
  EXPECT_EQ(db.copied_value("SELECT string_agg(note, ',') FROM public.orders"), "mine");
  EXPECT_EQ(db.copied_value("SELECT n FROM public.seen"), "9");
  expect_others_continue(db);
}

// The type that DuckDB reports is compared with the one that the column was created with.
TEST(AlteredTargets, no_type_is_taken_for_an_altered_one) {
  const ReplicatedDatabase db;
  db.exec(
      "CREATE TYPE mood AS ENUM ('calm', 'it''s'); CREATE DOMAIN small AS int CHECK (VALUE < 100);"
      "CREATE TYPE \"odd type\" AS (\"a b\" int, \"C\"\"d\" numeric(5,1)[], \"select\" text, t timestamptz);"
      "CREATE TYPE outer_type AS (inner_one \"odd type\", list \"odd type\"[]);"
      "CREATE TABLE orders(id int PRIMARY KEY, a int2, b int8, c float4, d float8, e numeric(10,2), f numeric, g "
      "numeric(38,0), h varchar(10), i bytea, j uuid, k json, l jsonb, m date, n time, o timetz, p timestamp, q "
      "timestamptz, r interval, s bit(3), t varbit, u bool, v oid, w int[], x text[], y \"odd type\", z outer_type, aa "
      "mood, ab small, ac money, ad inet, ae tsrange, af char(3), ag \"char\", ah name, ai mood[], aj numeric(3,1)[], "
      "ak "
      "timestamp(3)[], al regclass, am pg_lsn, an xid8); INSERT INTO orders(id) VALUES (1);"
      "CREATE TABLE empty_one(); ALTER TABLE empty_one REPLICA IDENTITY FULL");
  ASSERT_EQ(db.pipeline.run({"--metadata", "dlt"}).exit_code, 0);
  for (const std::string metadata : {"dlt", "dlt", "walbrook", "walbrook"}) {
    db.exec("UPDATE orders SET b = coalesce(b, 0) + 1");
    const auto checked = run(db.pipeline.command("check"));
    EXPECT_EQ(checked.out.find("target table"), std::string::npos) << checked.describe();
    const auto result = db.pipeline.run({"--metadata", metadata});
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_EQ(result.err.find("is resynced"), std::string::npos) << result.describe();
  }
}

TEST(AlteredTargets, a_table_that_has_its_changes_alone_waits_for_its_resync) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  ASSERT_EQ(db.pipeline.run({"--no-snapshot"}).exit_code, 0);
  db.exec("INSERT INTO t VALUES (2)");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  as_user(db, "DROP TABLE public.t");
  for (int round = 0; round < 2; ++round) {
    const auto result = db.pipeline.run();
    EXPECT_EQ(result.exit_code, 5) << result.describe();
    EXPECT_NE(result.err.find("walbrook resync public.t"), std::string::npos) << result.describe();
  }
  EXPECT_EQ(run(db.pipeline.command("resync", {"public.t"})).exit_code, 0);
  EXPECT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(db.differences(), "");
}

TEST(AlteredTargets, a_table_beyond_resync_max_size_waits_for_its_resync) {
  const Shop db;
  as_user(db, "DROP TABLE public.orders");
  db.change();
  for (int round = 0; round < 2; ++round) {
    const auto result = db.pipeline.run({"--resync-max-size", "0"});
    EXPECT_EQ(result.exit_code, 5) << result.describe();
    EXPECT_NE(result.err.find("walbrook resync public.orders"), std::string::npos) << result.describe();
    expect_others_continue(db);
  }
  const auto asked = run(db.pipeline.command("resync", {"public.orders"}));
  EXPECT_EQ(asked.exit_code, 0) << asked.describe();
  const auto result = db.pipeline.run({"--resync-max-size", "0"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(db.differences(), "");
}

TEST(AlteredTargets, a_reset_leaves_what_took_a_targets_name) {
  const Shop db;
  as_user(db, "DROP TABLE public.orders; CREATE VIEW public.orders AS SELECT 42 AS mine");
  const auto dropped = run(db.pipeline.command("pipeline", {db.pipeline.slot, "drop", "--yes"}));
  EXPECT_EQ(dropped.exit_code, 0) << dropped.describe();
  EXPECT_EQ(db.copied_value("SELECT mine FROM public.orders"), "42");
  EXPECT_EQ(db.copied_value("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'public'"), "0");
}

// Whatever part of the state is missing, nothing is applied to a target table without it, and so nothing twice.
TEST(AlteredTargets, p2_without_a_state_table_nothing_is_applied) {
  const Shop db;
  db.change();
  const std::string rows = "SELECT string_agg(id || v, ' ' ORDER BY id) FROM public.orders";
  const auto before = db.copied_value(rows);
  for (const std::string table : {"format", "checkpoint", "tables", "targets", "loads", "prepared"}) {
    as_user(db, "CREATE TABLE _walbrook.saved AS FROM _walbrook." + table + "; DROP TABLE _walbrook." + table);
    const auto result = db.pipeline.run();
    EXPECT_EQ(result.exit_code, 4) << table << "\n" << result.describe();
    EXPECT_EQ(db.copied_value(rows), before) << table;
    as_user(db, "ALTER TABLE _walbrook.saved RENAME TO " + table);
  }
  const auto result = db.pipeline.run();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(db.differences(), "");
}

}  // namespace
}  // namespace walbrook::test

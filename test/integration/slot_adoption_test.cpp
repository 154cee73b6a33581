// A slot or a publication that the destination did not create: nothing is taken over or dropped without confirmation.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

struct TwoRowsToAdopt : ReplicatedDatabase {
  TwoRowsToAdopt() { exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)"); }
  // Returns the same pipeline as started by somebody else, into another file.
  [[nodiscard]] Pipeline elsewhere() const {
    auto other = pipeline;
    other.file = folder() / "elsewhere.duckdb";
    return other;
  }
  [[nodiscard]] std::string differences_of(const Pipeline& other) const {
    auto compared = comparison;
    compared.file = other.file;
    return test::differences(compared);
  }
  void make_slot() const {
    exec("SELECT pg_create_logical_replication_slot(" + quote_literal(pipeline.slot) + ", 'pgoutput')");
  }
  [[nodiscard]] std::string slots() const {
    return value(
        "SELECT string_agg(slot_name, ',' ORDER BY slot_name) FROM pg_replication_slots WHERE database = "
        "current_database()");
  }
};

void expect_refused(const ProcessResult& result, int exit_code, const std::string& what) {
  EXPECT_EQ(result.exit_code, exit_code) << result.describe();
  EXPECT_NE((result.out + result.err).find(what), std::string::npos) << result.describe();
}

TEST(SlotAdoption, the_same_run_from_elsewhere_takes_nothing_over) {
  const TwoRowsToAdopt db;
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  db.exec("INSERT INTO t VALUES (3)");
  const auto other = db.elsewhere();
  expect_refused(other.run(), 3, "slot " + db.pipeline.slot + " exists already, and the destination does not know it");
  EXPECT_FALSE(std::filesystem::exists(other.file));
  expect_refused(run(other.command("check")), 3, "--adopt-slot");
  EXPECT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(db.differences(), "");
}

TEST(SlotAdoption, a_file_that_holds_something_else_does_not_know_the_slot_either) {
  const TwoRowsToAdopt db;
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  const TwoRowsToAdopt second;
  auto other = db.pipeline;
  other.file = second.file();
  ASSERT_EQ(second.pipeline.run().exit_code, 0);
  expect_refused(other.run(), 3, "exists already");
  expect_refused(run(other.command("check")), 3, "exists already");
}

TEST(SlotAdoption, an_administrators_slot_is_taken_over_where_that_is_asked_for) {
  const TwoRowsToAdopt db;
  db.exec("CREATE PUBLICATION walbrook FOR TABLE t");
  db.make_slot();
  db.exec("INSERT INTO t VALUES (3)");
  EXPECT_EQ(run(db.pipeline.command("check", {"--adopt-slot"})).exit_code, 0);
  const auto adopted = db.pipeline.run({"--adopt-slot"});
  EXPECT_EQ(adopted.exit_code, 0) << adopted.describe();
  EXPECT_EQ(db.differences(), "");
  db.exec("INSERT INTO t VALUES (4)");
  EXPECT_EQ(db.pipeline.run().exit_code, 0) << "it is known now";
  EXPECT_EQ(db.differences(), "");
}

// If nothing is copied, changes begin at the slot's position.
TEST(SlotAdoption, changes_begin_at_the_adopted_slots_position) {
  const TwoRowsToAdopt db;
  db.exec("CREATE PUBLICATION walbrook FOR TABLE t");
  db.make_slot();
  db.exec("INSERT INTO t VALUES (3)");
  const auto adopted = db.pipeline.run({"--adopt-slot", "--no-snapshot"});
  EXPECT_EQ(adopted.exit_code, 0) << adopted.describe();
  EXPECT_EQ(db.copied_value("SELECT string_agg(id::VARCHAR, ',') FROM public.t"), "3");
}

// A slot that is ahead of the checkpoint has nothing of what lies between.
TEST(SlotAdoption, another_slot_for_a_known_pipeline_has_every_table_copied) {
  const TwoRowsToAdopt db;
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  db.exec("DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (3); SELECT pg_drop_replication_slot(" +
          quote_literal(db.pipeline.slot) + ")");
  db.make_slot();
  db.exec("SELECT pg_create_logical_replication_slot('second_of_" + db.name() + "', 'pgoutput')");
  // The only pipeline of a configuration, so that the slot does not name it.
  const auto folder = db.folder() / "project";
  std::filesystem::create_directories(folder / ".walbrook");
  const auto as_pipeline = [&](const std::vector<std::string>& extra) {
    std::vector<std::string> words = {"run",
                                      "--source",
                                      db.conninfo(),
                                      "--destination",
                                      "duckdb:///" + db.file().string(),
                                      "--publication",
                                      "walbrook",
                                      "--project",
                                      folder.string(),
                                      "--pipeline",
                                      db.pipeline.slot,
                                      "--slot",
                                      "second_of_" + db.name()};
    words.insert(words.end(), extra.begin(), extra.end());
    return run(walbrook_command(words));
  };
  std::ofstream(folder / ".walbrook/config.toml") << "[pipelines." << db.pipeline.slot << "]\n";
  expect_refused(as_pipeline({}), 3, "exists already");
  const auto adopted = as_pipeline({"--adopt-slot"});
  EXPECT_EQ(adopted.exit_code, 0) << adopted.describe();
  EXPECT_EQ(db.differences(), "");
  db.exec("SELECT pg_drop_replication_slot('second_of_" + db.name() + "')");
}

TEST(SlotAdoption, a_first_run_that_was_killed_knows_its_slot_again) {
  const TwoRowsToAdopt db;
  const auto killed = db.pipeline.run({}, {{"WALBROOK_FAULT", "slot_created"}});
  ASSERT_NE(killed.exit_code, 0);
  ASSERT_EQ(db.slots(), db.pipeline.slot);
  EXPECT_EQ(run(db.pipeline.command("check")).exit_code, 0);
  const auto again = db.pipeline.run();
  EXPECT_EQ(again.exit_code, 0) << again.describe();
  EXPECT_EQ(db.differences(), "");
  const auto reset = db.pipeline.run({"--reset"});
  EXPECT_EQ(reset.exit_code, 0) << reset.describe();
}

// The claim to a slot that was never created is removed: a later slot of that name belongs to somebody else.
TEST(SlotAdoption, a_first_run_that_was_stopped_before_it_had_a_slot_claims_none) {
  const TwoRowsToAdopt db;
  Sql writer(db.conninfo());
  writer.exec("BEGIN; INSERT INTO t VALUES (3)");
  Process first(db.pipeline.command("run"));
  ASSERT_TRUE(eventually([&] { return db.slots() == db.pipeline.slot; }, milliseconds(20'000)));
  first.signal(SIGTERM);
  EXPECT_EQ(first.wait(milliseconds(20'000)).exit_code, 0);
  ASSERT_TRUE(eventually([&] { return db.slots().empty(); }, milliseconds(20'000)));
  writer.exec("COMMIT");
  db.make_slot();
  expect_refused(db.pipeline.run(), 3, "exists already");
  EXPECT_EQ(db.pipeline.run({"--reset", "--yes"}).exit_code, 0);
  EXPECT_EQ(db.differences(), "");
}

TEST(SlotAdoption, a_reset_asks_before_it_drops_what_another_made) {
  const TwoRowsToAdopt db;
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  const auto other = db.elsewhere();
  expect_refused(other.run({"--reset"}), 2, "Drop slot " + db.pipeline.slot + " and publication walbrook at");
  EXPECT_EQ(db.slots(), db.pipeline.slot);
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_publication"), "1");
  EXPECT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(db.pipeline.run({"--reset"}).exit_code, 0) << "its own is not asked about";
  const auto meant = other.run({"--reset", "--yes"});
  EXPECT_EQ(meant.exit_code, 0) << meant.describe();
  EXPECT_EQ(db.differences_of(other), "");
}

TEST(SlotAdoption, a_reset_asks_before_it_drops_an_adopted_slot) {
  const TwoRowsToAdopt db;
  db.exec("CREATE PUBLICATION walbrook FOR TABLE t");
  db.make_slot();
  ASSERT_EQ(db.pipeline.run({"--adopt-slot"}).exit_code, 0);
  expect_refused(db.pipeline.run({"--reset"}), 2, "Drop slot " + db.pipeline.slot + " at");
  EXPECT_EQ(db.pipeline.run({"--reset", "--yes"}).exit_code, 0);
  EXPECT_EQ(db.pipeline.run({"--reset"}).exit_code, 0) << "the slot is its own now";
}

// Two destinations may read one publication that walbrook created for the first.
TEST(SlotAdoption, a_publication_that_another_copy_reads_is_not_dropped_with_the_pipeline) {
  const TwoRowsToAdopt db;
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  auto other = db.elsewhere();
  other.slot = "other_of_" + db.name();
  ASSERT_EQ(other.run().exit_code, 0);
  expect_refused(other.run({"--reset"}), 2, "Drop publication walbrook at");
  const auto dropped = run(walbrook_command({"pipeline", other.slot, "drop", "--yes", "--source", other.source,
                                             "--destination", "duckdb:///" + other.file.string()}));
  EXPECT_EQ(dropped.exit_code, 0) << dropped.describe();
  EXPECT_NE(dropped.out.find("publication walbrook is kept: this pipeline did not create it"), std::string::npos)
      << dropped.describe();
  db.exec("INSERT INTO t VALUES (3)");
  EXPECT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(db.differences(), "");
}

TEST(MissingPublication, is_made_on_the_first_run_alone) {
  const TwoRowsToAdopt db;
  db.exec("CREATE PUBLICATION a FOR TABLE t; CREATE PUBLICATION b FOR TABLE t");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  auto mistyped = db.pipeline;
  mistyped.publication = "walbrok";
  expect_refused(mistyped.run(), 3,
                 "publication walbrok does not exist, but the replica was copied from publication walbrook");
  expect_refused(mistyped.run(), 3, "Publications of " + db.name() + ": a, b, walbrook.");
  expect_refused(run(mistyped.command("check")), 3, "Publications of");
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_publication"), "3");
  EXPECT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(db.differences(), "");
}

TEST(MissingPublication, is_not_made_for_a_slot_that_is_older) {
  const TwoRowsToAdopt db;
  db.make_slot();
  expect_refused(db.pipeline.run({"--adopt-slot"}), 3,
                 "publication walbrook does not exist, but slot " + db.pipeline.slot + " exists");
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_publication"), "0");
}

// Every table may have missed changes, because the publications may publish different rows.
TEST(MissingPublication, another_one_that_exists_has_its_tables_copied) {
  const TwoRowsToAdopt db;
  db.exec("CREATE PUBLICATION few FOR TABLE t WHERE (id < 2); CREATE PUBLICATION walbrook FOR TABLE t");
  auto few = db.pipeline;
  few.publication = "few";
  ASSERT_EQ(few.run().exit_code, 0);
  EXPECT_EQ(db.copied_value("SELECT count(*) FROM public.t"), "1");
  db.exec("INSERT INTO t VALUES (0), (3)");
  const auto all = db.pipeline.run();
  EXPECT_EQ(all.exit_code, 0) << all.describe();
  EXPECT_EQ(db.differences(), "");
}

}  // namespace
}  // namespace walbrook::test

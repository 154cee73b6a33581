// The state of a pipeline is read back as it was written, and is removed with the objects that it describes.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "test/contract/fixture.h"

namespace walbrook::contract {
namespace {

using destination::DropPrepared;
using destination::DropScope;
using destination::KeepPrepared;
using destination::PutCheckpoint;
using destination::PutLoad;
using destination::PutOutput;
using destination::PutTable;
using destination::TargetFinding;

class StateTest : public ContractTest {
 protected:
  [[nodiscard]] static Strings prepared(Transaction& transaction, std::uint32_t xid) {
    Strings parts;
    transaction.read_prepared(xid, [&](std::string_view bytes) { parts.emplace_back(bytes); });
    return parts;
  }
  [[nodiscard]] Strings kept(std::uint32_t xid) { return prepared(*begin(), xid); }
  void keep(std::uint32_t xid, const std::string& bytes) {
    load(0x2000, [&](Transaction& transaction) { transaction.put(KeepPrepared{.xid = xid, .bytes = bytes}); });
  }
};

TEST_P(StateTest, a_new_destination_is_empty) {
  const auto state = open();
  EXPECT_FALSE(state.checkpoint.has_value());
  EXPECT_TRUE(state.outputs.empty());
  EXPECT_EQ(state.newest_load, 0);
}

TEST_P(StateTest, records_of_outputs_come_back_as_they_were_put) {
  open();
  auto suspended = record(orders, OutputState::suspended);
  suspended.target_name = "orders_2";
  suspended.snapshot_lsn = Lsn{0x1600000028};
  suspended.reason = "column \"mood\" 'bored' \xF0\x9F\x98\x80";
  suspended.fingerprint = R"({"publication":"p1.2"})";
  suspended.role = "history";
  suspended.suspect = "a partition was attached";
  suspended.changes_only = true;
  suspended.resync_where = "region = 'a' OR \"id\" < 7";
  suspended.suspension = {.by_request = true,
                          .attempts = 3,
                          .retry_at = WallTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23))};
  auto pending = record(table("Ünpaid \"x\"", {{"id", int4, key}}, 16401), OutputState::pending);
  pending.columns = nullptr;
  load(0x2000, [&](Transaction& transaction) {
    transaction.put(PutOutput{suspended});
    transaction.put(PutOutput{pending});
  });
  const auto state = open();
  ASSERT_EQ(state.outputs.size(), 2U);
  const bool in_order = state.outputs[0].source == orders->oid;
  const auto& first = state.outputs[in_order ? 0 : 1];
  const auto& second = state.outputs[in_order ? 1 : 0];
  EXPECT_EQ(first.schema, "public");
  EXPECT_EQ(first.name, "orders");
  EXPECT_EQ(first.target(), suspended.target());
  EXPECT_EQ(first.state, OutputState::suspended);
  EXPECT_EQ(first.snapshot_lsn, suspended.snapshot_lsn);
  EXPECT_EQ(first.reason, suspended.reason);
  EXPECT_EQ(first.fingerprint, suspended.fingerprint);
  EXPECT_EQ(first.role, suspended.role);
  EXPECT_EQ(first.disposition, Disposition::merge);
  EXPECT_EQ(first.suspect, suspended.suspect);
  EXPECT_TRUE(first.changes_only);
  EXPECT_EQ(first.suspension, suspended.suspension);
  EXPECT_EQ(first.resync_where, suspended.resync_where);
  ASSERT_NE(first.columns, nullptr);
  EXPECT_EQ(*first.columns, *orders);
  EXPECT_EQ(second.name, pending.name);
  EXPECT_EQ(second.state, OutputState::pending);
  EXPECT_FALSE(second.snapshot_lsn.is_set());
  EXPECT_FALSE(second.changes_only);
  EXPECT_EQ(second.suspension, OutputRecord::Suspension{});
  EXPECT_EQ(second.resync_where, "");
  EXPECT_EQ(second.columns, nullptr);
}

TEST_P(StateTest, a_record_replaces_that_of_the_same_output) {
  open();
  auto output = record(orders, OutputState::pending);
  load(0x2000, [&](Transaction& transaction) { transaction.put(PutOutput{output}); });
  output.source = 17001;
  output.state = OutputState::copying;
  load(0x2001, [&](Transaction& transaction) { transaction.put(PutOutput{output}); });
  const auto state = open();
  ASSERT_EQ(state.outputs.size(), 1U);
  EXPECT_EQ(state.outputs[0].source, 17001U);
  EXPECT_EQ(state.outputs[0].state, OutputState::copying);
}

TEST_P(StateTest, records_of_tables_come_back_as_they_were_put) {
  open();
  const destination::TableRecord leaving{.oid = 16400,
                                         .schema = "public",
                                         .name = "Ünpaid \"x\"",
                                         .truncates = {812, 4'294'967'295U},
                                         .leaves_xid = 5'000'000'000,
                                         .leaves_at = Lsn{0x70}};
  load(0x2000, [&](Transaction& transaction) {
    transaction.put(PutTable{leaving});
    transaction.put(PutTable{{.oid = 16401, .schema = "public", .name = "other"}});
  });
  const auto state = open();
  ASSERT_EQ(state.tables.size(), 2U);
  const auto& first = state.tables[state.tables[0].oid == leaving.oid ? 0 : 1];
  EXPECT_EQ(first.name, leaving.name);
  EXPECT_EQ(first.truncates, leaving.truncates);
  EXPECT_EQ(first.leaves_xid, leaving.leaves_xid);
  EXPECT_EQ(first.leaves_at, leaving.leaves_at);
}

// Two tables swap their names, a third is dropped and created again, in one transaction and over several.
TEST_P(StateTest, the_record_of_a_table_replaces_those_of_its_oid_and_of_its_name) {
  open();
  const auto names = [this] {
    Strings found;
    for (const auto& table : open().tables) found.push_back(std::to_string(table.oid) + " " + table.name);
    std::ranges::sort(found);
    return found;
  };
  const auto put = [](Transaction& transaction, Oid oid, const std::string& name) {
    transaction.put(PutTable{{.oid = oid, .schema = "public", .name = name}});
  };
  load(0x2000, [&](Transaction& transaction) {
    put(transaction, 1, "a");
    put(transaction, 2, "b");
    put(transaction, 3, "c");
  });
  load(0x2001, [&](Transaction& transaction) {
    put(transaction, 1, "b");
    put(transaction, 2, "a");
    put(transaction, 4, "c");
  });
  EXPECT_EQ(names(), (Strings{"1 b", "2 a", "4 c"}));
  load(0x2002, [&](Transaction& transaction) { put(transaction, 1, "a"); });
  EXPECT_EQ(names(), (Strings{"1 a", "4 c"}));
  load(0x2003, [&](Transaction& transaction) {
    for (Oid oid = 1; oid <= 20; ++oid) put(transaction, oid, std::to_string(oid));
  });
  EXPECT_EQ(names().size(), 20U) << "many at once";
}

TEST_P(StateTest, the_checkpoint_comes_back_as_it_was_put) {
  open();
  auto checkpoint = at(0x2000);
  checkpoint.publication = "pub";
  checkpoint.source = "127.0.0.1:5432/shop";
  checkpoint.selection = {{"public", "orders", {}}, {"\xC3\x9C \"x\"", "y", {"a", "b c"}}};
  checkpoint.origin = "none";
  checkpoint.last = {.xid = 700, .commit_lsn = Lsn{0x1F00}, .commit_time = 1'700'000'000'000'000};
  checkpoint.made_slot = true;
  {
    const auto transaction = begin();
    transaction->put(PutCheckpoint{checkpoint});
    transaction->commit();
  }
  for (const auto& state : {state(), open()}) {
    ASSERT_TRUE(state.checkpoint.has_value());
    EXPECT_EQ(state.checkpoint->slot, checkpoint.slot);
    EXPECT_EQ(state.checkpoint->systemid, checkpoint.systemid);
    EXPECT_EQ(state.checkpoint->timeline, checkpoint.timeline);
    EXPECT_EQ(state.checkpoint->lsn, checkpoint.lsn);
    EXPECT_EQ(state.checkpoint->publication, checkpoint.publication);
    EXPECT_EQ(state.checkpoint->source, checkpoint.source);
    EXPECT_EQ(state.checkpoint->selection, checkpoint.selection);
    EXPECT_EQ(state.checkpoint->origin, checkpoint.origin);
    EXPECT_EQ(state.checkpoint->last.xid, checkpoint.last.xid);
    EXPECT_EQ(state.checkpoint->last.commit_lsn, checkpoint.last.commit_lsn);
    EXPECT_EQ(state.checkpoint->last.commit_time, checkpoint.last.commit_time);
    EXPECT_EQ(state.checkpoint->made_slot, checkpoint.made_slot);
    EXPECT_EQ(state.checkpoint->made_publication, std::nullopt);
  }
}

TEST_P(StateTest, loads_are_numbered) {
  open();
  const auto put = [&](std::int64_t id) {
    load(0x2000, [&](Transaction& transaction) {
      transaction.put(
          PutLoad{{.id = id, .first_commit = Lsn{1}, .last_commit = Lsn{2}, .started = {}, .tables = "{}"}});
    });
  };
  put(0);
  EXPECT_EQ(state().newest_load, 1);
  put(7);
  EXPECT_EQ(state().newest_load, 7);
  put(0);
  EXPECT_EQ(open().newest_load, 8);
  put(7);
  EXPECT_EQ(open().newest_load, 8) << "the load of that number was replaced";
}

TEST_P(StateTest, prepared_transactions_are_kept_verbatim_and_in_order) {
  open();
  std::string all_bytes;
  for (int i = 0; i < 256; ++i) all_bytes += static_cast<char>(i);
  std::string large;
  while (large.size() < (std::size_t{5} << 20U) + 3) large += all_bytes;
  load(0x2000, [&](Transaction& transaction) {
    transaction.put(KeepPrepared{.xid = 5, .bytes = "one"});
    transaction.put(KeepPrepared{.xid = 6, .bytes = "of another"});
    transaction.put(KeepPrepared{.xid = 5, .bytes = ""});
    EXPECT_EQ(prepared(transaction, 5), (Strings{"one", ""}));
  });
  load(0x2001, [&](Transaction& transaction) {
    transaction.put(KeepPrepared{.xid = 5, .bytes = large});
    transaction.put(KeepPrepared{.xid = 5, .bytes = all_bytes});
  });
  open();
  EXPECT_EQ(kept(5), (Strings{"one", "", large, all_bytes}));
  load(0x2002, [&](Transaction& transaction) {
    transaction.put(DropPrepared{.xid = 5});
    EXPECT_TRUE(prepared(transaction, 5).empty());
    transaction.put(KeepPrepared{.xid = 5, .bytes = "later"});
  });
  EXPECT_EQ(kept(5), Strings{"later"});
  EXPECT_EQ(kept(6), Strings{"of another"});
}

TEST_P(StateTest, who_reads_a_prepared_transaction_may_use_the_transaction) {
  open();
  const auto table = create(orders);
  for (int i = 0; i < 5; ++i) keep(1, std::to_string(i));
  load(0x3000, [&](Transaction& transaction) {
    transaction.read_prepared(1, [&](std::string_view bytes) {
      apply(transaction, table, Effect(orders).replace({std::stoi(std::string(bytes)) % 3, std::string(bytes)}));
    });
    transaction.put(DropPrepared{.xid = 1});
  });
  EXPECT_EQ(rows(table), (Strings{"0|3", "1|4", "2|2"}));
  EXPECT_TRUE(kept(1).empty());
}

TEST_P(StateTest, pipelines_do_not_see_each_other) {
  open("first");
  const auto table = create(orders, {{1, "a"}});
  keep(1, "first's");
  const auto other = record(contract::table("other", {{"id", int4, key}}, 16500));
  const auto found = open("second");
  EXPECT_FALSE(found.checkpoint.has_value());
  EXPECT_TRUE(found.outputs.empty());
  EXPECT_NE(error_of([&] { static_cast<void>(copy_writer(table)); }).find("pipeline \"first\""), std::string::npos);
  copy(other, {});
  load(0x3000, [&](Transaction& transaction) {
    transaction.swap_in(other);
    transaction.put(PutOutput{other});
    transaction.put(DropPrepared{.xid = 1});
  });
  destination().drop(DropScope::pipeline);
  EXPECT_FALSE(is_there(other));
  EXPECT_FALSE(open("second").checkpoint.has_value());
  EXPECT_EQ(open("first").checkpoint->lsn, Lsn{0x2000});
  EXPECT_EQ(rows(table), Strings{"1|a"});
  EXPECT_EQ(kept(1), Strings{"first's"});
}

TEST_P(StateTest, tables_are_dropped_with_all_that_is_known_of_them) {
  open();
  const auto dropped = create(orders, {{1, "a"}});
  const auto other = create(contract::table("other", {{"id", int4, key}}, 16500), {{1}});
  copy(dropped, {{2, "b"}});  // finished, but not swapped in yet
  load(0x4000, [](Transaction& /*transaction*/) {});
  destination().drop(DropScope::outputs, {&dropped, 1});
  EXPECT_FALSE(is_there(dropped));
  EXPECT_EQ(rows(other), Strings{"1"});
  const auto state = open();
  ASSERT_EQ(state.outputs.size(), 1U);
  EXPECT_EQ(state.outputs[0].name, "other");
  EXPECT_EQ(state.checkpoint->lsn, Lsn{0x4000});
  create(orders, {{7, "z"}});  // its name is free again
  EXPECT_EQ(rows(dropped), Strings{"7|z"});
}

TEST_P(StateTest, a_pipeline_is_dropped_with_everything) {
  open();
  const auto table = create(orders, {{1, "a"}});
  keep(1, "x");
  destination().drop(DropScope::pipeline);
  EXPECT_FALSE(is_there(table));
  const auto state = open();
  EXPECT_FALSE(state.checkpoint.has_value());
  EXPECT_TRUE(state.outputs.empty());
  EXPECT_TRUE(kept(1).empty());
  create(orders, {{1, "again"}});
  EXPECT_EQ(rows(table), Strings{"1|again"});
}

TEST_P(StateTest, what_has_no_source_stays_when_all_that_has_one_goes) {
  open();
  const auto sourced = create(orders, {{1, "a"}});
  const auto own = record(contract::table("events", {{"id", int4}, {"note", text}}, 1), OutputState::loaded);
  copy(own, {{1, "mine"}});
  load(0x2000, [&](Transaction& transaction) {
    transaction.swap_in(own);
    transaction.put(PutOutput{own});
    transaction.put(PutLoad{{.inserts = 1, .started = {}, .tables = "{}"}});
  });
  destination().drop(DropScope::sourced);
  EXPECT_EQ(rows(own), Strings{"1|mine"});
  EXPECT_FALSE(is_there(sourced));
  const auto left = open();
  EXPECT_FALSE(left.checkpoint);
  ASSERT_EQ(left.outputs.size(), 1U);
  EXPECT_EQ(left.outputs[0].state, OutputState::loaded);
  EXPECT_EQ(left.newest_load, 1);
  destination().drop(DropScope::pipeline);
  EXPECT_TRUE(open().tables.empty());
  EXPECT_FALSE(is_there(own));
}

TEST_P(StateTest, a_table_of_the_source_and_one_without_may_have_the_same_name) {
  open();
  auto sourced = record(contract::table("events", {{"id", int4, key}}, 17001));
  sourced.target_name = "events_2";
  const auto own = record(contract::table("events", {{"id", int4}}, 1), OutputState::loaded);
  load(0x2000, [&](Transaction& transaction) {
    transaction.put(PutOutput{sourced});
    transaction.put(PutOutput{own});
    transaction.put(PutOutput{sourced});
  });
  EXPECT_EQ(open().outputs.size(), 2U);
  destination().drop(DropScope::outputs, {&sourced, 1});
  const auto state = open();
  ASSERT_EQ(state.outputs.size(), 1U);
  EXPECT_EQ(state.outputs[0].state, OutputState::loaded);
}

// ---- Targets ----

TEST_P(StateTest, targets_that_are_as_they_were_left_are_not_told_of) {
  open();
  const std::vector tables{create(orders, {{1, "a"}}), create(contract::table("other", {{"id", int4, key}}, 16500))};
  EXPECT_TRUE(destination().inspect(tables).empty());
  auto fewer = tables[0];
  fewer.columns = contract::table("orders", {{"id", int4, key}});
  EXPECT_TRUE(destination().inspect({&fewer, 1}).empty()) << "columns that were added do not count";
}

TEST_P(StateTest, targets_that_are_missing_or_altered_are_told_of) {
  open();
  auto wider = create(orders);
  wider.columns = contract::table("orders", {{"id", int8, key}, {"note", text}});
  const auto missing = record(contract::table("other", {{"id", int4, key}}, 16500));
  auto pending = record(contract::table("new", {{"id", int4, key}}, 16600), OutputState::pending);
  pending.columns = nullptr;
  const std::vector tables{wider, missing, pending};
  const auto findings = destination().inspect(tables);
  ASSERT_EQ(findings.size(), 2U);
  const bool in_order = findings[0].output == wider.id;
  EXPECT_EQ(findings[in_order ? 0 : 1].kind, TargetFinding::Kind::altered);
  EXPECT_EQ(findings[in_order ? 1 : 0].kind, TargetFinding::Kind::missing);
  EXPECT_EQ(findings[in_order ? 1 : 0].output, missing.id);
}

TEST_P(StateTest, a_target_that_somebody_dropped_is_missing) {
  open();
  auto table = create(orders, {{1, "a"}});
  drop_behind_its_back(table);
  const auto findings = destination().inspect({&table, 1});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, TargetFinding::Kind::missing);
  table.columns = nullptr;
  EXPECT_TRUE(destination().inspect({&table, 1}).empty()) << "no target is expected";
}

TEST_P(StateTest, what_is_opened_to_be_read_is_not_changed) {
  open();
  const auto table = create(orders, {{1, "a"}});
  EXPECT_EQ(open_to_read().outputs.size(), 1U);
  EXPECT_EQ(rows(table), Strings{"1|a"});
  const auto is_refused = [&](const std::function<void()>& work) {
    EXPECT_NE(error_of(work).find("internal: "), std::string::npos) << error_of(work);
  };
  is_refused([&] { static_cast<void>(begin()); });
  is_refused([&] { static_cast<void>(copy_writer(table)); });
  is_refused([&] { destination().drop(DropScope::pipeline); });
  EXPECT_EQ(open().outputs.size(), 1U);
  EXPECT_EQ(rows(table), Strings{"1|a"});
}

TEST_P(StateTest, a_name_of_another_pipeline_is_a_conflict) {
  open("first");
  auto table = create(orders, {{1, "a"}});
  open("second");
  table.columns = nullptr;
  const auto findings = destination().inspect({&table, 1});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, TargetFinding::Kind::name_conflict);
  EXPECT_FALSE(findings[0].hint.empty());
}

INSTANTIATE_TEST_SUITE_P(Contract, StateTest, testing::ValuesIn(kinds()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace walbrook::contract

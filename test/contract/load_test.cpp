// A load is atomic and durable; state and prepared transactions come back as they were put.
#include <gtest/gtest.h>

#include "base/error.h"
#include "test/contract/fixture.h"

namespace walbrook::contract {
namespace {

using destination::DropPrepared;
using destination::KeepPrepared;

class LoadTest : public ContractTest {
 protected:
  static Strings kept(Transaction& load, std::uint32_t xid) {
    Strings out;
    load.read_prepared(xid, [&](std::string_view bytes) { out.emplace_back(bytes); });
    return out;
  }
};

TEST_P(LoadTest, a_new_destination_is_empty) {
  const auto state = open();
  EXPECT_FALSE(state.checkpoint.has_value());
  EXPECT_TRUE(state.tables.empty());
}

TEST_P(LoadTest, p1_rows_states_and_checkpoint_are_visible_together) {
  open();
  const auto table = create(orders, {{1, "a"}});
  const auto session = destination::query_engine_of(destination()).open_session();
  const auto before = session->lsn();
  auto load = destination().begin({});
  apply(*load, table, Effect(orders).insert({2, "b"}));
  load->put(destination::PutCheckpoint{at(0x5000)});
  EXPECT_EQ(ask("SELECT count(*) FROM public.orders"), Strings{"1"}) << "seen before the commit";
  load->commit();
  EXPECT_EQ(ask(*session, "SELECT count(*) FROM public.orders"), Strings{"1"}) << "the session's view moved";
  EXPECT_EQ(session->lsn(), before);
  session->refresh();
  EXPECT_EQ(ask(*session, "SELECT count(*) FROM public.orders"), Strings{"2"});
  EXPECT_EQ(session->lsn(), Lsn{0x5000});
}

TEST_P(LoadTest, tables_are_dropped_with_all_that_is_known_of_them) {
  open();
  const auto dropped = create(orders, {{1, "a"}});
  const auto other = walbrook::contract::table("other", {{"id", int4, key}}, 16500);
  create(other, {{1}});
  load(0x4000, [&](Transaction&) {});
  {
    const auto copy = begin_copy(destination(), dropped, orders);  // one that is finished and not promoted yet
    copy->append(0, inserts(orders, {{2, "b"}}));
    copy->finish();
  }
  destination().drop(destination::DropScope::tables, {&dropped, 1});
  const auto state = open();
  ASSERT_EQ(state.tables.size(), 1U);
  EXPECT_EQ(state.tables[0].name, "other");
  EXPECT_EQ(state.checkpoint->lsn, Lsn{0x4000});
  EXPECT_EQ(ask("SELECT count(*) FROM public.other"), Strings{"1"});
  create(orders, {{7, "z"}});  // its name is free again
  EXPECT_EQ(ask("SELECT count(*) FROM public.orders"), Strings{"1"});
}

TEST_P(LoadTest, p1_a_load_that_is_not_committed_leaves_nothing) {
  open();
  const auto table = create(orders, {{1, "a"}, {2, "b"}});
  load(0x4000, [](Transaction& load) { load.put(KeepPrepared{7, "kept"}); });
  const auto other = walbrook::contract::table("other", {{"id", int4, key}}, 16500);
  const auto copy_other = [&] {
    const auto copy = begin_copy(destination(), record(other), other);
    copy->append(0, inserts(other, {{1}}));
    copy->finish();
  };
  copy_other();
  {
    const auto load = destination().begin({});
    load->truncate(table);
    apply(*load, table, Effect(orders).insert({3, "c"}));
    load->swap_in(record(other));
    apply(*load, record(other), Effect(other).insert({2}));
    load->put(KeepPrepared{7, "lost"});
    load->put(DropPrepared{7});
    load->put(destination::PutTable{record(other)});
    load->put(destination::PutLoad{{.first_commit = Lsn{1}, .last_commit = Lsn{2}, .tables = "{}"}});
    load->put(destination::PutCheckpoint{at(0x9000)});
  }
  const auto unchanged = [&] {
    EXPECT_EQ(ask("SELECT id, note FROM public.orders ORDER BY id"), (Strings{"1|a", "2|b"}));
    EXPECT_NE(error_of([&] { (void)ask("SELECT * FROM public.other"); }), "");
    load(0x4001, [&](Transaction& load) { EXPECT_EQ(kept(load, 7), Strings{"kept"}); });
  };
  unchanged();
  const auto state = open();
  EXPECT_EQ(state.checkpoint->lsn, Lsn{0x4001});
  EXPECT_EQ(state.tables.size(), 1U);
  unchanged();
  // And the next load goes as if nothing had been.
  copy_other();
  load(0x9000, [&](Transaction& load) { load.swap_in(record(other)); });
  EXPECT_EQ(ask("SELECT id FROM public.other"), Strings{"1"});
}

TEST_P(LoadTest, p2_kill_before_commit_leaves_the_state_before) {
  open();
  const auto table = create(orders, {{1, "a"}});
  killed([&](destination::Destination& opened) {
    const auto load = opened.begin({});
    apply(*load, table, Effect(orders).replace({1, "z"}).insert({2, "b"}));
    load->put(destination::PutCheckpoint{at(0x9000)});
    die();
  });
  const auto state = open();
  EXPECT_LT(state.checkpoint->lsn, Lsn{0x9000});
  EXPECT_EQ(ask("SELECT id, note FROM public.orders"), Strings{"1|a"});
}

TEST_P(LoadTest, p2_kill_after_commit_keeps_all_of_it) {
  open();
  const auto table = create(orders, {{1, "a"}});
  killed([&](destination::Destination& opened) {
    for (std::uint64_t i = 0; i < 20; ++i) {
      const auto load = opened.begin({});
      apply(*load, table, Effect(orders).replace({1, "z" + std::to_string(i)}).insert({static_cast<int>(i) + 2, "b"}));
      load->put(KeepPrepared{9, std::string(100'000, static_cast<char>('a' + i))});
      load->put(destination::PutCheckpoint{at(0x9000 + i)});
      load->commit();
    }
    die();
  });
  const auto state = open();
  EXPECT_EQ(state.checkpoint->lsn, Lsn{0x9000 + 19});
  EXPECT_EQ(ask("SELECT count(*), max(note) FROM public.orders"), Strings{"21|z19"});
  int parts = 0;
  load(0xA000, [&](Transaction& load) {
    load.read_prepared(
        9, [&](std::string_view bytes) { EXPECT_EQ(bytes, std::string(100'000, static_cast<char>('a' + parts++))); });
  });
  EXPECT_EQ(parts, 20);
}

TEST_P(LoadTest, p2_kill_after_promote_and_merge_replays) {
  open();
  const auto table = create(orders, {{1, "old"}});
  killed([&](destination::Destination& opened) {
    const auto copy = begin_copy(opened, table, orders);
    copy->append(0, inserts(orders, {{1, "new"}, {2, "new"}, {3, "new"}}));
    copy->finish();
    auto copied = table;
    copied.state = TableState::copying;
    alter(opened, copied, {.overflow = {"note"}});
    const auto load = opened.begin({});
    load->swap_in(table);
    apply(*load, table, Effect(orders).replace({2, "merged"}).remove({3, Null{}}).insert({4, VariantText{"odd"}}));
    load->put(destination::PutCheckpoint{at(0x9000)});
    load->commit();
    die();
  });
  EXPECT_EQ(open().checkpoint->lsn, Lsn{0x9000});
  EXPECT_EQ(ask("SELECT id, note, note__v_text FROM public.orders ORDER BY id"),
            (Strings{"1|new|-", "2|merged|-", "4|-|odd"}));
  merge(table, Effect(orders).remove({1, Null{}}));
  EXPECT_EQ(ask("SELECT id FROM public.orders ORDER BY id"), (Strings{"2", "4"}));
}

TEST_P(LoadTest, the_state_comes_back_as_it_was_put) {
  open();
  auto quarantined = record(orders, TableState::quarantined);
  quarantined.target_name = "orders_2";
  quarantined.snapshot_lsn = Lsn{0x1600000028};
  quarantined.reason = "column \"mood\" 'bored' \xF0\x9F\x98\x80";
  quarantined.style = {.naming = destination::Naming::snake_case, .metadata = destination::Metadata::dlt};
  quarantined.fingerprint = R"({"publication":"p1.2"})";
  quarantined.truncates = {812, 4'294'967'295U};
  quarantined.suspect = "a partition was attached";
  auto pending = record(walbrook::contract::table("Ünpaid \"x\"", {{"id", int4, key}}, 16401), TableState::pending);
  pending.columns = nullptr;
  load(0x2000, [&](Transaction& load) {
    load.put(destination::PutTable{quarantined});
    load.put(destination::PutTable{pending});
  });
  auto checkpoint = at(0x2000);
  checkpoint.publication = "pub";
  checkpoint.source = "127.0.0.1:5432/shop";
  checkpoint.selection = {{"public", "orders", {}}, {"\xC3\x9C \"x\"", "y", {"a", "b c"}}};
  {
    const auto again = destination().begin({});
    again->put(destination::PutCheckpoint{checkpoint});
    again->commit();
  }
  const auto check = [&](const State& state) {
    ASSERT_TRUE(state.checkpoint.has_value());
    EXPECT_EQ(state.checkpoint->publication, checkpoint.publication);
    EXPECT_EQ(state.checkpoint->source, checkpoint.source);
    EXPECT_EQ(state.checkpoint->selection, checkpoint.selection);
    EXPECT_EQ(state.checkpoint->slot, "walbrook");
    EXPECT_EQ(state.checkpoint->systemid, "7301234567890123456");
    EXPECT_EQ(state.checkpoint->timeline, 1);
    EXPECT_EQ(state.checkpoint->lsn, Lsn{0x2000});
    ASSERT_EQ(state.tables.size(), 2U);
    const auto& first = state.tables[0].oid == orders->oid ? state.tables[0] : state.tables[1];
    const auto& second = state.tables[0].oid == orders->oid ? state.tables[1] : state.tables[0];
    EXPECT_EQ(first.schema, "public");
    EXPECT_EQ(first.name, "orders");
    EXPECT_EQ(first.target_schema, "public");
    EXPECT_EQ(first.target_name, "orders_2");
    EXPECT_EQ(first.state, TableState::quarantined);
    EXPECT_EQ(first.snapshot_lsn, quarantined.snapshot_lsn);
    EXPECT_EQ(first.reason, quarantined.reason);
    EXPECT_EQ(first.style, quarantined.style);
    EXPECT_EQ(first.fingerprint, R"({"publication":"p1.2"})");
    EXPECT_EQ(first.truncates, (std::vector<std::uint32_t>{812, 4'294'967'295U}));
    EXPECT_EQ(first.suspect, "a partition was attached");
    ASSERT_NE(first.columns, nullptr);
    EXPECT_EQ(*first.columns, *orders);
    EXPECT_EQ(second.name, pending.name);
    EXPECT_EQ(second.state, TableState::pending);
    EXPECT_FALSE(second.snapshot_lsn.is_set());
    EXPECT_EQ(second.columns, nullptr);
  };
  check(open());
  quarantined.reason = "changed";
  load(0x2001, [&](Transaction& load) { load.put(destination::PutTable{quarantined}); });
  const auto state = open();
  EXPECT_EQ(state.tables.size(), 2U) << "a record is replaced, by its source's name";
}

TEST_P(LoadTest, pipelines_do_not_see_each_other) {
  open("first");
  create(orders, {{1, "a"}});
  load(0x2000, [](Transaction& load) { load.put(KeepPrepared{1, "first's"}); });
  const auto other = walbrook::contract::table("other", {{"id", int4, key}}, 16500);
  auto unfinished = record(other);
  const auto state = open("second");
  EXPECT_FALSE(state.checkpoint.has_value());
  EXPECT_TRUE(state.tables.empty());
  EXPECT_NE(
      error_of([&] { (void)begin_copy(destination(), record(orders), orders); }).find("belongs to pipeline \"first\""),
      std::string::npos);
  begin_copy(destination(), unfinished, other)->finish();
  load(0x3000, [&](Transaction& load) {
    load.swap_in(unfinished);
    load.put(destination::PutTable{unfinished});
    load.put(DropPrepared{1});
  });
  destination().drop(destination::DropScope::pipeline);
  EXPECT_FALSE(open("second").checkpoint.has_value());
  EXPECT_EQ(open("first").checkpoint->lsn, Lsn{0x2000});
  EXPECT_EQ(ask("SELECT id FROM public.orders"), Strings{"1"});
  load(0x2001, [&](Transaction& load) { EXPECT_EQ(kept(load, 1), Strings{"first's"}); });
}

TEST_P(LoadTest, reset_drops_copies_and_state) {
  open();
  create(orders, {{1, "a"}});
  load(0x2000, [](Transaction& load) { load.put(KeepPrepared{1, "x"}); });
  destination().drop(destination::DropScope::pipeline);
  EXPECT_NE(error_of([&] { (void)ask("SELECT * FROM public.orders"); }), "");
  const auto state = open();
  EXPECT_FALSE(state.checkpoint.has_value());
  EXPECT_TRUE(state.tables.empty());
  create(orders, {{1, "again"}});
  EXPECT_EQ(ask("SELECT note FROM public.orders"), Strings{"again"});
}

TEST_P(LoadTest, prepared_transactions_are_kept_verbatim_and_in_order) {
  open();
  std::string all_bytes;
  for (int i = 0; i < 256; ++i) all_bytes += static_cast<char>(i);
  const std::string large = [&] {
    std::string out;
    while (out.size() < (std::size_t{5} << 20U) + 3) out += all_bytes;
    return out;
  }();
  load(0x2000, [&](Transaction& load) {
    load.put(KeepPrepared{5, "one"});
    load.put(KeepPrepared{6, "another transaction"});
    load.put(KeepPrepared{5, ""});
  });
  load(0x2001, [&](Transaction& load) {
    load.put(KeepPrepared{5, large});
    load.put(KeepPrepared{5, all_bytes});
  });
  open();
  load(0x2002, [&](Transaction& load) {
    EXPECT_EQ(kept(load, 5), (Strings{"one", "", large, all_bytes}));
    EXPECT_EQ(kept(load, 6), Strings{"another transaction"});
    load.put(DropPrepared{5});
    EXPECT_TRUE(kept(load, 5).empty());
    EXPECT_EQ(kept(load, 6), Strings{"another transaction"});
    load.put(KeepPrepared{5, "later"});
    EXPECT_EQ(kept(load, 5), Strings{"later"});
  });
}

TEST_P(LoadTest, the_sink_may_use_the_load) {
  open();
  const auto table = create(orders);
  load(0x2000, [&](Transaction& load) {
    for (int i = 0; i < 5; ++i) load.put(KeepPrepared{1, std::to_string(i)});
  });
  load(0x2001, [&](Transaction& load) {
    load.read_prepared(1, [&](std::string_view bytes) {
      apply(load, table, Effect(orders).replace({std::stoi(std::string(bytes)) % 3, std::string(bytes)}));
    });
    load.put(DropPrepared{1});
  });
  EXPECT_EQ(ask("SELECT id, note FROM public.orders ORDER BY id"), (Strings{"0|3", "1|4", "2|2"}));
}

TEST_P(LoadTest, truncate_then_rows) {
  open();
  const auto table = create(orders, {{1, "a"}, {2, "b"}});
  load(0x2000, [&](Transaction& load) {
    apply(load, table, Effect(orders).insert({3, "c"}));
    load.truncate(table);
    apply(load, table, Effect(orders).insert({2, "after"}));
  });
  EXPECT_EQ(ask("SELECT id, note FROM public.orders"), Strings{"2|after"});
}

INSTANTIATE_TEST_SUITE_P(Contract, LoadTest, testing::ValuesIn(kinds),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace walbrook::contract

// A part of a table that is copied again while its output streams: what the load that applies it leaves in the target.
#include <utility>

#include "base/error.h"
#include "model/part_codec.h"
#include "replication/core/part_request.h"
#include "test/contract/duckdb_user.h"
#include "test/unit/replication/loader_case.h"

namespace walbrook::replication {
namespace {

const std::string below_ten = "id < 10";

class LoaderPartsTest : public LoaderCase {
 protected:
  // The table with its types' OIDs, which tell whether keys can be compared at the source.
  static TableSchemaRef typed(const TableSchemaRef& table) {
    auto schema = *table;
    for (auto& column : schema.columns) column.type_oid = column.type.layout == Layout::utf8 ? 25 : 23;
    return std::make_shared<const TableSchema>(std::move(schema));
  }
  static TableSchemaRef typed_items() {
    return typed(contract::table("items", {{"id", contract::int4, contract::key}, {"note", contract::text}}));
  }
  static postgres::TableName name() { return {.schema = "public", .name = "items", .columns = {}}; }
  std::shared_ptr<TableRequest::Answer> request(const std::string& where = below_ten) {
    auto answer = std::make_shared<TableRequest::Answer>();
    inbox_.push_back(TableRequest{.tables = {name()}, .where = where, .answer = answer});
    step();
    return answer;
  }
  // Creates a table that streams and whose copy has these rows, and asks for a part of it.
  TableSchemaRef request_of(const std::vector<Cells>& rows, LoaderOptions options = {}) {
    begin();
    auto t = typed_items();
    stream(t, rows);
    options.follow = true;
    load_with(std::move(options));
    request();
    return t;
  }
  // Answers the newest order: the target has `removed` among the keys of the part, the source has `rows`.
  void part_comes(const TableSchemaRef& t, const std::vector<int>& removed, const std::vector<Cells>& rows,
                  std::uint64_t consistent_point) {
    Changes part;
    part.transaction(1, 0);
    for (const int id : removed) part.remove(t, {id, Null{}});
    for (const auto& row : rows) part.update(t, row);
    const auto changes = part.commits();
    auto spooled = std::make_unique<test::MemorySpool>();
    spooled->put(output_key(record(items_oid).id), {}, write_part(changes.transactions, changes.operations));
    PartResult result{.output = record(items_oid).id, .number = orders_.parts_.back().number};
    result.consistent_point = Lsn{consistent_point};
    result.columns = t;
    result.rows = std::move(spooled);
    result.copied_rows = rows.size();
    inbox_.push_back(std::move(result));
    step();
  }
  void part_ends(PartResult::Kind kind, const std::string& reason) {
    PartResult result{.kind = kind, .output = record(items_oid).id, .number = orders_.parts_.back().number};
    result.why.reason = reason;
    inbox_.push_back(std::move(result));
    step();
  }
  [[nodiscard]] std::string shown_part() {
    const auto tables = statistics_.snapshot().tables;
    if (tables.size() != 1 || tables[0].resync_where.empty()) return "none";
    return tables[0].resync_where + (tables[0].part_under_way ? " under way" : " waits: " + tables[0].part_waits_for);
  }
  [[nodiscard]] Lines all() { return rows("public.items"); }
};

TEST_F(LoaderPartsTest, a_part_replaces_the_rows_of_its_keys_and_no_others) {
  const auto t = request_of({{1, "wrong"}, {2, "extra"}, {20, "wrong too"}});
  ASSERT_EQ(orders_.parts_.size(), 1U);
  EXPECT_EQ(orders_.parts_.back().record.resync_where, below_ten);
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
  part_comes(t, {1, 2}, {{1, "a"}, {3, "lost"}}, 0x1000);
  EXPECT_EQ(all(), (Lines{"1|a", "3|lost", "20|wrong too"}));
  EXPECT_EQ(stored("items")->resync_where, "");
  EXPECT_EQ(rows("_walbrook.loads", "load_id, copied_rows"), Lines{"1|2"});
}

TEST_F(LoaderPartsTest, a_part_waits_until_the_stream_has_reached_its_consistent_point) {
  const auto t = request_of({{1, "wrong"}});
  part_comes(t, {1}, {{1, "a"}}, 0x2000);
  EXPECT_EQ(all(), Lines{"1|wrong"});
  load(Changes().transaction(700, 0x1f00).insert(t, {30, "x"}).commits());
  EXPECT_EQ(all(), (Lines{"1|wrong", "30|x"}));
  load(Changes().transaction(701, 0x2000).insert(t, {31, "y"}).commits());
  step();
  EXPECT_EQ(all(), (Lines{"1|a", "30|x", "31|y"}));
}

TEST_F(LoaderPartsTest, changes_after_the_consistent_point_win_and_earlier_ones_are_in_the_part) {
  const auto t = request_of({{1, "wrong"}, {2, "extra"}, {4, "d"}, {30, "x"}});
  load(Changes()
           .transaction(700, 0x1f00)
           .update(t, {1, "before"})
           .transaction(701, 0x2000)
           .update(t, {1, "after"})
           .remove(t, {4, Null{}})
           .insert(t, {5, "new"})
           .update(t, {30, "x2"})
           .insert(t, {31, "y"})
           .remove(t, {31, Null{}})
           .commits());
  part_comes(t, {1, 2, 5}, {{1, "before"}, {4, "d"}}, 0x2000);
  EXPECT_EQ(all(), (Lines{"1|after", "5|new", "30|x2"}));
}

TEST_F(LoaderPartsTest, p4_a_value_that_was_not_sent_comes_from_the_part_and_not_from_the_damaged_row) {
  begin();
  const auto t = typed(contract::table(
      "items", {{"id", contract::int4, contract::key}, {"n", contract::int4}, {"note", contract::text}}));
  stream(t, {{1, 1, "damaged"}, {30, 1, "not asked for"}});
  load_with({.follow = true});
  request();
  load(Changes().transaction(700, 0x2000).update(t, {1, 2, Unchanged{}}).update(t, {30, 2, Unchanged{}}).commits());
  EXPECT_EQ(rows("public.items", "id, n, note"), (Lines{"1|2|damaged", "30|2|not asked for"}));
  auto part = std::make_unique<test::MemorySpool>();
  const auto changes = Changes().transaction(1, 0).remove(t, {1, Null{}, Null{}}).update(t, {1, 1, "large"}).commits();
  part->put(output_key(record(items_oid).id), {}, write_part(changes.transactions, changes.operations));
  PartResult result{.output = record(items_oid).id, .number = orders_.parts_.back().number};
  result.consistent_point = Lsn{0x2000};
  result.columns = t;
  result.rows = std::move(part);
  inbox_.push_back(std::move(result));
  step();
  EXPECT_EQ(rows("public.items", "id, n, note"), (Lines{"1|2|large", "30|2|not asked for"}));
}

TEST_F(LoaderPartsTest, rows_that_move_out_of_the_part_or_into_it_are_where_the_source_has_them) {
  const auto t = request_of({{1, "wrong"}, {2, "b"}, {30, "x"}, {31, "y"}});
  load(Changes()
           .transaction(700, 0x2000)
           .before(t, {1, Null{}})  // 1 moves out, and its place is taken from outside
           .update(t, {40, "a"})
           .before(t, {30, Null{}})
           .update(t, {1, "x"})
           .commits());
  load(Changes()
           .transaction(701, 0x2100)
           .before(t, {40, Null{}})
           .update(t, {41, "a2"})
           .before(t, {31, Null{}})
           .update(t, {7, "y"})
           .commits());
  part_comes(t, {1, 2, 7}, {{1, "a"}, {2, "b"}}, 0x2000);
  EXPECT_EQ(all(), (Lines{"1|x", "2|b", "7|y", "41|a2"}));
}

TEST_F(LoaderPartsTest, a_truncate_after_the_consistent_point_leaves_what_came_after_it) {
  const auto t = request_of({{1, "wrong"}});
  load(Changes().transaction(700, 0x2000).truncate({t}).insert(t, {2, "new"}).commits());
  part_comes(t, {1}, {{1, "a"}}, 0x2000);
  EXPECT_EQ(all(), Lines{"2|new"});
  EXPECT_EQ(stored("items")->resync_where, "");
}

TEST_F(LoaderPartsTest, p2_a_load_that_fails_applies_the_part_once) {
  const auto t = request_of({{1, "wrong"}});
  std::uint64_t commit = 0x2000;
  for (const auto* point : {"before_swap_in", "before_commit"}) {
    load(Changes()
             .transaction(700, commit)
             .update(t, {1, point})
             .remove(t, {2, Null{}})
             .insert(t, {2, point})
             .commits());
    fault::fail_at(point, 1);
    part_comes(t, {1, 2}, {{1, "a"}}, commit);
    EXPECT_EQ(all(), (Lines{std::string("1|") + point, std::string("2|") + point}));
    EXPECT_EQ(stored("items")->resync_where, "");
    commit += 0x100;
    request();
  }
}

TEST_F(LoaderPartsTest, p2_after_a_crash_the_next_run_reads_the_part_again) {
  auto t = request_of({{1, "wrong"}});
  load(Changes().transaction(700, 0x2000).update(t, {1, "after"}).commits());
  close();
  begin();
  see(published({in_catalog(t)}));
  orders_.parts_.clear();
  go_on({.follow = true});
  step();
  ASSERT_EQ(orders_.parts_.size(), 1U) << "the request is in the record";
  part_comes(t, {1}, {{1, "after"}}, 0x2000);
  EXPECT_EQ(all(), Lines{"1|after"});
  close();
  begin();
  see(published({in_catalog(t)}));
  go_on({.follow = true});
  step();
  EXPECT_EQ(orders_.parts_.size(), 1U) << "it is done, once";
}

TEST_F(LoaderPartsTest, a_second_request_is_carried_out_with_the_first) {
  const auto t = request_of({{1, "wrong"}});
  request("id = 30");
  ASSERT_EQ(orders_.parts_.size(), 2U);
  EXPECT_EQ(orders_.parts_.back().record.resync_where, "(id < 10\n) OR (id = 30\n)");
  auto first = PartResult{.output = record(items_oid).id, .number = orders_.parts_.front().number};
  inbox_.push_back(std::move(first));
  step();
  EXPECT_EQ(stored("items")->resync_where, "(id < 10\n) OR (id = 30\n)") << "the result of the first order is outdated";
  part_comes(t, {1}, {{1, "a"}, {30, "x"}}, 0x1000);
  EXPECT_EQ(all(), (Lines{"1|a", "30|x"}));
}

TEST_F(LoaderPartsTest, a_whole_copy_takes_the_place_of_a_part) {
  const auto t = request_of({{1, "wrong"}});
  load(Changes().transaction(700, 0x1800).update(t, {1, "later"}).commits());
  inbox_.push_back(TableRequest{.tables = {name()}, .answer = std::make_shared<TableRequest::Answer>()});
  step();
  EXPECT_EQ(state_of(items_oid), OutputState::copying);
  EXPECT_TRUE(spool().keys().empty()) << "the copy's snapshot holds what was spooled for the part";
  part_comes(t, {1}, {{1, "of the part"}}, 0x1000);
  copied(t, {{1, "later"}}, durable_);
  step();
  EXPECT_EQ(all(), Lines{"1|later"});
  EXPECT_EQ(stored("items")->resync_where, "");
}

TEST_F(LoaderPartsTest, a_part_that_cannot_be_read_now_is_ordered_again_after_a_wait) {
  const auto t = request_of({{1, "wrong"}});
  part_ends(PartResult::Kind::postponed, "the table was altered");
  load(Changes().transaction(700, 0x1800).update(t, {1, "later"}).commits());
  EXPECT_TRUE(spool().keys().empty()) << "nothing gathers during the wait";
  EXPECT_EQ(orders_.parts_.size(), 1U);
  step_at(later(1'001));
  ASSERT_EQ(orders_.parts_.size(), 2U);
  part_comes(t, {1}, {{1, "later"}}, 0x1800);
  EXPECT_EQ(all(), Lines{"1|later"});
}

TEST_F(LoaderPartsTest, a_row_that_cannot_be_read_marks_the_table_suspect) {
  request_of({{1, "wrong"}});
  part_ends(PartResult::Kind::failed, "its column note cannot be read");
  EXPECT_EQ(stored("items")->state, OutputState::streaming);
  EXPECT_EQ(stored("items")->resync_where, "");
  EXPECT_EQ(stored("items")->suspect, "rows were to be copied again (id < 10): its column note cannot be read");
  EXPECT_TRUE(spool().keys().empty());
}

TEST_F(LoaderPartsTest, a_condition_that_the_source_refuses_is_dropped_and_changes_no_mark) {
  const auto t = request_of({{1, "wrong"}});
  load(Changes().transaction(700, 0x1800).update(t, {1, "later"}).commits());
  part_ends(PartResult::Kind::refused, "division by zero");
  EXPECT_EQ(stored("items")->state, OutputState::streaming);
  EXPECT_EQ(stored("items")->resync_where, "");
  EXPECT_EQ(stored("items")->suspect, "");
  EXPECT_TRUE(spool().keys().empty());
  EXPECT_EQ(all(), Lines{"1|later"});
  request();
  part_ends(PartResult::Kind::failed, "unreadable");
  const auto mark = stored("items")->suspect;
  ASSERT_NE(mark, "");
  request("1 / id > 0");
  part_ends(PartResult::Kind::refused, "division by zero");
  EXPECT_EQ(stored("items")->resync_where, "");
  EXPECT_EQ(stored("items")->suspect, mark);
}

TEST_F(LoaderPartsTest, the_status_shows_a_part_that_is_under_way_or_waits) {
  const auto t = request_of({{1, "wrong"}});
  EXPECT_EQ(shown_part(), "id < 10 under way");
  part_ends(PartResult::Kind::postponed, "the table was altered");
  EXPECT_EQ(shown_part(), "id < 10 waits: the table was altered");
  step_at(later(1'001));
  EXPECT_EQ(shown_part(), "id < 10 under way");
  part_comes(t, {1}, {{1, "a"}}, 0x1000);
  EXPECT_EQ(shown_part(), "none");
}

TEST_F(LoaderPartsTest, p2_a_table_that_has_no_key_any_more_gets_no_row_twice) {
  const auto t = request_of({{1, "wrong"}, {2, "b"}});
  auto by_all = *t;
  by_all.identity = ReplicaIdentity::full;
  for (auto& column : by_all.columns) column.in_key = true;
  const auto full = output(items_oid).record.columns = std::make_shared<const TableSchema>(std::move(by_all));
  part_comes(full, {1, 2}, {{1, "a"}, {2, "b"}}, 0x1000);
  EXPECT_EQ(all(), (Lines{"1|wrong", "2|b"})) << "its keys name no row";
  step_at(later(2000));
  EXPECT_EQ(orders_.parts_.size(), 1U);
  EXPECT_EQ(record(items_oid).resync_where, "");
  EXPECT_EQ(record(items_oid).suspect,
            "rows were to be copied again (id < 10): the table has no key any more by which its rows are found");
}

TEST_F(LoaderPartsTest, p5_a_full_spool_gives_up_the_part_and_the_table_goes_on) {
  const auto t = request_of({{1, "wrong"}});
  spool().set_capacity(1);
  load(Changes().transaction(700, 0x1800).update(t, {1, "later"}).commits());
  EXPECT_EQ(all(), Lines{"1|later"});
  EXPECT_EQ(state_of(items_oid), OutputState::streaming);
  EXPECT_EQ(stored("items")->resync_where, below_ten);
}

TEST_F(LoaderPartsTest, a_run_without_follow_ends_only_after_the_part) {
  begin();
  const auto t = typed_items();
  stream(t, {{1, "wrong"}});
  load_with();
  request();
  EXPECT_FALSE(loader().is_at_end());
  part_comes(t, {1}, {{1, "a"}}, 0x1000);
  EXPECT_TRUE(loader().is_at_end());
}

TEST_F(LoaderPartsTest, what_cannot_be_copied_in_parts_is_refused_with_the_reason) {
  begin();
  const auto expect_refused = [this](const std::string& why) {
    const auto answer = request();
    ASSERT_TRUE(answer->refused);
    try {
      std::rethrow_exception(answer->refused);
    } catch (const Error& refused) {
      EXPECT_NE(refused.cause().find(why), std::string::npos) << refused.cause();
    }
  };
  const auto keyless = contract::table("items", {{"id", contract::int4}, {"note", contract::text}});
  stream(keyless);
  load_with({.follow = true});
  expect_refused("has no key by which its rows are found");
  inbox_.push_back(
      TableRequest{.what = Requested::suspend, .tables = {name()}, .answer = std::make_shared<TableRequest::Answer>()});
  step();
  expect_refused("it is suspended");
  EXPECT_TRUE(orders_.parts_.empty());
}

TEST_F(LoaderPartsTest, a_request_without_a_run_is_stored_for_the_next_one) {
  begin();
  const auto t = typed_items();
  stream(t, {{1, "wrong"}});
  store_part_request(destination(), name(), below_ten);
  store_part_request(destination(), name(), "id = 30");
  EXPECT_EQ(stored("items")->resync_where, "(id < 10\n) OR (id = 30\n)");
  EXPECT_EQ(stored("items")->state, OutputState::streaming);
}

}  // namespace
}  // namespace walbrook::replication

// Several outputs of one table: each has its own state, and in the end each equals the source.
#include <algorithm>

#include "destination/memory/memory_store.h"
#include "test/contract/destinations.h"
#include "test/unit/replication/loader_case.h"

namespace walbrook::replication {
namespace {

using contract::DestinationKind;

class OutputsTest : public LoaderCase, public ::testing::WithParamInterface<DestinationKind> {
 protected:
  OutputsTest() {
    const auto options = GetParam().options(folder().string());
    if (GetParam().keep != nullptr) kept_ = GetParam().keep(options);
    use(options.url);
  }

  // Starts a run that wants these outputs of every table. It continues at the stored checkpoint, as after a crash.
  void run(std::vector<std::string> roles = {"", "archive"}) {
    begin({.outputs = [this, roles = std::move(roles)](const std::string& /*schema*/, const std::string& /*name*/) {
      std::vector<OutputDefinition> outputs;
      for (const auto& role : roles) {
        outputs.push_back({.role = role,
                           .disposition = disposition_at(destination().capabilities()),
                           .dataset = role.empty() ? std::nullopt : std::optional(role)});
      }
      return outputs;
    }});
    orders_.on_order_ = [this](const CopyOrder& order) {
      for (const auto& table : order.tables) ordered_.push_back(table);
    };
    ordered_.clear();
    go_on({.follow = true});
    catalog_shows({in_catalog(items())});
    step();
  }
  [[nodiscard]] SyncedOutput& of_role(const std::string& role) {
    auto& outputs = sync().find(items_oid)->outputs;
    return *std::ranges::find(outputs, role, [](const SyncedOutput& each) { return each.record.role; });
  }
  [[nodiscard]] OutputState state(const std::string& role) {
    const auto stored = destination().read_state().outputs;
    const auto found = std::ranges::find(stored, role, &OutputRecord::role);
    return found->state;
  }
  // Finishes the table copier's order for that output.
  void copies(const std::string& role, const std::vector<Cells>& rows, std::uint64_t consistent_point) {
    const auto& output = of_role(role);
    const auto order = std::ranges::find(ordered_, output.record.id, [](const auto& each) { return each.record.id; });
    ASSERT_NE(order, ordered_.end()) << "no copy was ordered for it";
    copied(order->record, items(), rows, consistent_point);
    step();
  }
  // Returns what readers see of that output.
  [[nodiscard]] Lines rows_in(const std::string& role) {
    auto record = of_role(role).record;
    record.columns = items();
    Lines lines;
    for (const auto& row : GetParam().read(destination(), record)) {
      std::string line;
      for (const auto& cell : row) line += (line.empty() ? "" : "|") + contract::to_text(cell);
      lines.push_back(std::move(line));
    }
    std::ranges::sort(lines);
    return lines;
  }
  void both_have(const Lines& rows) {
    EXPECT_EQ(rows_in(""), rows);
    EXPECT_EQ(rows_in("archive"), rows);
    EXPECT_EQ(state(""), OutputState::streaming);
    EXPECT_EQ(state("archive"), OutputState::streaming);
  }
  // Makes both outputs stream, with one row.
  void both_stream() {
    run();
    copies("", {{1, "a"}}, 0x1000);
    copies("archive", {{1, "a"}}, 0x1000);
    both_have({"1|a"});
  }

  std::vector<CopyOrder::Table> ordered_;
  std::shared_ptr<void> kept_;
};

TEST_P(OutputsTest, a_change_goes_to_every_output_once) {
  both_stream();
  EXPECT_NE(of_role("").record.target(), of_role("archive").record.target());
  load(Changes().transaction(700, 0x2000).insert(items(), {2, "b"}).update(items(), {1, "x"}).commits());
  both_have({"1|x", "2|b"});
  EXPECT_EQ(statistics_.snapshot().applied.inserts, 1U) << "the source has changed one row";
  load(Changes().transaction(701, 0x2100).truncate({items()}).insert(items(), {3, "c"}).commits());
  both_have({"3|c"});
}

// 0/2000 is spooled for the second output alone; its copy at 0/2100 contains 0/2000, and 0/2100 comes from the spool.
TEST_P(OutputsTest, p1_one_streams_while_the_other_is_copied) {
  run();
  copies("", {{1, "a"}}, 0x1000);
  EXPECT_EQ(state(""), OutputState::streaming);
  EXPECT_EQ(state("archive"), OutputState::copying);
  load(Changes().transaction(700, 0x2000).insert(items(), {2, "b"}).commits());
  load(Changes().transaction(701, 0x2100).remove(items(), {1, Null{}}).insert(items(), {3, "c"}).commits());
  EXPECT_EQ(rows_in(""), (Lines{"2|b", "3|c"}));
  copies("archive", {{1, "a"}, {2, "b"}}, 0x2100);
  both_have({"2|b", "3|c"});
  EXPECT_EQ(spool().bytes(), 0U);
}

TEST_P(OutputsTest, p2_a_crash_begins_only_the_unfinished_copy_again) {
  run();
  copies("", {{1, "a"}}, 0x1000);
  load(Changes().transaction(700, 0x2000).insert(items(), {2, "b"}).commits());
  run();  // what was spooled is lost with the process
  ASSERT_EQ(ordered_.size(), 1U);
  EXPECT_EQ(ordered_.at(0).record.role, "archive");
  load(Changes().transaction(701, 0x2100).update(items(), {2, "c"}).commits());
  copies("archive", {{1, "a"}, {2, "b"}}, 0x2080);
  both_have({"1|a", "2|c"});
}

TEST_P(OutputsTest, p7_one_is_suspended_and_the_other_goes_on) {
  both_stream();
  suspend(of_role("archive"), "a test");
  store({of_role("archive").record});
  load(Changes().transaction(700, 0x2000).insert(items(), {2, "b"}).commits());
  EXPECT_EQ(state("archive"), OutputState::suspended);
  EXPECT_EQ(rows_in(""), (Lines{"1|a", "2|b"}));
  EXPECT_EQ(rows_in("archive"), Lines{"1|a"});
  run();  // it gets another chance
  ASSERT_EQ(ordered_.size(), 1U) << "the other one is not copied again";
  load(Changes().transaction(701, 0x2100).insert(items(), {3, "c"}).commits());
  copies("archive", {{1, "a"}, {2, "b"}}, 0x2100);
  both_have({"1|a", "2|b", "3|c"});
}

TEST_P(OutputsTest, a_resync_copies_every_output_and_each_is_swapped_in_by_itself) {
  both_stream();
  TableRequest request{.tables = {{.schema = "public", .name = "items"}},
                       .answer = std::make_shared<TableRequest::Answer>()};
  ordered_.clear();
  inbox_.push_back(request);
  step();
  ASSERT_EQ(ordered_.size(), 2U);
  load(Changes().transaction(700, 0x2000).insert(items(), {2, "b"}).commits());
  copies("archive", {{1, "new"}}, 0x2000);
  EXPECT_EQ(rows_in("archive"), (Lines{"1|new", "2|b"}));
  EXPECT_EQ(rows_in(""), Lines{"1|a"}) << "readers see the former copy until the new one is there";
  copies("", {{1, "new"}, {2, "b"}}, 0x2008);
  both_have({"1|new", "2|b"});
}

TEST_P(OutputsTest, one_that_is_no_longer_asked_for_keeps_its_last_copy) {
  both_stream();
  run({""});
  EXPECT_EQ(state("archive"), OutputState::removed);
  EXPECT_EQ(state(""), OutputState::streaming);
  load(Changes().transaction(700, 0x2000).insert(items(), {2, "b"}).commits());
  EXPECT_EQ(rows_in("archive"), Lines{"1|a"});
  run();
  copies("archive", {{1, "a"}, {2, "b"}}, 0x2008);
  both_have({"1|a", "2|b"});
}

INSTANTIATE_TEST_SUITE_P(Destinations, OutputsTest, ::testing::ValuesIn(contract::local_kinds()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace walbrook::replication

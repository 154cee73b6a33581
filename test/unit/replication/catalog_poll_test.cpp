// The catalog poll over a source that counts its queries: what it reads, when, and what it posts.
#include "replication/core/catalog_poll.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "test/unit/replication/engine_case.h"

namespace walbrook::replication {
namespace {

constexpr Oid first_oid = 20'000, second_oid = 20'001;

postgres::SourceTable source_table(Oid oid, std::string fingerprint) {
  postgres::SourceTable table;
  table.oid = oid;
  table.schema = "public";
  table.name = "t" + std::to_string(oid);
  table.fingerprint = std::move(fingerprint);
  return table;
}

// The test writes what a transaction of the source does to it.
class CountedCatalog final : public CatalogSource {
 public:
  [[nodiscard]] std::string read_snapshot() override {
    if (std::exchange(is_lost, false)) throw Error(ErrorKind::connection, "the connection was lost");
    ++snapshots;
    return snapshot;
  }
  [[nodiscard]] postgres::Publication read_publication() override {
    ++publications;
    if (on_read) on_read();
    return publication;
  }
  [[nodiscard]] postgres::CatalogMoment read_moment() override {
    ++moments;
    return moment;
  }
  [[nodiscard]] bool commits_wait() override { return false; }
  void forget_types() override {}
  void describe(std::vector<postgres::SourceTable>& tables,
                const std::function<bool(const postgres::SourceTable&)>& wanted) override {
    for (auto& table : tables) {
      if (!wanted(table)) continue;
      ++descriptions;
      table.described = std::make_shared<const TableSchema>();
      table.missing["a"] = std::make_shared<const Column>(PhysicalType{Layout::int32});
    }
  }
  void disconnect() override { ++disconnects; }

  std::string snapshot = "100:100:";
  postgres::Publication publication;
  postgres::CatalogMoment moment{.lsn = Lsn{0x1000}, .next_xid = 100, .oldest_xid = 100};
  bool is_lost = false;
  std::function<void()> on_read;
  int snapshots = 0, publications = 0, moments = 0, disconnects = 0, descriptions = 0;
};

class CatalogPollTest : public testing::Test {
 protected:
  CatalogPollTest() {
    catalog_.publication.tables = {source_table(first_oid, "a")};
    catalog_.publication.complete_to = Lsn{0x1000};
    poll_.emplace(
        CatalogPollOptions{.follow = true}, catalog_, catalog_.publication, now_,
        [this](LoaderMessage message) { posted_.push_back(std::move(message)); }, [this] { ++woken_; });
    pass(interval);  // the first poll has nothing to compare with
    EXPECT_EQ(catalog_.publications, 1);
    posted_.clear();
  }
  // Advances the time, and does everything that is due.
  void pass(milliseconds time) {
    now_.steady += time;
    while (std::holds_alternative<RunAgain>(poll_->step(now_))) continue;
  }
  [[nodiscard]] const CatalogSeen& seen() const { return std::get<CatalogSeen>(posted_.back()); }

  static constexpr milliseconds interval{3'000};
  CountedCatalog catalog_;
  Now now_{.steady = SteadyTime{} + std::chrono::hours(1), .wall = {}};
  std::vector<LoaderMessage> posted_;
  int woken_ = 0;
  std::optional<CatalogPoll> poll_;
};

TEST_F(CatalogPollTest, one_question_is_asked_while_no_transaction_ends) {
  const auto before = catalog_.snapshots;
  for (int i = 0; i < 3; ++i) pass(interval);
  EXPECT_EQ(catalog_.snapshots, before + 3);
  EXPECT_EQ(catalog_.publications, 1);
  EXPECT_TRUE(posted_.empty());
}

TEST_F(CatalogPollTest, a_transaction_that_ended_is_looked_for_in_the_catalog) {
  catalog_.snapshot = "101:101:";
  catalog_.publication.complete_to = Lsn{0x2000};
  pass(interval);
  ASSERT_EQ(posted_.size(), 1U);
  EXPECT_EQ(seen().complete_to, Lsn{0x2000});
  EXPECT_FALSE(seen().publication.has_value()) << "it wrote rows alone";

  catalog_.snapshot = "102:102:";
  catalog_.publication.tables.push_back(source_table(second_oid, "b"));
  pass(interval);
  ASSERT_EQ(posted_.size(), 2U);
  ASSERT_TRUE(seen().publication.has_value());
  EXPECT_EQ(seen().publication->tables.size(), 2U);
}

// A column of the same name and type may be another one by then, with another value in old rows.
TEST_F(CatalogPollTest, a_table_whose_columns_changed_is_described_whenever_it_differs_from_then_on) {
  const auto differ = [&](const std::string& fingerprint) {
    catalog_.snapshot += "1";
    catalog_.publication.tables.front().fingerprint = fingerprint;
    pass(interval);
    return std::get<CatalogSeen>(posted_.back()).publication->tables.front();
  };
  EXPECT_EQ(differ("b").described, nullptr);
  catalog_.publication.tables.front().columns.push_back({.name = "a"});
  EXPECT_NE(differ("c").described, nullptr);
  EXPECT_EQ(catalog_.descriptions, 1);
  catalog_.publication.tables.push_back(source_table(second_oid, "x"));
  catalog_.snapshot += "1";
  pass(interval);
  EXPECT_EQ(catalog_.descriptions, 1) << "nothing was done to it";
  EXPECT_TRUE(seen().publication->tables.front().missing.contains("a"));
  EXPECT_NE(differ("d").described, nullptr);
  EXPECT_EQ(catalog_.descriptions, 2);
}

TEST_F(CatalogPollTest, whoever_asks_learns_up_to_where_the_catalog_is_seen) {
  catalog_.publication.complete_to = Lsn{0x2000};
  poll_->ask();
  EXPECT_EQ(woken_, 1);
  pass(milliseconds(0));
  ASSERT_EQ(posted_.size(), 1U);
  EXPECT_EQ(seen().complete_to, Lsn{0x2000});
}

TEST_F(CatalogPollTest, a_publication_that_is_incomplete_is_completed_by_a_later_poll) {
  catalog_.snapshot = "101:101:";
  catalog_.publication.is_incomplete = true;
  pass(interval);
  pass(interval);
  EXPECT_EQ(catalog_.publications, 3) << "a lock may be free that no transaction with an ID held";
  catalog_.publication.is_incomplete = false;
  pass(interval);
  pass(interval);
  EXPECT_EQ(catalog_.publications, 4);
}

TEST_F(CatalogPollTest, polls_that_take_long_are_made_less_often) {
  catalog_.on_read = [this] { now_.steady += milliseconds(2'000); };
  catalog_.snapshot = "101:101:";
  pass(interval);
  EXPECT_EQ(catalog_.publications, 2);
  catalog_.snapshot = "102:102:";
  pass(milliseconds(7'900));  // 9.9 s after the last one began
  EXPECT_EQ(catalog_.publications, 2);
  pass(milliseconds(100));
  EXPECT_EQ(catalog_.publications, 3);
  poll_->ask();
  pass(milliseconds(0));
  EXPECT_EQ(catalog_.publications, 4) << "whoever asks does not wait";
}

TEST_F(CatalogPollTest, writers_that_were_open_at_a_change_are_waited_for) {
  catalog_.snapshot = "99:101:99";
  catalog_.publication.tables.push_back(source_table(second_oid, "b"));
  catalog_.moment = {.lsn = Lsn{0x2000}, .next_xid = 101, .oldest_xid = 99};
  pass(interval);
  pass(interval);
  EXPECT_EQ(catalog_.moments, 2);
  catalog_.moment = {.lsn = Lsn{0x2100}, .next_xid = 101, .oldest_xid = 101};
  pass(interval);
  ASSERT_TRUE(seen().publication.has_value()) << "the loader lets go what left";
  const auto read = catalog_.publications;
  pass(interval);
  EXPECT_EQ(catalog_.publications, read);
}

TEST_F(CatalogPollTest, another_connection_may_lead_to_another_server) {
  catalog_.is_lost = true;
  pass(interval);
  EXPECT_EQ(catalog_.disconnects, 1);
  EXPECT_EQ(catalog_.publications, 1) << "it is tried again after a while";
  pass(interval);
  EXPECT_EQ(catalog_.publications, 2) << "its transactions may have the same IDs";
}

}  // namespace
}  // namespace walbrook::replication

// What the memory destination has in addition to the contract of every destination (test/contract): a hook that makes
// it fail anywhere, and a store that outlives the objects that open it.
#include "destination/memory/memory_destination.h"

#include <gtest/gtest.h>

#include <optional>
#include <utility>

#include "base/error.h"
#include "destination/memory/memory_store.h"
#include "test/contract/rows.h"

namespace walbrook::destination::memory {
namespace {

using contract::Effect;
using contract::orders;

class MemoryDestinationTest : public ::testing::Test {
 protected:
  MemoryDestinationTest() : store_(MemoryStore::named("memory:test")) {
    store_->set_hook([this](Step reached) {
      if (!failure_ || failure_->first != reached) return;
      throw Error(std::exchange(failure_, std::nullopt)->second, "for a test");
    });
    reopen();
  }

  void reopen() {
    destination_.reset();
    destination_ = std::make_unique<MemoryDestination>(DestinationOptions{.url = "memory:test", .pipeline = "shop"});
    static_cast<void>(destination_->open());
  }
  static OutputRecord record() {
    OutputRecord table{.id = {orders->oid}, .source = orders->oid, .schema = "public", .name = "orders"};
    table.target_schema = "public";
    table.target_name = "orders";
    table.state = OutputState::streaming;
    table.columns = orders;
    return table;
  }
  void create() {
    const auto table = record();
    const CopyTarget target{.output = &table, .schema = orders};
    destination_->begin_copy({&target, 1})->finish();
    const auto transaction = destination_->begin({});
    transaction->swap_in(table);
    transaction->commit();
  }
  void load(int id, std::uint64_t lsn) {
    const auto transaction = destination_->begin({});
    apply(*transaction, record(), Effect(orders).insert({id, "x"}));
    transaction->put(PutCheckpoint{{.lsn = Lsn{lsn}}});
    transaction->commit();
  }
  // Makes the next occurrence of this step fail.
  void fail_at(Step step, ErrorKind kind) { failure_ = {step, kind}; }
  [[nodiscard]] std::size_t rows() { return store_->target({.schema = "public", .table = "orders"})->rows().size(); }
  [[nodiscard]] Lsn checkpoint() {
    const auto state = destination_->read_state();
    return state.checkpoint ? state.checkpoint->lsn : Lsn{};
  }

  std::shared_ptr<MemoryStore> store_;
  std::unique_ptr<MemoryDestination> destination_;
  std::optional<std::pair<Step, ErrorKind>> failure_;  // still to come
};

TEST_F(MemoryDestinationTest, a_failure_before_the_commit_leaves_nothing) {
  create();
  for (const auto step : {Step::begin, Step::change, Step::put, Step::before_commit}) {
    fail_at(step, ErrorKind::destination);
    EXPECT_THROW(load(1, 0x2000), Error);
    EXPECT_EQ(rows(), 0U);
    EXPECT_FALSE(checkpoint().is_set());
  }
  load(1, 0x2000);
  EXPECT_EQ(rows(), 1U);
}

TEST_F(MemoryDestinationTest, p2_a_commit_in_doubt_that_was_durable_is_not_made_twice) {
  create();
  fail_at(Step::after_commit, ErrorKind::in_doubt);
  EXPECT_THROW(load(1, 0x2000), Error);
  EXPECT_THROW(load(1, 0x2000), Error) << "it turned out to be durable";
  EXPECT_EQ(rows(), 1U);
  reopen();
  EXPECT_EQ(checkpoint(), Lsn{0x2000});
  load(2, 0x3000);
  EXPECT_EQ(rows(), 2U);
}

// Found by the simulation: the checkpoint alone does not show it.
TEST_F(MemoryDestinationTest, p2_a_copy_in_doubt_that_was_swapped_in_is_not_looked_for_again) {
  const auto table = record();
  const CopyTarget target{.output = &table, .schema = orders};
  const auto swap_in = [&] {
    const auto transaction = destination_->begin({});
    transaction->swap_in(table);
    transaction->commit();
  };
  destination_->begin_copy({&target, 1})->finish();
  fail_at(Step::before_commit, ErrorKind::in_doubt);
  EXPECT_THROW(swap_in(), Error);
  fail_at(Step::after_commit, ErrorKind::in_doubt);
  EXPECT_THROW(swap_in(), Error);
  try {
    swap_in();
    FAIL() << "it turned out to be durable";
  } catch (const Error& failed) {
    EXPECT_EQ(failed.kind(), ErrorKind::destination) << failed.what();
  }
  reopen();
  EXPECT_EQ(rows(), 0U);
}

// Names that are exchanged twice are the former ones.
TEST_F(MemoryDestinationTest, p2_an_alteration_in_doubt_that_was_durable_is_not_made_twice) {
  create();
  const auto& columns = orders->columns;
  auto id = columns[0], note = columns[1];
  std::swap(id.name, note.name);
  const destination::Alteration exchange{
      .renamed = {{.from = columns[0].name, .to = id}, {.from = columns[1].name, .to = note}}};
  const auto alter = [&] {
    const auto transaction = destination_->begin({});
    transaction->alter(record(), exchange);
    transaction->commit();
  };
  fail_at(Step::before_commit, ErrorKind::in_doubt);
  EXPECT_THROW(alter(), Error);
  fail_at(Step::after_commit, ErrorKind::in_doubt);
  EXPECT_THROW(alter(), Error);
  EXPECT_THROW(alter(), destination::CommitWasDurable);
}

// A program's load leaves the checkpoint where it was, and appends to a table that is there already.
TEST_F(MemoryDestinationTest, p2_a_load_in_doubt_that_moved_no_checkpoint_is_found_by_its_number) {
  create();
  const auto append = [&] {
    const auto transaction = destination_->begin({});
    apply(*transaction, record(), Effect(orders).insert({1, "x"}));
    transaction->put(PutLoad{{.started = {}, .tables = "{}"}});
    transaction->commit();
  };
  append();
  fail_at(Step::before_commit, ErrorKind::in_doubt);
  EXPECT_THROW(append(), Error);
  fail_at(Step::after_commit, ErrorKind::in_doubt);
  EXPECT_THROW(append(), Error);
  EXPECT_THROW(append(), Error) << "it turned out to be durable";
  EXPECT_EQ(rows(), 2U);
}

TEST_F(MemoryDestinationTest, a_name_that_another_pipeline_took_during_the_copy_refuses_the_swap) {
  const auto table = record();
  const CopyTarget target{.output = &table, .schema = orders};
  destination_->begin_copy({&target, 1})->finish();
  MemoryDestination other(DestinationOptions{.url = "memory:test", .pipeline = "other"});
  static_cast<void>(other.open());
  other.begin_copy({&target, 1})->finish();
  const auto swapped = other.begin({});
  swapped->swap_in(table);
  swapped->commit();
  EXPECT_THROW(destination_->begin({})->swap_in(table), TargetRefused);
}

TEST_F(MemoryDestinationTest, a_commit_in_doubt_that_was_not_durable_can_be_tried_again) {
  create();
  fail_at(Step::before_commit, ErrorKind::in_doubt);
  EXPECT_THROW(load(1, 0x2000), Error);
  load(1, 0x2000);
  EXPECT_EQ(rows(), 1U);
}

TEST_F(MemoryDestinationTest, a_copy_can_fail_while_it_is_written_and_when_it_is_finished) {
  const auto table = record();
  const CopyTarget target{.output = &table, .schema = orders};
  for (const auto step : {Step::copy_append, Step::copy_finish}) {
    const auto writer = destination_->begin_copy({&target, 1});
    fail_at(step, ErrorKind::destination);
    EXPECT_THROW(
        {
          writer->append(0, contract::inserts(orders, {{1, "a"}}));
          writer->finish();
        },
        Error);
    EXPECT_TRUE(store_->with(
        [](const MemoryStore::Contents& contents) { return contents.pipelines.at("shop").copies.empty(); }));
  }
}

TEST_F(MemoryDestinationTest, whoever_holds_a_table_sees_it_as_it_was) {
  create();
  const auto before = store_->target({.schema = "public", .table = "orders"});
  load(1, 0x2000);
  EXPECT_EQ(before->rows().size(), 0U);
}

TEST_F(MemoryDestinationTest, rows_know_what_wrote_them) {
  create();
  const std::vector<walbrook::Transaction> transactions{{.xid = 7, .commit_lsn = Lsn{0x1F00}, .commit_time = 5}};
  const auto inserted = std::move(Effect(orders).insert({1, "a"}));
  auto effect = inserted.get();
  effect.transactions = &transactions;
  effect.load_id = 3;
  const auto transaction = destination_->begin({});
  apply(*transaction, record(), effect);
  transaction->commit();
  const auto provenance = store_->target({.schema = "public", .table = "orders"})->rows().at(0).provenance;
  EXPECT_EQ(provenance.lsn, Lsn{0x1F00});
  EXPECT_EQ(provenance.commit_time, 5);
  EXPECT_EQ(provenance.load_id, 3);
}

TEST_F(MemoryDestinationTest, a_store_lives_as_long_as_somebody_holds_it) {
  create();
  store_.reset();
  destination_.reset();
  EXPECT_EQ(MemoryStore::named("memory:test")->target({.schema = "public", .table = "orders"}), nullptr);
}

}  // namespace
}  // namespace walbrook::destination::memory

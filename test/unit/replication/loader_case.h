// The loader over a real destination. No table copier runs: the test answers the orders.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/fault.h"
#include "replication/core/loader.h"
#include "replication/runtime/batch_queue.h"
#include "test/unit/replication/engine_case.h"

namespace walbrook::replication {

class FakeClock final : public Clock {
 public:
  [[nodiscard]] Now now() const override { return now_; }
  void set(SteadyTime steady) { now_.steady = steady; }
  void pass(milliseconds time) {
    now_.steady += time;
    now_.wall += time;
  }

 private:
  Now now_{.steady = SteadyTime{} + std::chrono::hours(1), .wall = WallTime{} + std::chrono::hours(500'000)};
};

// Passes orders on to the test.
class Orders final : public TableCopier {
 public:
  void order(CopyOrder order) override {
    if (on_order_) on_order_(order);
    ++orders_;
  }
  void order_part(PartOrder order) override { parts_.push_back(std::move(order)); }

  int orders_ = 0;
  std::vector<PartOrder> parts_;
  std::function<void(const CopyOrder&)> on_order_;
};

class Readings final : public CatalogReadings {
 public:
  void ask() override {
    if (on_ask_) on_ask_();
  }
  [[nodiscard]] bool is_answered() const override { return answered_; }

  std::function<void()> on_ask_;
  bool answered_ = true;
};

// A loader whose orders and catalog requests the test answers.
class LoaderCase : public EngineCase {
 protected:
  ~LoaderCase() override { fault::fail_at("", 0); }

  // Creates a loader that continues at checkpoint 0/1000, as a run would.
  void load_with(LoaderOptions options = {}) { load_from(Lsn{0x1000}, std::move(options)); }
  // Creates one that continues at the stored checkpoint.
  void go_on(LoaderOptions options = {}) { load_from(std::max(stored_checkpoint(), Lsn{0x1000}), std::move(options)); }
  void load_from(Lsn checkpoint, LoaderOptions options) {
    options.checkpoint = {.slot = "walbrook", .systemid = "7301", .timeline = 1, .lsn = checkpoint};
    loader_.emplace(std::move(options), clock_, destination(), spool(), sync(), queue_, groups_, statistics_, durable_,
                    [this] { ++advanced_; });
    loader_->set_table_copier(orders_);
    loader_->set_catalog(readings_);
  }
  void push(Batch batch) { ASSERT_TRUE(queue_.try_push(batch)); }
  // Steps until the loader waits for something other than the delay between two attempts.
  void step() {
    while (true) {
      step_once();
      if (const auto* wait = std::get_if<Wait>(&next_); wait != nullptr && wait->what == Awaited::retry) {
        clock_.set(wait->until);
      } else if (!std::holds_alternative<RunAgain>(next_) && inbox_.empty()) {
        return;
      }
    }
  }
  void step_at(SteadyTime now) {
    clock_.set(now);
    step();
  }
  void step_once() {
    for (auto& message : std::exchange(inbox_, {})) loader_->post(std::move(message));
    next_ = loader_->step(clock_.now());
  }
  [[nodiscard]] SteadyTime until() const { return std::get<Wait>(next_).until; }
  void load(Batch batch) {
    push(std::move(batch));
    step();
  }
  [[nodiscard]] static SteadyTime later(int ms) { return SteadyTime{} + std::chrono::hours(1) + milliseconds(ms); }
  void catalog_shows(std::vector<postgres::SourceTable> tables, std::uint64_t position = 0x1000) {
    inbox_.push_back(CatalogSeen{.complete_to = Lsn{position}, .publication = published(std::move(tables), position)});
  }
  // Copies the ordered table and posts the result, as the table copier does.
  void copied(const TableSchemaRef& schema, const std::vector<Cells>& rows, std::uint64_t consistent_point) {
    copied(record(schema->oid), schema, rows, consistent_point);
  }
  void copied(const OutputRecord& output, const TableSchemaRef& schema, const std::vector<Cells>& rows,
              std::uint64_t consistent_point) {
    const auto writer = contract::begin_copy(destination(), output, schema);
    writer->append(0, contract::inserts(schema, rows));
    writer->finish();
    inbox_.push_back(CopyResult{.output = output.id,
                                .number = sync().find(output.id).output->copy_number,
                                .consistent_point = Lsn{consistent_point},
                                .columns = schema,
                                .numbers = attribute_numbers(*schema),
                                .rows = rows.size()});
  }
  void copy_ends(CopyResult::Kind kind, const std::string& reason = {}) {
    inbox_.push_back(CopyResult{.kind = kind,
                                .output = record(items_oid).id,
                                .number = output(items_oid).copy_number,
                                .reason = reason,
                                .why = {.reason = reason}});
  }
  [[nodiscard]] Lsn stored_checkpoint() {
    const auto state = destination().read_state();
    return state.checkpoint ? state.checkpoint->lsn : Lsn{};
  }
  [[nodiscard]] Loader& loader() { return *loader_; }

  FakeClock clock_;
  BatchQueue queue_{1U << 20U, [] {}, [] {}};
  std::vector<LoaderMessage> inbox_;
  TableGroups groups_;
  Statistics statistics_{{}, clock_};
  std::atomic<std::uint64_t> durable_ = 0x1000;
  Orders orders_;
  Readings readings_;
  int advanced_ = 0;
  Next next_;
  std::optional<Loader> loader_;
};

}  // namespace walbrook::replication

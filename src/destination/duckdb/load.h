// One load: a transaction of the loader's connection.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "destination/destination.h"
#include "destination/duckdb/relation_names.h"
#include "destination/duckdb/staging.h"
#include "destination/duckdb/state.h"

namespace walbrook::destination::duckdb {

// What a pipeline's committed state says and every load needs to know; kept in memory, since asking for it costs more
// than a small load.
struct Known {
  std::map<std::pair<std::string, std::string>, Target> live;  // the tables that readers see, by (schema, table)
  std::int64_t newest_load = 0;
};

class TransactionLoad final : public Load {
 public:
  // Tells its owner when it is over: whether it was committed, and with which checkpoint.
  struct Outcome {
    bool committed = false;
    bool uncertain = false;  // COMMIT itself failed: it may be durable or not
    std::optional<Checkpoint> checkpoint;
  };
  using Ended = std::function<void(const Outcome&)>;

  // Borrows `connection` and `known`, which it changes when it commits.
  TransactionLoad(Connection& connection, const std::string& pipeline, Known& known, Ended ended);
  ~TransactionLoad() override;

  void promote(const TableRecord& table) override;
  void drop_target(const TargetName& name) override;
  MergeCounts merge(const TableRecord& table, const NetEffect& effect) override;
  void truncate(const TableRecord& table) override;
  MergeCounts add_copy(const TableRecord& table, const std::vector<std::string>& key) override;

  void stage(const StageKey& key, std::string_view bytes) override { staging_.add(key, bytes); }
  void for_each_staged(const StageKey& key, const std::function<void(std::string_view)>& sink) override {
    staging_.for_each(key, sink);
  }
  void discard(const StageKey& key) override { staging_.discard(key); }
  void discard_all_transactions() override { staging_.discard_all_transactions(); }

  void put_table(const TableRecord& table) override { state_.put_table(table); }
  void describe(const TableRecord& table) override;
  void put_checkpoint(const Checkpoint& checkpoint) override;
  void put_load(const LoadRecord& load) override;

  void commit() override;

 private:
  [[nodiscard]] const Target& target_of(const TableRecord& table) const;
  [[nodiscard]] Target finished_copy_of(const TableRecord& table);

  Connection& connection_;
  std::string pipeline_;
  StateTables state_;
  Staging staging_;
  RelationNames names_;
  Known& known_;
  std::map<std::pair<std::string, std::string>, Target> promoted_;  // by this load
  std::vector<std::pair<std::string, std::string>> dropped_;
  std::int64_t newest_load_;
  Ended ended_;
  Outcome outcome_;
};

}  // namespace walbrook::destination::duckdb

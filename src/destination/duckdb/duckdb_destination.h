// A DuckDB file as a destination.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "destination/destination.h"
#include "destination/duckdb/connection.h"
#include "destination/duckdb/file_claim.h"
#include "destination/duckdb/load.h"
#include "destination/duckdb/read_session.h"

namespace walbrook::destination::duckdb {

class DuckDbDestination final : public Destination {
 public:
  explicit DuckDbDestination(const DestinationOptions& options);
  ~DuckDbDestination() override;

  [[nodiscard]] ValueLimits limits() const override;
  [[nodiscard]] std::string type_name(const PhysicalType& type) const override;
  [[nodiscard]] State open() override;
  [[nodiscard]] State read_state() override;
  void check_still_there() override;
  [[nodiscard]] TargetName target_name(const std::string& dataset, const std::string& schema, const std::string& name,
                                       const std::vector<TableRecord>& others) const override;
  [[nodiscard]] bool fits(const std::string& dataset, const TableRecord& table) const override;
  [[nodiscard]] std::vector<TakenPlace> taken_places(const std::vector<TableRecord>& tables) override;
  [[nodiscard]] std::vector<AlteredTarget> altered_targets(const std::vector<TableRecord>& tables) override;
  [[nodiscard]] std::unique_ptr<Load> begin_load() override;
  void check_copy(const TableSchema& schema) const override;
  void prepare_variants(const TableRecord& table, const std::vector<std::string>& columns) override;
  void add_columns(const TableRecord& table, const TableSchema& schema) override;
  [[nodiscard]] std::unique_ptr<CopyWriter> begin_copy(const TableRecord& table, const TableSchema& schema) override;
  void copy_whole(const std::vector<WholeCopy>& tables) override;
  [[nodiscard]] std::unique_ptr<ReadSession> open_read_session(const ReadOptions& options) override;
  void drop_tables(const std::vector<TableRecord>& tables) override;
  void reset() override;
  void reset_copies() override;
  [[nodiscard]] std::string name() const override;

 private:
  void connect();
  void disconnect();
  [[nodiscard]] std::shared_ptr<Database> open_shared() const;
  void reopen_if_broken();
  void check_writable() const;
  [[nodiscard]] std::shared_ptr<Database> open_database();
  void drop_left_copies();
  void read_known();
  // Runs `work` in a transaction of the loader's connection.
  template <class Work>
  void transaction(const Work& work);

  DatabaseOptions options_;
  FileUse use_;
  bool shared_with_writers_;
  std::string pipeline_;
  TargetStyle style_;

  // The loader's thread alone.
  std::unique_ptr<Connection> connection_;
  Known known_;
  bool load_is_open_ = false;
  bool outcome_is_uncertain_ = false;
  std::optional<Checkpoint> last_checkpoint_;  // as this process knows it to be durable

  std::unique_ptr<FileClaim> claim_;  // from the first open() on; outlives what is open

  // Any thread.
  std::mutex mutex_;
  std::shared_ptr<Database> database_;
  std::vector<std::weak_ptr<SessionConnection>> sessions_;
  std::mutex copies_;  // one copy begins at a time: both may create the same schema
};

}  // namespace walbrook::destination::duckdb

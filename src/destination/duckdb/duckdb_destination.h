// A destination that is a DuckDB file, or a database that DuckDB attaches.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "destination/duckdb/connection.h"
#include "destination/duckdb/duckdb_transaction.h"
#include "destination/duckdb/enum_types.h"
#include "destination/duckdb/file_claim.h"
#include "destination/duckdb/read_session.h"
#include "destination/open_destination.h"

namespace walbrook::destination::duckdb {

class DuckDbDestination : public Destination, private QueryEngine {
 public:
  // The file that options.url names.
  explicit DuckDbDestination(const DestinationOptions& options);
  // The database that `database` describes.
  DuckDbDestination(DatabaseOptions database, const DestinationOptions& options);
  ~DuckDbDestination() override;

  [[nodiscard]] const Capabilities& capabilities() const override;
  [[nodiscard]] std::string name() const override;
  [[nodiscard]] std::string type_name(const PhysicalType& type) const override;
  void make_types(std::span<const TypeDefinition> types) override;
  [[nodiscard]] State open() override;
  [[nodiscard]] State read_state() override;
  void check_still_there() override;
  [[nodiscard]] std::vector<TargetFinding> inspect(std::span<const OutputRecord> outputs) override;
  [[nodiscard]] std::unique_ptr<destination::Transaction> begin(const AttemptId& attempt) override;
  [[nodiscard]] std::unique_ptr<CopyWriter> begin_copy(std::span<const CopyTarget> outputs) override;
  void drop(DropScope scope, std::span<const OutputRecord> outputs) override;
  [[nodiscard]] QueryEngine* query_engine() override { return this; }

 protected:
  // The database that is open. Any thread.
  [[nodiscard]] std::shared_ptr<Database> open_database();
  // The same; throws Error(destination) if it is open only to be read.
  [[nodiscard]] std::shared_ptr<Database> open_to_write();

 private:
  [[nodiscard]] std::unique_ptr<ReadSession> open_session(const ReadOptions& options) override;
  void connect();
  void disconnect();
  [[nodiscard]] std::shared_ptr<Database> open_as(const DatabaseOptions& options) const;
  [[nodiscard]] std::shared_ptr<Database> open_shared() const;
  void reopen_if_broken();
  void check_writable() const;
  void drop_left_copies();
  void read_known();
  // transaction() runs `work` in a transaction of the loader's connection, and again after a conflict; reading() runs
  // it in one that only reads.
  template <class Work>
  void transaction(const Work& work);
  template <class Work>
  void reading(const Work& work);
  static void drop_outputs(Connection& connection, StateTables& state, std::span<const OutputRecord> outputs);

  DatabaseOptions options_;
  FileUse use_;
  bool shared_with_writers_;
  std::string pipeline_;
  const bool has_enums_;  // the source's enums are types of columns

  // Used by the loader's thread alone.
  std::unique_ptr<Connection> connection_;
  Known known_;
  bool transaction_is_open_ = false;
  // Set while a commit has failed and nobody has found out whether it is durable.
  std::optional<DuckDbTransaction::Outcome> uncertain_;
  // The newest checkpoint and load that this process knows to be durable.
  std::optional<Checkpoint> last_checkpoint_;
  std::int64_t last_load_ = 0;

  std::unique_ptr<FileClaim> claim_;  // held from the first open() on; outlives the database

  EnumTypes enums_;  // used by any thread

  // Used by any thread.
  std::mutex mutex_;
  std::shared_ptr<Database> database_;
  std::vector<std::weak_ptr<SessionConnection>> sessions_;
  std::mutex copies_;  // one copy begins at a time: both may create the same schema
};

}  // namespace walbrook::destination::duckdb

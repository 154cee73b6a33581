// A destination that is a database of a PostgreSQL server.
//
// The loader's session holds the pipeline's lock. When its connection breaks, the next begin() opens another one, finds
// out whether a commit that was in doubt is durable, and checks that the database is still the same.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "destination/destination.h"
#include "destination/open_destination.h"
#include "destination/postgres/postgres_transaction.h"
#include "destination/postgres/server.h"
#include "destination/postgres/target_key.h"

namespace walbrook::destination::postgresql {

class PostgresDestination final : public Destination, private QueryEngine {
 public:
  explicit PostgresDestination(const DestinationOptions& options);
  ~PostgresDestination() override;

  [[nodiscard]] const Capabilities& capabilities() const override;
  [[nodiscard]] std::string name() const override { return server_.label(); }
  [[nodiscard]] std::string type_name(const PhysicalType& type) const override;
  [[nodiscard]] std::string missing_type(const PhysicalType& type) const override;
  void make_types(std::span<const TypeDefinition> types) override;
  [[nodiscard]] State open() override;
  [[nodiscard]] State read_state() override;
  void check_still_there() override;
  [[nodiscard]] std::vector<TargetFinding> inspect(std::span<const OutputRecord> outputs) override;
  [[nodiscard]] std::unique_ptr<destination::Transaction> begin(const AttemptId& attempt) override;
  [[nodiscard]] std::unique_ptr<CopyWriter> begin_copy(std::span<const CopyTarget> outputs) override;
  void drop(DropScope scope, std::span<const OutputRecord> outputs) override;
  [[nodiscard]] QueryEngine* query_engine() override { return this; }

 private:
  [[nodiscard]] std::unique_ptr<ReadSession> open_session(const ReadOptions& options) override;
  void connect();
  void reconnect_if_broken();
  void check_same(StateTables& state);
  void decide_uncertain(StateTables& state);
  void check_not_written(StateTables& state);
  [[nodiscard]] bool was_committed(const std::string& xid);
  void check_writable() const;
  void read_known(StateTables& state);
  // Runs `work` in a transaction of the loader's session.
  template <class Work>
  void transaction(const Work& work);

  bool read_only_;
  WhenBusy busy_;
  KeyForm key_;  // of target tables that are copied from now on
  bool creates_types_;
  Server server_;
  std::map<std::string, TypeDefinition> made_types_;  // by their full names; guarded by server_.creating()

  // Used by the loader's thread alone.
  std::unique_ptr<LoaderSession> loader_;
  Known known_;
  std::string identity_;  // of the state that was opened
  bool transaction_is_open_ = false;
  std::optional<PostgresTransaction::Outcome> uncertain_;  // a commit has failed, and nobody knows yet if it is durable
  std::optional<Checkpoint> last_checkpoint_;              // the newest one that this process knows to be durable
  std::optional<Lsn> outdated_at_;                         // the checkpoint after which a value did not fit its type
};

}  // namespace walbrook::destination::postgresql

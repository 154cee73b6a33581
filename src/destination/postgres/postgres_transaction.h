// A transaction of the loader's session.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "destination/pending_records.h"
#include "destination/postgres/row_operations.h"
#include "destination/postgres/server.h"
#include "destination/postgres/state.h"
#include "destination/transaction.h"

namespace walbrook::destination::postgresql {

// The part of a pipeline's committed state that every transaction needs. It is kept in memory, since reading it takes
// longer than a small load.
struct Known {
  std::map<std::pair<std::string, std::string>, TargetRecord> live;  // the tables that readers see, by (schema, table)
  std::int64_t newest_load = 0;
};

// The loader's session, and what is valid for as long as it is open.
struct LoaderSession {
  std::unique_ptr<Session> session;
  ScratchTables scratch;

  explicit LoaderSession(std::unique_ptr<Session> opened) : session(std::move(opened)), scratch(*session) {}
};

class PostgresTransaction final : public destination::Transaction {
 public:
  // How the transaction ended, for its destination.
  struct Outcome {
    bool committed = false;
    bool uncertain = false;  // COMMIT failed: it may or may not be durable
    bool outdated = false;   // a value did not fit its type
    std::string xid;         // the server's number of the transaction
    std::optional<Checkpoint> checkpoint;
  };
  using Ended = std::function<void(const Outcome&)>;

  // Begins the transaction. Borrows all of them, and changes `known` when it commits. Calls `ended` when it is
  // destroyed.
  // `may_begin_again`: a value that does not fit its type is a TypeWasAltered, and not a TargetRefused.
  PostgresTransaction(LoaderSession& loader, const Server& server, Known& known, bool may_begin_again, Ended ended);
  ~PostgresTransaction() override;

  void alter(const OutputRecord& output, const Alteration& alteration) override;
  void alter_copy(const OutputRecord& output, const Alteration& alteration) override;
  void swap_in(const OutputRecord& output, const TargetName* former) override;
  void move(std::span<const TargetMove> moves) override;

  void complete(const OutputRecord& output, const RowsOf& rows, std::span<const Patch> patches) override;
  std::uint64_t remove(const OutputRecord& output, const RowsOf& rows, std::span<const Removal> removals) override;
  AppendCounts append(const OutputRecord& output, const RowsOf& rows, std::span<const RowRef> appended) override;
  void truncate(const OutputRecord& output) override;

  void put(const StateChange& change) override;
  void read_prepared(std::uint32_t xid, const std::function<void(std::string_view)>& sink) override;

  void commit() override;

 private:
  using Key = std::pair<std::string, std::string>;  // target schema and table

  [[nodiscard]] const Target& target_of(const OutputRecord& output) const;
  [[noreturn]] void refuse_missing(const OutputRecord& output) const;
  [[nodiscard]] TargetRecord* find_live(const OutputRecord& output);
  void alter(TargetRecord& record, const OutputRecord& output, const Alteration& alteration);
  void follow_key(const OutputRecord& output, const TableSchema& rows);
  void give_up_primary_key(Target& target, const OutputRecord& output, const std::string& column);
  // If others need the target table, replaces its rows by those of the copy, drops the copy and returns true.
  [[nodiscard]] bool take_rows(const OutputRecord& output, const Target& copy, const std::string& action);
  void drop_former(const TargetName& name);
  void give_privileges(const TargetName& from, const Target& to);
  void flush_records();
  void put_load(LoadRecord load);
  void drop_finished_copies(const std::set<OutputId>& outputs);
  // Runs `work`, which writes or finds rows of a target table.
  template <class Work>
  auto on_rows(const Work& work);

  LoaderSession& loader_;
  Session& session_;
  std::shared_ptr<const ServerTypes> types_;
  std::string pipeline_;
  StateTables state_;
  Known& known_;
  std::map<Key, std::optional<TargetRecord>> changed_;  // live targets as they will be; nullopt: dropped
  PendingRecords pending_;
  std::map<Key, CompletedRows> completed_;
  std::int64_t newest_load_;
  bool may_begin_again_;
  Ended ended_;
  Outcome outcome_;
};

}  // namespace walbrook::destination::postgresql

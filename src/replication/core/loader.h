// The loader: package queue → destination, and the durable checkpoint.
//
// A state machine; its thread only loops `step`. It alone begins loads and owns the table records; what the catalog
// poll and copier have to say comes by mailbox. A package is applied in one load with its checkpoint. A load that fails
// is rolled back, the package is kept, and after a while tried again.
#pragma once

#include <atomic>
#include <functional>
#include <stop_token>

#include "replication/core/load_records.h"
#include "replication/core/spool.h"
#include "replication/core/table_groups.h"
#include "replication/runtime/copier.h"
#include "replication/runtime/package_queue.h"

namespace walbrook::replication {

struct LoaderOptions {
  destination::Checkpoint checkpoint;  // where the run begins; durable already
  int retries = 8;
  Lsn target;                    // a run that ends by itself is done when this is durable and every table is settled
  bool follow = false;           // then it is never done
  bool together = false;         // the first copies become visible in one load, however long one of them takes
  std::int64_t newest_load = 0;  // its id; 0 = none
  // Borrowed: tells which timeline a checkpoint lies on; nullptr: that of `checkpoint`.
  const postgres::KnownServer* server = nullptr;
  // Borrowed: commits in the source wait until this run has confirmed them, so that an idle position is made durable at
  // once; nullptr: they do not.
  const std::atomic<bool>* commits_wait = nullptr;
};

// Who polls the catalog.
struct CatalogAsk {
  std::function<void()> at_once;      // a poll is wanted now
  std::function<bool()> is_answered;  // false: nobody polls any more
};

class Loader {
 public:
  // Borrows all. `durable` is set after every commit, then `advanced` is called.
  Loader(LoaderOptions options, destination::Destination& destination, Spool& spool, TableSync& sync,
         PackageQueue& queue, Mailbox<LoaderMessage>& inbox, TableGroups& groups, Statistics& statistics,
         std::atomic<std::uint64_t>& durable, std::function<void()> advanced);
  void set_copier(Copier& copier) { copier_ = &copier; }
  void set_catalog(CatalogAsk catalog) { catalog_ = std::move(catalog); }

  // Does what is there, or waits a little. `stop` cuts waits for a failing destination short.
  void step(SteadyTime now, std::stop_token stop);
  // Every package that was pushed is durable and none will come.
  [[nodiscard]] bool drained() const { return drained_; }
  // A run without --follow has reached its end.
  [[nodiscard]] bool done() const;

 private:
  void receive(LoaderMessage message, std::stop_token stop);
  void publication_seen(const postgres::Publication& publication, std::stop_token stop);
  void resync(const ResyncRequest& request, std::stop_token stop);
  [[nodiscard]] std::vector<SyncedTable*> copies_to_promote(Lsn reached) const;
  // Sends the tables that wait for a copy to the copier, and stores `changed` records with them.
  void order_copies(std::vector<TableRecord> changed, std::stop_token stop);
  // loader_without_rows.cpp: of the ordered tables those whose rows are not copied.
  void begin_with_changes(const std::vector<SyncedTable*>& ordered, std::stop_token stop);
  // Those of them that cannot have their copy where it belongs leave: they are quarantined.
  void set_aside_without_place(const std::vector<SyncedTable*>& ordered, std::stop_token stop);
  static void quarantine(SyncedTable& table, const std::string& reason);
  // Rows that follow a Relation message wait for the catalog poll that tells what happened to their tables.
  void wait_for_catalog(Lsn described, std::stop_token stop);
  // Tables whose fingerprint could not be decided about before the stream had come this far.
  void decide(Lsn reached, std::stop_token stop);
  void postpone(SyncedTable& table, const CannotCopyNow& why, std::stop_token stop);
  void copy_ended(const CopyResult& result, std::stop_token stop);
  void apply(LoadPackage& package, std::stop_token stop);
  void apply_once(const LoadPackage& package);
  void spool(const LoadPackage& package);
  void discard(const LoadPackage& package);
  // loader_spool.cpp: gives up the largest copy, so that the others continue. Throws where that makes no room.
  void make_room(const SpoolFull& full, std::stop_token stop);
  // Changes of tables that are not being copied: no copy will need them.
  void discard_needless();
  void keep_prepared(const LoadPackage& package);
  void adopt(TableChanges& changes);
  void promote_copied(Lsn reached, std::stop_token stop);
  void promote(const std::vector<SyncedTable*>& ready, Lsn reached);
  void are_promoted(const std::vector<SyncedTable*>& tables);
  void let_go(std::stop_token stop);
  void idle(Lsn position, SteadyTime now, std::stop_token stop);
  void store(const std::vector<TableRecord>& records);
  // Columns that the package's rows need and the targets do not have yet.
  void alter_targets(destination::Transaction& load, const LoadPackage& package);
  // The record as its copy will have it.
  [[nodiscard]] TableRecord promoted_record(const SyncedTable& table) const;
  // loader_targets.cpp: the destination refused to change a target. Its table is resynced where the target was altered,
  // else suspended.
  void target_failed(const TableFailed& failed, Lsn commit_lsn, std::stop_token stop);
  // The same of a copy that was to take its place, or of the changes that waited for it: the table is suspended.
  void promotion_failed(const TableFailed& failed, std::stop_token stop);
  // Runs `attempt` until it succeeds; an Error(destination) is waited out with backoff.
  void with_retries(const std::function<void()>& attempt, std::stop_token stop);
  [[nodiscard]] Error given_up(const Error& failed) const;
  // `last`: LoadPackage::last of what is applied in it.
  void commit(destination::Transaction& load, Lsn checkpoint, const Transaction& last = {});

  LoaderOptions options_;
  destination::Destination& destination_;
  Spool& spool_;
  TableSync& sync_;
  PackageQueue& queue_;
  Mailbox<LoaderMessage>& inbox_;
  TableGroups& groups_;
  Statistics& statistics_;
  std::atomic<std::uint64_t>& durable_;
  std::function<void()> advanced_;
  Copier* copier_ = nullptr;

  CatalogAsk catalog_;
  Lsn catalog_complete_to_;  // everything committed before it was seen in the catalog
  Lsn not_waited_for_;       // the newest `described` for which no catalog poll came in time

  Lsn checkpoint_;
  Transaction last_;        // as HistoryCheck takes it
  std::int64_t next_load_;  // its id; one that was given to copies that failed stays unused
  CopyLoads copy_loads_;
  SteadyTime last_idle_commit_{};
  SteadyTime last_check_{};  // that the destination is still there
  bool promoted_ = false;    // some copies have become visible
  bool drained_ = false;
};

}  // namespace walbrook::replication

// One run of a pipeline: from a source and an opened destination to a copy that equals the source.
//
// Threads (all started and joined by Run::execute):
//   receiver   source socket → assembler → package queue; answers keepalives whatever the others do
//   loader     package queue → destination; owns the destination's loads and the table records
//   catalog poll  reads every few seconds what the stream does not say (catalog_poll.h)
//   copier     copies the tables that the loader ordered
// The caller's thread waits; the local server's threads call `status` and the destination's query engine.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "destination/destination.h"
#include "postgres/catalog/table_name.h"
#include "postgres/snapshot/snapshot_reader.h"
#include "replication/core/counts.h"
#include "replication/core/suspicion.h"
#include "replication/setup/column_hints.h"

namespace walbrook::replication {

// What becomes of a slot that exists while the destination knows nothing of it.
enum class Adoption {
  refuse,        // an Error(source_not_ready)
  from_others,   // taken over: somebody else made it, and a reset asks before it drops it
  of_same_owner  // taken over: init_replication made it for this pipeline
};

enum class Wire { automatic, text, binary };

struct RunOptions {
  postgres::Endpoint conninfo;                   // "" = environment
  std::function<std::string()> reread_conninfo;  // as EndpointOptions::reread
  std::string pipeline;
  std::string slot;
  std::string publication;
  std::string schema = "public";            // of a publication that is to be created
  std::vector<postgres::TableName> tables;  // empty = the publication's
  std::string dataset;                      // target schema; "" = the source's schema names
  destination::TargetStyle style{};         // of target tables that are made from now on
  bool follow = false;   // go on until stopped; otherwise until what was committed before the start is applied
  bool snapshot = true;  // false: tables that are new begin with their changes alone
  // Without `snapshot`: a table that walbrook adds to its own publication has its rows copied all the same, because
  // those from before are in no change.
  bool copy_joining = false;
  // These are copied anew, and become visible together. The slot may then be newer than the checkpoint: the copy starts
  // over from the slot's position, every table anew.
  std::vector<postgres::TableName> copy_anew;
  std::vector<postgres::TableName> include_columns;  // each with its columns; of other tables all (column_selection.h)
  std::vector<HintedTable> hints;                    // names and types of columns (column_hints.h)
  bool confirm = true;                               // false: the slot's position stays where it is
  bool accept_new_system = false;                    // the source's system identifier may have changed (pg_upgrade)
  Adoption adoption = Adoption::refuse;
  bool reset = false;                   // drop slot, publication (if it is ours) and the destination's state first
  std::optional<Lsn> until;             // apply exactly the commits with commit_lsn < until, then end
  std::optional<Lsn> skip_transaction;  // skip_transaction.h; by its commit_lsn
  std::vector<postgres::WrittenName> skip_only;  // these are resynced then; empty = all
  Wire wire = Wire::automatic;
  std::size_t package_bytes = 32U << 20U;  // memory of one package, and of a transaction before it is spooled
  std::size_t package_rows = 1'000'000;
  int snapshot_workers = 0;                     // connections that copy; 0 = one a core, at most 4
  std::uint64_t snapshot_piece = 64ULL << 20U;  // a larger table is copied in pieces of about this size
  std::string spool_dir;                        // folder of the spool's file (file_spool.h); must be set
  std::uint64_t max_spool_size = 0;             // bytes; 0 = half of what is free there when the run begins
  int protocol = 0;                             // of pgoutput, 1 to 4; 0 = the highest that the server has
  bool two_phase = false;                       // prepared transactions are sent when they are prepared
  std::string origin;                           // "none": only what was not replicated into the source; "" = "any": all
  std::string decoding_memory = "256MB";
  milliseconds network_timeout{60'000};  // of silence on a connection to the source
  // How long the source is waited for: where it is not there at the start, and where it is lost. nullopt: as fits a run
  // that follows, or one that does not (patient_endpoint).
  std::optional<milliseconds> startup_timeout, reconnect_timeout;
  milliseconds slot_wait{30'000};  // how long a slot that another process reads is waited for
  // How long the creation of a slot waits for transactions that are writing in the source. Then a run without `follow`
  // leaves the tables pending that were to be copied; with it, the creation begins again. 0 = without end.
  milliseconds snapshot_wait{300'000};
  milliseconds catalog_poll_interval{3000};  // between two looks at the publication and its tables in the catalog
  SuspicionOptions suspicion{};              // what a table gets whose rows may have changed without a message
  int destination_retries =
      8;  // with backoff from 100 ms to 10 s; with follow a locked or full destination is waited for
};

// What `conninfo` is for a run: with the secrets read again and the waits that these options ask for, which `stop`
// ends.
[[nodiscard]] postgres::Endpoint patient_endpoint(const RunOptions& options, std::stop_token stop);

// Told what happens while it happens, from several threads; implementations lock for themselves.
class RunObserver {
 public:
  RunObserver() = default;
  RunObserver(const RunObserver&) = delete;
  RunObserver& operator=(const RunObserver&) = delete;
  virtual ~RunObserver() = default;

  virtual void prepared(const std::string& line) = 0;  // "publication walbrook created for 4 tables of public; slot …"
  virtual void waiting_for(const std::vector<postgres::OpenWriter>& writers) = 0;  // before a snapshot
  virtual void copy_started(const std::string& table, std::int64_t estimated_rows, std::int64_t estimated_bytes) = 0;
  virtual void copy_advanced(const std::string& table, std::uint64_t rows,
                             std::uint64_t wire_bytes) = 0;  // totals so far
  virtual void copy_finished(const std::string& table, std::uint64_t rows, double seconds) = 0;
  virtual void copy_restarted(const std::string& table, const std::string& why) = 0;
};

// What a run is doing; a copy, taken under a lock.
struct RunStatus {
  std::string pipeline, slot, publication, source, destination;
  std::string phase;              // "starting", "copying", "streaming", "stopping"
  Lsn checkpoint;                 // durable
  Lsn received;                   // by the receiver
  Lsn server;                     // the source's position when last asked
  std::string waits_for;          // what copies wait for in the source; "" = nothing
  double lag_ms = 0;              // age of the oldest commit that is received and not durable; 0 = nothing is waiting
  double last_commit_lag_ms = 0;  // commit at the source → durable here, of the newest transaction applied
  std::uint64_t queued_bytes = 0;
  std::uint64_t spooled_bytes = 0;  // of open transactions, and of tables that are being copied
  double rows_per_second = 0;       // changes applied over the last seconds
  Counts applied;
  std::vector<std::string> source_waits;  // what is waited for in the source for longer than a second
  struct Table {
    std::string schema, name, target_schema, target_name, state, reason;
    std::string suspect;  // why a streaming table's rows may differ from the source; "" = they do not
    std::uint64_t copied_rows = 0;
    std::int64_t estimated_rows = -1;
    std::uint64_t inserts = 0, updates = 0, deletes = 0;
  };
  std::vector<Table> tables;
  // What a copy under way holds in the source, from its snapshot to the end of its last table: VACUUM removes no row
  // version that a transaction from `xmin` on replaced or deleted. It holds no WAL.
  struct CopySnapshot {
    double seconds = 0;  // it has been held for
    Lsn consistent_point;
    std::string xmin;
  };
  std::optional<CopySnapshot> copy_snapshot;
};

// A table that is quarantined at the end of a run, or left out although it was asked for or has a copy.
struct SetAside {
  destination::TableRecord record;
  Lsn commit_lsn;  // of the first change that it could not take; unset where no change was the cause
};

// A table that could not be copied although nothing is wrong with it; the reason is the record's.
struct Postponed {
  destination::TableRecord record;
  Remedy remedy;  // empty = none is known
};

// A table that is not whole at the end of a run, a postponed one among them.
struct Unfinished {
  destination::TableRecord record;  // pending or copying
  std::uint64_t copied_rows = 0;    // by the copy that was stopped; the next one starts from the beginning
};

struct RunSummary {
  Counts applied;
  std::uint64_t copied_tables = 0;
  std::uint64_t copied_rows = 0;
  double copy_seconds = 0;
  double apply_seconds = 0;  // time spent in loads
  double seconds = 0;
  Lsn checkpoint;
  Lsn next_commit;       // with `until`: the first commit that was not taken; unset: none was seen
  bool stopped = false;  // by request, before its end
  std::vector<Unfinished> unfinished;
  std::vector<SetAside> quarantined;
  std::vector<Postponed> postponed;               // pending: this run could not copy them
  std::vector<destination::TableRecord> suspect;  // streaming tables whose rows may differ from the source
};

class Run {
 public:
  // Borrows both for its lifetime.
  Run(RunOptions options, destination::Destination& destination, RunObserver& observer);
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run();

  // Prepares slot and publication, copies, streams. Returns when the work is done or `stop` was requested (the package
  // in hand is then finished and confirmed). Throws Error; everything durable by then stays so. Call it once.
  RunSummary execute(std::stop_token stop);

  // Any thread, any time.
  [[nodiscard]] RunStatus status() const;
  // Copies these tables again, while readers see what they have. Returns when the request is durable; the copies
  // follow. Throws Error(configuration) for a table that cannot be copied again (resync.h), Error(destination) when the
  // run ends before it took the request. Any thread, while `execute` is at work.
  void resync(const std::vector<postgres::TableName>& tables);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace walbrook::replication

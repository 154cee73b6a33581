// A pipeline: the replication from a source's tables to a dataset in a destination, and its progress.
//
//   auto pipeline = walbrook::pipeline({.pipeline_name = "shop", .dataset_name = "shop_data"});
//   std::cout << pipeline.run(changes);
//
// A pipeline's state is stored in the destination under the pipeline's name, and is committed together with the rows.
// There is no state file: a program on another machine continues from the destination alone.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "walbrook/arrow.h"
#include "walbrook/export.h"
#include "walbrook/load_info.h"
#include "walbrook/progress.h"
#include "walbrook/query_options.h"
#include "walbrook/replication_resource.h"
#include "walbrook/snapshot_resource.h"

namespace walbrook {

struct PipelineOptions {
  std::string pipeline_name = "walbrook";  // the name under which the destination stores the state
  // "duckdb" is the file that the configuration names (DESTINATION__DUCKDB__CREDENTIALS, .walbrook/config.toml), or, if
  // it names none, <pipeline_name>.duckdb in the current folder. "postgresql" is the database that the configuration
  // names (DESTINATION__POSTGRESQL__CREDENTIALS, .walbrook/secrets.toml). Any other bare word throws
  // Error(configuration). Anything else is a path or a URL: "data/shop.duckdb", "duckdb:////data/shop.duckdb",
  // "postgresql://loader@dwh.example.com/copies", or "postgresql:" and libpq's key=value string.
  std::string destination = "duckdb";
  // Schema of the tables in the destination. "" uses the source's schema names, and <pipeline_name>_dataset for tables
  // that have no source.
  std::string dataset_name{};
  // With true, every Pipeline object starts empty, with its own state and its own dataset, whose name is followed by
  // _YYYYMMDDhhmmss (UTC). Datasets of earlier objects stay in the destination.
  bool dev_mode = false;
  ProgressCallback progress{};  // called while a run is at work (progress.h)
  // Names of tables and columns: "exact" (the source's) or "snake_case" (as dlt makes them). "" uses the
  // configuration's schema.naming, or "exact" if that is not set. After a change, every table is copied again under its
  // new name.
  std::string naming{};
  // Metadata columns, which follow the source's columns: "none", "walbrook" (_lsn, _commit_ts) or "dlt" (lsn,
  // deleted_ts, _dlt_load_id). "" uses the configuration's schema.metadata, or "none" if that is not set. After a
  // change, every table is copied again.
  std::string metadata{};
  // What a call does while another Pipeline of this process uses the file: "wait" waits up to 30 seconds, then throws
  // Error(destination); "throw" throws Error(destination) at once. A call that would wait for its own caller, for
  // example one from a progress callback, throws at once in either case.
  std::string file_busy = "wait";
  // Folder of the spool, an unnamed file of this process that holds changes that cannot be applied yet: those of large
  // transactions and of tables that are being copied. "" uses the configuration's load.spool_dir, or the folder of the
  // destination's file if that is not set.
  std::string spool_dir{};
  // Maximum size of the spool in bytes. 0 means half of what is free in its folder when a run begins.
  std::uint64_t max_spool_size = 0;
};

struct PipelineRunOptions {
  // How rows are written. "" means merge for resources, and append for a stream.
  //   resources  merge: the target tables equal the source. Snapshots also take replace, which means the same.
  //   a stream   append: the rows are added.
  //              replace: the table gets the rows and the columns of the stream, and loses its former ones.
  //              merge: a row of the stream replaces the rows that have an equal primary_key.
  std::string write_disposition{};
  // The target table of a stream, which needs one: "table", or "schema.table" for a schema other than dataset_name.
  // Names are exact. It must be empty for resources: the tables of a publication are named as in the source.
  std::string table_name{};
  // The key of a stream that is merged; it must be empty otherwise. Key columns hold no NULLs, and are neither nested
  // types nor intervals. If a stream has several rows with the same key, the last one counts. A table of a PostgreSQL
  // database that such a stream creates gets this primary key.
  std::vector<std::string> primary_key{};
  // For resources: continue although the source has another system identifier than the one that was copied, as after
  // pg_upgrade. Throws Error(source_not_ready) unless slot, position, tables, columns and types fit. It changes nothing
  // for a cluster with the known identifier.
  bool accept_new_system = false;
  // For resources: how long a copy waits, before it begins, for transactions that are writing in the source. After that
  // time its tables stay pending, everything else is applied, and Error(data) names them. 0 means no limit.
  std::chrono::seconds snapshot_wait{300};
  // When a stop is requested, `run` finishes the destination's current transaction and returns with LoadInfo::stopped
  // set. If it was writing a stream, nothing is written.
  std::stop_token stop{};
};

// Movable, not copyable. One thread at a time; query() may also be called from other threads. The destination is held
// only while a call lasts, and until a stream of query() is released.
//
// A DuckDB file belongs to one Pipeline at a time. Any number of them may name it, by any path or link: their calls
// take turns (PipelineOptions::file_busy).
//
// REQUIRES: while a call lasts, nothing else in the process opens the file, not even to read it. A second DuckDB
// instance destroys the file, and closing any handle, even that of a std::ifstream, drops the lock that keeps other
// processes out. walbrook checks this when it opens the file and before each commit. While a foreign handle is open,
// nothing is written; a lock that was dropped is taken again; and if another process used the file in between,
// Error(destination) ends the run. What happens between two checks is not detected. To read the file meanwhile, use
// query().
//
// Every call throws Error when it fails; what was durable by then stays durable. A table whose data cannot be read is
// suspended, the other tables continue, and at the end Error(data) names it; last_load() reports on all tables.
class WALBROOK_EXPORT Pipeline {
 public:
  explicit Pipeline(PipelineOptions options);
  ~Pipeline();
  Pipeline(Pipeline&&) noexcept;
  Pipeline& operator=(Pipeline&&) noexcept;
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  // Copies the tables of `snapshots` again, all as of one moment, and applies what was committed before the call.
  // Returns when all of it is visible. Readers see the former rows until one transaction of the destination swaps in
  // all of the new copies. Other tables of the publication continue, or begin with their changes alone. REQUIRES: all
  // snapshots have the same source, slot and publication.
  //
  // If the slot is newer than the target tables (after init_replication with .reset), the former stream cannot be
  // continued: every table that the pipeline has is then copied again.
  LoadInfo run(const std::vector<SnapshotResource>& snapshots, const PipelineRunOptions& options = {});
  LoadInfo run(const SnapshotResource& snapshot, const PipelineRunOptions& options = {});

  // Applies what was committed before the call, and copies nothing. A table that the pipeline does not have yet begins
  // with its changes alone. This also holds in later runs: a new column is NULL in the rows that exist, and a change
  // that only a resync could follow suspends the table until its snapshot is run. (A table that began with a snapshot
  // is resynced when its rows or columns were altered in a way that the stream does not report.)
  LoadInfo run(const ReplicationResource& changes, const PipelineRunOptions& options = {});

  // Writes rows of the program into a table of the destination. `stream` is any stream of record batches through the
  // Arrow C data interface: one that ChangeBatch::export_to has filled, DuckDB's, or another library's. The call takes
  // ownership of the stream: it reads the stream to its end, releases it, also when it throws, and marks *stream as
  // released.
  //
  // The table is created if it does not exist, and belongs to the program: no run of resources changes it, and drop()
  // drops it. All rows become visible in one transaction of the destination, or none: an error in the last batch leaves
  // the table unchanged, except that empty columns that the stream added may remain. Memory is bounded whatever the
  // length of the stream: it holds one batch of the stream and what DuckDB needs (docs/destinations.md).
  //
  // Names are exact, whatever `naming` is, and there are no metadata columns. Columns that the stream lacks become
  // NULL. A column that the table lacks is added, and is NULL in older rows. Types are those of docs/types.md, "From
  // Arrow". Values are stored exactly, or not at all.
  //
  // Throws Error(configuration) for a table that is a copy of a source table, which must not differ from its source;
  // for a name that walbrook reserves; and for a column whose type differs from the table's, unless the table is
  // replaced. Throws Error(data), which names column and row, for a value that cannot be stored exactly, such as a
  // timestamp with nanoseconds. Throws Error(destination) for a table that this pipeline did not create.
  LoadInfo run(ArrowArrayStream* stream, const PipelineRunOptions& options);

  // Returns the option's value, in dev_mode with its suffix.
  [[nodiscard]] const std::string& dataset_name() const;
  [[nodiscard]] const std::string& pipeline_name() const;
  // Returns the newest load of this object, including one whose run threw Error(data). After sync(), returns the newest
  // load that the destination has stored. Returns nullopt if there is none.
  [[nodiscard]] const std::optional<LoadInfo>& last_load() const;

  // Reads the pipeline's state from the destination, whichever program and machine ran it last, and returns it as
  // last_load(). Returns nullopt if the destination holds nothing of this pipeline. Changes nothing in the destination.
  const std::optional<LoadInfo>& sync();
  // Runs one statement that only reads (SELECT, FROM, WITH, VALUES, DESCRIBE, SHOW, SUMMARIZE, EXPLAIN). The result has
  // the Arrow types in which DuckDB exports its own; a type that Arrow lacks becomes an extension type. All rows are as
  // of one moment: the LSN that `SELECT lsn FROM _walbrook.checkpoint` returns in the same statement. Tables may be
  // named without their schema.
  //
  // query() may be called while a run of this Pipeline is at work in another thread. A run may begin while the stream
  // is open, even one that takes ownership of it: run(&stream, …) writes the result of a query into a table. The caller
  // releases the stream, which may outlive the Pipeline. Read it soon: until it is released it holds the file, and
  // DuckDB keeps the row versions that newer commits have replaced.
  //
  // Throws Error(configuration) if the SQL fails, does not only read, or exceeds a limit. Throws Error(destination) if
  // the file does not exist yet.
  [[nodiscard]] ArrowArrayStream query(const std::string& sql, const PipelineQueryOptions& options = {}) const;
  // Replaces the changes of each table by its current state, at a destination of files. Readers see the same rows
  // before and after, and later runs continue from there. The former files stay for an hour, for queries that began
  // earlier. Throws Error(configuration) for a destination whose rows change in place, which needs no compaction. Does
  // nothing if the destination does not exist yet.
  void compact();
  // Drops the pipeline's tables and state from the destination. The slot and the publication stay in the source, and
  // another run would continue with them. A slot that nobody reads retains write-ahead log, so drop the slot as well if
  // no run will follow.
  void drop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Returns a pipeline with these options. Neither connects to the source nor opens the destination. Throws
// Error(configuration) if an option has a value that is not allowed.
[[nodiscard]] WALBROOK_EXPORT Pipeline pipeline(PipelineOptions options);

}  // namespace walbrook

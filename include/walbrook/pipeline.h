// A pipeline: from a source's tables to a dataset in a destination, as far as it has come.
//
//   auto pipeline = walbrook::pipeline({.pipeline_name = "shop", .dataset_name = "shop_data"});
//   std::cout << pipeline.run(changes);
//
// What a pipeline knows stands in the destination, under its name and committed together with the rows: there is no
// state file, and a program on another machine goes on from the destination alone.
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
  std::string pipeline_name = "walbrook";  // whose state it is
  // "duckdb": the file that the configuration names (DESTINATION__DUCKDB__CREDENTIALS, .walbrook/config.toml), else
  // <pipeline_name>.duckdb in the current folder.
  // Otherwise a path or a URL: "data/shop.duckdb", "duckdb:////data/shop.duckdb".
  std::string destination = "duckdb";
  // Schema of the tables in the destination; "" = the source's schema names, and <pipeline_name>_dataset for tables
  // that have no source.
  std::string dataset_name{};
  // Every Pipeline object starts from nothing: a dataset of its own, its name followed by _YYYYMMDDhhmmss (UTC), with
  // state of its own. Earlier ones stay in the file.
  bool dev_mode = false;
  ProgressCallback progress{};
  // Names of tables and columns: "exact" (the source's) or "snake_case" (as dlt makes them); "" = the configuration's
  // schema.naming, else exact. Changed later, every table is copied again under its new name.
  std::string naming{};
  // Columns behind the source's: "none", "walbrook" (_lsn, _commit_ts) or "dlt" (lsn, deleted_ts, _dlt_load_id); "" =
  // the configuration's schema.metadata, else none. Changed later, every table is copied again.
  std::string metadata{};
  // Where another Pipeline of this process uses the file: "wait", for up to 30 seconds, or "throw" at once; both throw
  // Error(destination). A call that would wait for its own caller (from a progress callback, for one) throws at once.
  std::string file_busy = "wait";
  // Folder of the spool: a file without a name, of this process alone, in which changes wait that cannot be applied
  // yet, those of large transactions and of tables that are being copied. "" = the configuration's load.spool_dir, else
  // the folder of the destination's file.
  std::string spool_dir{};
  // Most bytes that the spool may hold. 0 = half of what is free in its folder when a run begins.
  std::uint64_t max_spool_size = 0;
};

struct PipelineRunOptions {
  // "" = what fits: merge for resources, whose copy equals the source; append for a stream.
  //   resources  merge; of snapshots also replace, which says the same
  //   a stream   append; replace: the table becomes what the stream is; merge: a row takes the place of those with an
  //              equal primary_key
  std::string write_disposition{};
  // Of a stream, which needs one: "table", or "schema.table" where dataset_name is not the schema. Names are exact.
  // Tables of a publication are named as in the source.
  std::string table_name{};
  // Of a stream that is merged: columns without NULLs and without types within types. Within one stream the last row of
  // a key counts.
  std::vector<std::string> primary_key{};
  // Of resources: continue although the source has another system identifier than the one that was copied, as after
  // pg_upgrade. Slot, position, tables, columns and types must fit, else Error(source_not_ready). A cluster with the
  // known identifier is not looked at with other eyes.
  bool accept_new_system = false;
  // Of resources: how long a copy waits, before it begins, for transactions that are writing in the source. Then its
  // tables stay pending, everything else is applied, and Error(data) names them. 0 = without end.
  std::chrono::seconds snapshot_wait{300};
  // When a stop is requested, the transaction of the destination that is in hand is finished, and `run` returns with
  // LoadInfo::stopped. Of a stream nothing is written then.
  std::stop_token stop{};
};

// Movable, not copyable. One thread at a time; query() also from others. The destination is held only while a call
// lasts, and until a stream of query() is released.
//
// A DuckDB file belongs to one Pipeline at a time. Any number of them may name it, by whatever path or link: calls take
// turns (PipelineOptions::file_busy). While a call lasts, nothing else in the process may open the file, not even to
// read it: a second DuckDB destroys it, and closing any handle, be it a std::ifstream's, drops the lock that keeps
// other processes away. walbrook looks when it opens the file and before each commit: while a foreign handle is open,
// nothing is written; a lock that was dropped is taken again, and where another process has used the gap,
// Error(destination) ends the run. What happens between two looks is not seen: that no handle but the pipeline's
// touches the file is the program's duty. To read meanwhile, use query().
//
// Whatever runs throws Error. What was durable by then stays. A table whose data cannot be read is suspended, the
// others go on, and at the end an Error(data) names it; last_load() tells of the rest.
class WALBROOK_EXPORT Pipeline {
 public:
  explicit Pipeline(PipelineOptions options);
  ~Pipeline();
  Pipeline(Pipeline&&) noexcept;
  Pipeline& operator=(Pipeline&&) noexcept;
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  // Copies these tables again, as of one moment, and applies what was committed before the call; returns when all of it
  // is visible. Readers see the former copies until the new ones take their place, all of them in one transaction of
  // the destination. All resources must be of one slot and publication. Tables of the publication that are not among
  // them go on, or begin with their changes alone.
  //
  // Where the slot is newer than the copy (init_replication with .reset), nothing of the former stream fits any more:
  // every table that the pipeline has is copied again then.
  LoadInfo run(const std::vector<SnapshotResource>& snapshots, const PipelineRunOptions& options = {});
  LoadInfo run(const SnapshotResource& snapshot, const PipelineRunOptions& options = {});

  // Applies what was committed before the call, and copies nothing: a table that the pipeline does not have yet begins
  // with its changes alone, in later runs too: an added column is NULL in rows that are there, and what only a resync
  // could follow suspends the table, until its snapshot is run. (A table that was begun with a snapshot is resynced
  // where rows or columns were altered in a way that the stream does not tell.)
  LoadInfo run(const ReplicationResource& changes, const PipelineRunOptions& options = {});

  // Rows of the program's own into a table of the destination: any stream of record batches through the Arrow C data
  // interface, one that ChangeBatch::export_to has filled, DuckDB's, or another library's. The stream is taken over:
  // read to its end and released, also where this throws; what is at `stream` is marked as released then.
  //
  // The table is made where there is none, and stays the program's: no run of resources touches it, drop() drops it.
  // All rows become visible in one transaction of the destination, or none: a mistake in the last batch leaves the
  // table as it was (but for columns that the stream has brought: they may stand there, empty). Memory stays bounded
  // whatever the length of the stream: a batch of it, and what DuckDB takes (docs/destinations.md).
  //
  // Names are exact, whatever `naming` says, and there are no metadata columns. What the stream does not have becomes
  // NULL; a column that is new to the table is added, and is NULL in older rows; another type than the table has is an
  // Error(configuration) with both, unless the table is replaced. Types are those of docs/types.md, "From Arrow":
  // values stay exactly what they are, else Error(data) names column and row, e.g. a timestamp with nanoseconds.
  //
  // Refused, Error(configuration): a table that is a copy of the source's, since nothing may make it differ; a name
  // that walbrook keeps for itself. Error(destination): a table that this pipeline did not make.
  LoadInfo run(ArrowArrayStream* stream, const PipelineRunOptions& options);

  // As PipelineOptions has it, with dev_mode's suffix.
  [[nodiscard]] const std::string& dataset_name() const;
  [[nodiscard]] const std::string& pipeline_name() const;
  // The newest of this object, also of a run that threw Error(data); or, behind sync(), what the destination tells of
  // the newest load. nullopt: none.
  [[nodiscard]] const std::optional<LoadInfo>& last_load() const;

  // Reads from the destination where the pipeline stands, whoever ran it last and where: last_load() tells it then.
  // nullopt where the destination holds nothing of this pipeline. Changes nothing.
  const std::optional<LoadInfo>& sync();
  // Rows of one statement that reads (SELECT, FROM, WITH, VALUES, DESCRIBE, SHOW, SUMMARIZE, EXPLAIN), as DuckDB's own
  // Arrow types; a column that Arrow has no type for is an extension type. All rows are as of one moment: the LSN that
  // `SELECT lsn FROM _walbrook.checkpoint` gives in the same statement. A table is found without its schema's name.
  //
  // While a run of this Pipeline is at work, in whatever thread, the query reads beside it; and a run may begin while
  // the stream is open, also one that takes it over: run(&stream, …) makes a table of a query. The stream is the
  // caller's to release, and may outlive the Pipeline. Read it soon: until then it holds the file, and DuckDB keeps
  // what newer commits have replaced.
  //
  // Error(configuration): SQL that fails, that does not only read, or that passes a limit. Error(destination): there is
  // no file yet.
  [[nodiscard]] ArrowArrayStream query(const std::string& sql, const PipelineQueryOptions& options = {}) const;
  // Removes the pipeline's tables and state from the destination. Slot and publication stay in the source: another run
  // would go on with them; a slot that nobody reads holds the write-ahead log, so drop it too when nobody will.
  void drop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

[[nodiscard]] WALBROOK_EXPORT Pipeline pipeline(PipelineOptions options);

}  // namespace walbrook

// What walbrook asks of a destination. One interface; a folder each below this one.
//
// Contract (test/contract holds every destination to it):
//  * A load is atomic: rows, table states and checkpoint become durable and visible together in Load::commit, or not at
//    all. A destination without transactions must reach the same end state by idempotent writes when the same load is
//    made again after a crash.
//  * Load::commit returns only when it is durable (fsync'ed).
//    It throws Error(in_doubt) where it cannot know whether it is; the next begin_load finds out.
//  * Destroying a Load without commit leaves the destination as it was.
//    Any method may throw Error(destination); the load is dead then, and the caller destroys it and tries again. What
//    concerns one target table alone is a TargetRefused: trying again would fail again.
//  * Staged bytes are kept verbatim, per key in the order of their staging, until discarded.
//  * Values are stored exactly as given; see model/physical_type.h for what each layout means.
//
// Threads: one thread (the loader) uses a Destination and its Load. Other threads may begin copies at the same time; a
// CopyWriter is used by one thread at a time, several of them touch different tables. A ReadSession belongs to the
// thread that asked for it; Destination::open_read_session and ReadSession::interrupt may be called from any thread. A
// Load ends before its Destination does.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/lsn.h"
#include "destination/query_limits.h"
#include "destination/selection.h"
#include "model/row_batch.h"
#include "output/net_effect.h"

struct ArrowArray;  // arrow/arrow_export.h
struct ArrowSchema;

namespace walbrook::destination {

// The destination is no longer what was opened: removed, moved, replaced, or written by somebody else. Nothing of it
// may be confirmed to the source, and trying again changes nothing.
class DestinationLost final : public Error {
 public:
  DestinationLost(std::string cause, Remedy remedy)
      : Error(ErrorKind::destination, std::move(cause), std::move(remedy)) {}
};

enum class TableState {
  pending,      // to be copied; its changes wait in staging
  copying,      // a copy under snapshot_lsn is under way (starts again after a crash)
  streaming,    // equals the source at the checkpoint
  quarantined,  // set aside, with its reason; not touched until re-synced
  removed,      // no longer published or dropped in the source; its last copy stays
  loaded,       // has no source: a program wrote it
  left_out,     // walbrook's own publication must not publish it (reason); its last copy stays, if it has one
};
[[nodiscard]] std::string_view to_string(TableState state);
[[nodiscard]] TableState parse_table_state(std::string_view text);

// How copies and their columns are called.
enum class Naming {
  exact,       // as in the source
  snake_case,  // base/snake_case.h
};
// What stands behind the source's columns in every copy.
enum class Metadata {
  none,
  walbrook,  // _lsn UBIGINT, _commit_ts TIMESTAMPTZ
  dlt,       // lsn BIGINT, deleted_ts TIMESTAMPTZ, _dlt_load_id VARCHAR
};
[[nodiscard]] Naming parse_naming(std::string_view text);      // "exact", "snake_case"
[[nodiscard]] Metadata parse_metadata(std::string_view text);  // "none", "walbrook", "dlt"

// The schema in which the destination keeps walbrook's state, as it tells names apart.
[[nodiscard]] bool is_state_schema(std::string_view name);

// Where a table's copy stands.
struct TargetName {
  std::string schema;
  std::string table;
};

// A table without a source (state `loaded`) has a smaller OID of its own, which PostgreSQL gives to no table that can
// be published; and in the place of the source's names those of the destination.
inline constexpr Oid first_source_oid = 16384;

inline constexpr std::size_t most_truncates = 64;  // kept of a table; what is forgotten costs a resync at worst

// A row of _walbrook.tables.
struct TableRecord {
  Oid oid = 0;         // source table (of a partitioned table: the root)
  std::string schema;  // in the source
  std::string name;
  std::string target_schema;  // in the destination, as the user reads it
  std::string target_name;
  TableState state = TableState::pending;
  Lsn snapshot_lsn;           // the copy's consistent point; unset before
  std::string reason;         // of quarantined, removed and left_out; why a pending one is copied again
  std::string fingerprint{};  // postgres/catalog/fingerprint.h, as when rows and catalog were last known to agree;
                              // empty = unknown
  std::string stamp{};        // what an older walbrook kept in its place
  std::vector<std::uint32_t> truncates{};  // transactions that truncated the whole table, the newest most_truncates
  std::string suspect{};   // why rows may differ from the source although the table is streaming; empty = they do not
  TableSchemaRef columns;  // what the target's rows look like; nullptr before the first copy
  // The run that began it was asked not to copy its rows (--no-snapshot). Holds until a resync is requested: nothing
  // else copies it.
  bool changes_only = false;
  // Set while a streaming table that left the publication still waits for changes that were published before
  // (replication/core/leaving.h).
  std::uint64_t leaves_xid = 0;  // 0: it has not left
  Lsn leaves_at;                 // unset: not known yet
  std::int64_t load_id = 0;      // under which the copy under way will be told of (LoadRecord); not stored
};

// The row of _walbrook.checkpoint for this pipeline. Its LSN is unset from before the slot is created until the first
// state is stored: a run that finds the slot then knows it for its own.
struct Checkpoint {
  std::string slot;
  std::string systemid;
  std::int64_t timeline = 0;  // that `lsn` lies on
  Lsn lsn;
  // As the last run knew them; empty in what an older walbrook wrote.
  std::string publication = {};
  std::string source = {};                    // where it is: "127.0.0.1:5432/shop"
  std::vector<SelectedTable> selection = {};  // the tables it was asked for; empty = all of the publication
  std::string origin = {};                    // "any", "none": which transactions the stream was asked for
  // The last transaction below `lsn` with published changes, without its end_lsn. With xid 0: there is none since
  // commit_lsn, which is set. Without a commit_lsn nothing is known, as in what an older walbrook wrote.
  Transaction last = {};
  // The pipeline's run created them; false: somebody else did. nullopt: not known, init_replication may have.
  std::optional<bool> made_slot = {}, made_publication = {};
};

// A row of _walbrook.loads: of a package, of the tables that were copied together, or of a program's own rows.
struct LoadRecord {
  std::int64_t id = 0;  // takes the place of the row that has it; 0 = the next one
  Lsn first_commit;     // unset: of copies, or of a program's rows
  Lsn last_commit;      // of copies: their consistent point; unset: of a program's rows
  std::uint64_t transactions = 0;
  std::uint64_t inserts = 0, updates = 0, deletes = 0, truncates = 0;
  std::uint64_t copied_rows = 0;
  WallTime started;
  std::string tables;  // JSON object: rows per table, changed or copied
};

// What a pipeline finds when it opens its destination.
struct State {
  std::optional<Checkpoint> checkpoint;
  std::vector<TableRecord> tables;
  std::int64_t newest_load = 0;  // its id; 0 = none
  // For contradiction() alone.
  std::size_t checkpoints = 0;  // rows that claim to be this pipeline's checkpoint
  bool targets = false;         // copies of source tables stand in the destination
};

// Bytes that wait for a commit or for a copy.
struct StageKey {
  enum class Kind : std::uint8_t {
    transaction,  // parts of an open transaction: the source sends them again after a restart
    prepared,     // a prepared transaction: it does not
    table,        // changes of a table that is being copied
  } kind = Kind::transaction;
  std::uint32_t id = 0;  // top-level xid, or the table's OID
};

struct MergeCounts {
  std::uint64_t removed = 0;  // rows that went from the target
  std::uint64_t written = 0;  // rows that were written to it
  std::uint64_t variants = 0;
};

// One destination transaction.
class Load {
 public:
  Load() = default;
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  virtual ~Load() = default;

  // The copied rows of the table (CopyWriter::finish was called) take the place of what readers see under its target
  // name. Before any merge or truncate of that table in the same load.
  virtual void promote(const TableRecord& table) = 0;
  // The copy that readers see under that name goes. Before the table that has it is promoted under another name.
  virtual void drop_target(const TargetName& name) = 0;
  // Applies the net effect to the table. Columns of the target that are not in the effect's schema become NULL in
  // written rows; every column of the effect stands in the target. Values with a variant go to `<column>__v_text`,
  // which `prepare_variants` made sure of.
  virtual MergeCounts merge(const TableRecord& table, const NetEffect& effect) = 0;
  virtual void truncate(const TableRecord& table) = 0;
  // The copied rows of the table (CopyWriter::finish was called) join the rows that readers see, and with `key` take
  // the place of those that have an equal one. Columns that the copy does not have become NULL.
  virtual MergeCounts add_copy(const TableRecord& table, const std::vector<std::string>& key) = 0;

  virtual void stage(const StageKey& key, std::string_view bytes) = 0;
  // In the order of staging; `sink` may call the Load's other methods.
  virtual void for_each_staged(const StageKey& key, const std::function<void(std::string_view)>& sink) = 0;
  virtual void discard(const StageKey& key) = 0;
  virtual void discard_all_transactions() = 0;  // the open ones; prepared ones stay

  virtual void put_table(const TableRecord& table) = 0;  // by (schema, name), `loaded` ones by themselves
  // The columns' descriptions, for who reads the copy. Before the load changes a row of it.
  virtual void describe(const TableRecord& table) = 0;
  virtual void put_checkpoint(const Checkpoint& checkpoint) = 0;
  virtual void put_load(const LoadRecord& load) = 0;

  virtual void commit() = 0;
};

// A table whose copy is all there. Borrows.
struct WholeCopy {
  const TableRecord* table;
  TableSchemaRef schema;
  const std::vector<RowBatch>* rows;  // only inserts
};

// A table that cannot have its copy, with the reason and what to do.
struct TakenPlace {
  Oid oid = 0;
  std::string reason;
};

// A target table that is not as walbrook left it: it was dropped or altered by somebody else.
struct AlteredTarget {
  Oid oid = 0;
  // Its name belongs to something that walbrook did not make, and does not touch: only a person can free it.
  bool name_conflict = false;
  std::string reason;  // what was done to it, with its name and the destination's
  std::string hint;    // of a name conflict: how to free the name
};

// The destination refuses to change one target table, and would refuse it again: somebody else altered the table, or
// gave it a constraint. Other tables are not concerned. The load it comes from is dead, as after any other Error.
class TargetRefused final : public Error {
 public:
  TargetRefused(std::string cause, Remedy remedy) : Error(ErrorKind::data, std::move(cause), std::move(remedy)) {}
};

// Rows of one table's copy, invisible under its target name until promoted.
class CopyWriter {
 public:
  CopyWriter() = default;
  CopyWriter(const CopyWriter&) = delete;
  CopyWriter& operator=(const CopyWriter&) = delete;
  virtual ~CopyWriter() = default;

  virtual void append(const RowBatch& rows) = 0;  // only inserts
  // Of rows with an equal key the last one that was appended stays; returns how many went. Key columns hold no NULL and
  // no nested values.
  virtual std::uint64_t keep_last(const std::vector<std::string>& key) = 0;
  virtual void finish() = 0;  // durable; without it the copy is worthless
};

// Lists, structures and maps in the rows of a query: as the destination writes them for people, or as JSON documents.
enum class NestedCells { text, json };

// Rows of a query, as text.
struct QueryResult {
  struct ColumnInfo {
    std::string name;
    std::string type;
    bool numeric = false;  // to be aligned right; a bare number in JSON where it is finite
    bool json = false;     // cells are JSON documents
  };
  std::vector<ColumnInfo> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
};

// Rows of a query as Arrow record batches. One batch is in memory at a time.
class ArrowRows {
 public:
  ArrowRows() = default;
  ArrowRows(const ArrowRows&) = delete;
  ArrowRows& operator=(const ArrowRows&) = delete;
  virtual ~ArrowRows() = default;

  // What they write to `out` is the caller's to release, and may be released after this was destroyed. Throw Error.
  virtual void schema(ArrowSchema* out) = 0;
  virtual bool next(ArrowArray* out) = 0;  // false: there are no more rows, `out` is marked as released
};

// A consistent, read-only view: every query of one session between two `refresh` calls sees the same state.
class ReadSession {
 public:
  ReadSession() = default;
  ReadSession(const ReadSession&) = delete;
  ReadSession& operator=(const ReadSession&) = delete;
  virtual ~ReadSession() = default;

  // The checkpoint of the session's pipeline; unset when there is none.
  [[nodiscard]] virtual Lsn lsn() const = 0;
  // The checkpoints that the newest query's rows correspond to: those of the pipelines whose target tables it names. Of
  // a query that names none, that of the only pipeline there is.
  [[nodiscard]] virtual std::vector<PipelinePosition> positions() const = 0;
  // One statement that only reads. Throws Error(configuration) for anything else and for SQL that fails, with the
  // destination's reason. A query that fails while it runs may end the view: what follows sees the newest state then,
  // and lsn() says which.
  [[nodiscard]] virtual QueryResult query(const std::string& sql, NestedCells nested = NestedCells::text) = 0;
  // The same, batch by batch. REQUIRES: the session outlives the rows, and answers nothing else while they are read.
  [[nodiscard]] virtual std::unique_ptr<ArrowRows> arrow_rows(const std::string& sql) = 0;
  // From now on the newest state is seen.
  virtual void refresh() = 0;
  // Ends a query that is running with an Error, as soon as the expression in hand is computed; any thread may call it.
  virtual void interrupt() {}
};

class Destination {
 public:
  Destination() = default;
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;
  virtual ~Destination() = default;

  [[nodiscard]] virtual ValueLimits limits() const = 0;
  // What a column of that type is here, as the destination's own SQL names it: "DECIMAL(10,2)".
  [[nodiscard]] virtual std::string type_name(const PhysicalType& type) const = 0;
  // Creates the state where there is none, and what a crash left over is cleared away: unfinished copies.
  [[nodiscard]] virtual State open() = 0;
  // The state as it is now. What is open stays open. REQUIRES: open() was called.
  [[nodiscard]] virtual State read_state() = 0;
  // Throws DestinationLost where what was opened is no longer what the URL names. Cheap: the loader asks every second
  // while there is nothing to load; Load::commit asks by itself. REQUIRES: the thread that loads.
  virtual void check_still_there() {}
  // Where a source table stands here: under its own name, as Naming has it, unless another table of `others` could not
  // be told from it (names that differ by case alone), then with a stated, stable suffix; in `dataset`, or where that
  // is empty in a schema called as the source's.
  [[nodiscard]] virtual TargetName target_name(const std::string& dataset, const std::string& schema,
                                               const std::string& name,
                                               const std::vector<TableRecord>& others) const = 0;
  // The copy that readers see stands where a copy that is made now would, is called as that, and has the same metadata
  // columns. True where there is none.
  [[nodiscard]] virtual bool fits(const std::string& dataset, const TableRecord& table) const = 0;

  // Of these tables those whose place is taken: what stands under their target name was not made by this pipeline. It
  // is never touched: beginning or promoting a copy in spite of it is an Error.
  [[nodiscard]] virtual std::vector<TakenPlace> taken_places(const std::vector<TableRecord>& tables) = 0;
  // Of these tables, which have a target table, those whose target is not as their records say: it is missing, lacks a
  // column, has another type for one, or something else has its name. Columns and constraints that were added do not
  // count. Reads the catalog once for all of them. A destination that is open to be read answers too.
  [[nodiscard]] virtual std::vector<AlteredTarget> altered_targets(const std::vector<TableRecord>& tables) = 0;

  [[nodiscard]] virtual std::unique_ptr<Load> begin_load() = 0;
  // Throws Error(data) where a copy with these columns cannot stand here.
  virtual void check_copy(const TableSchema& schema) const = 0;
  // In a transaction of its own, before the load that needs it: an empty variant column hurts nobody.
  // Of a table in state `copying`: to its copy (CopyWriter), which is promoted in that load.
  virtual void prepare_variants(const TableRecord& table, const std::vector<std::string>& columns) = 0;
  // In a transaction of its own: columns of the schema that the table, which readers see, does not have yet.
  virtual void add_columns(const TableRecord& table, const TableSchema& schema) = 0;
  [[nodiscard]] virtual std::unique_ptr<CopyWriter> begin_copy(const TableRecord& table, const TableSchema& schema) = 0;
  // The same for many small tables at once, finished by one commit: all of them or none.
  virtual void copy_whole(const std::vector<WholeCopy>& tables) = 0;
  [[nodiscard]] virtual std::unique_ptr<ReadSession> open_read_session(const ReadOptions& options) = 0;
  [[nodiscard]] std::unique_ptr<ReadSession> open_read_session() { return open_read_session(ReadOptions{}); }
  // Drops the copies of these tables, finished or not, and forgets them, all in one transaction: records, staged
  // changes, versions of their schemas. Others and the checkpoint stay.
  virtual void drop_tables(const std::vector<TableRecord>& tables) = 0;
  // Drops what belongs to this pipeline in the destination: copies and state.
  virtual void reset() = 0;
  // The same but for what has no source: tables in state `loaded`, and their loads.
  virtual void reset_copies() = 0;
  // For people: "shop.duckdb".
  [[nodiscard]] virtual std::string name() const = 0;
};

// What Destination::open does where another use of this process holds the file. (Another process: see open.)
enum class FileBusy {
  wait,   // up to 30 s, then Error(destination)
  error,  // Error(destination) at once
};

// Uses of one owner share what is open: a query reads while a load writes. At most one of them writes.
using FileOwner = std::shared_ptr<const void>;

struct DestinationOptions {
  std::string url;           // duckdb:///absolute/or/relative/path.duckdb
  std::string pipeline;      // whose state
  bool read_only = false;    // for `status` and `sql` while no run is at work
  std::string memory_limit;  // DuckDB's own; "" = ours
  int threads = 0;           // 0 = DuckDB's default
  Naming naming = Naming::exact;
  Metadata metadata = Metadata::none;
  FileOwner owner = nullptr;  // nullptr: an owner of its own
  FileBusy busy = FileBusy::wait;
  // With read_only: others of the owner may come to write while this one still reads, so that the file is opened for
  // writing where it can be. Nothing is written by this one.
  bool shared_with_writers = false;
};

// While it lives, uses that this thread begins count as begun by `caller`, which waits for this thread: where the
// caller holds the file, waiting for it would never end, and Error(destination) is thrown at once.
class CalledFrom {
 public:
  explicit CalledFrom(std::thread::id caller);
  CalledFrom(const CalledFrom&) = delete;
  CalledFrom& operator=(const CalledFrom&) = delete;
  ~CalledFrom();

 private:
  std::thread::id before_;
};

// The file of a DuckDB destination, as an absolute path. Throws Error(configuration) for another scheme.
//   shop.duckdb, duckdb:shop.duckdb, duckdb:///shop.duckdb   in the current folder
//   /data/shop.duckdb, duckdb:////data/shop.duckdb           absolute
//   duckdb:///data/shop.duckdb    relative like the others; absolute only if ./data does not exist and /data does
[[nodiscard]] std::string file_path(const std::string& url);

// By the URL's scheme. Unknown: Error(configuration) with the known ones. Touches no file before Destination::open.
[[nodiscard]] std::unique_ptr<Destination> open_destination(const DestinationOptions& options);

}  // namespace walbrook::destination

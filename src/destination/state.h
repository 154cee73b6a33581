// The state of pipelines at a destination, as typed records.
//
// Records are written by Transaction::put, in the same transaction as the rows that they describe, and are durable once
// that transaction is committed. Destination::open and read_state read them. No fact is read back out of a sentence:
// reasons are for people.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/lsn.h"
#include "destination/selection.h"
#include "model/table_schema.h"
#include "model/transaction.h"
#include "output/disposition.h"

namespace walbrook::destination {

// The state of an output. It is part of the output's record, and durable with it. Replication sets every state except
// `loaded`, which a program's load sets.
enum class OutputState {
  pending,    // to be copied
  copying,    // a copy is under way; it starts again after a crash
  streaming,  // the target table equals the source at the checkpoint
  suspended,  // cannot continue (reason), or by request; not touched until it is copied again
  removed,    // no longer published, or dropped in the source; its target table stays
  loaded,     // has no source: a program writes it
  left_out,   // walbrook's own publication must not include its table (reason); its target stays, if it has one
};
[[nodiscard]] std::string_view to_string(OutputState state);
[[nodiscard]] OutputState parse_output_state(std::string_view text);  // throws Error(destination)
// A finished copy of an output in that state may still be swapped in.
[[nodiscard]] bool may_be_swapped_in(OutputState state);

// How target tables and their columns get their names.
enum class Naming {
  exact,       // as in the source
  snake_case,  // base/snake_case.h
};
// The metadata columns, which follow the source's columns in every target table.
enum class Metadata {
  none,
  walbrook,  // _lsn, _commit_ts
  dlt,       // lsn, deleted_ts, _dlt_load_id
};
[[nodiscard]] std::string_view to_string(Naming naming);
[[nodiscard]] std::string_view to_string(Metadata metadata);
// "" is the first of the listed values. Both throw Error(configuration) for any other text.
[[nodiscard]] Naming parse_naming(std::string_view text);      // "exact", "snake_case"
[[nodiscard]] Metadata parse_metadata(std::string_view text);  // "none", "walbrook", "dlt"

// What determines the columns of a target table besides the source's columns and their types.
struct TargetStyle {
  Naming naming = Naming::exact;
  Metadata metadata = Metadata::none;
  friend bool operator==(const TargetStyle&, const TargetStyle&) = default;
};

// The schema and name of a target table.
struct TargetName {
  std::string schema;
  std::string table;
  friend bool operator==(const TargetName&, const TargetName&) = default;
};

inline constexpr std::size_t most_truncates = 64;  // kept for a table; a forgotten one costs a resync at worst

// A table of the source. Its rows are in its outputs.
struct TableRecord {
  Oid oid = 0;         // for a partitioned table: the root's
  std::string schema;  // no two tables have the same schema and name
  std::string name;
  std::vector<std::uint32_t> truncates{};  // xids that truncated the whole table, the newest most_truncates
  // Both are set while the table has left the publication and still waits for changes that were published before that
  // (replication/core/leaving.h).
  std::uint64_t leaves_xid = 0;  // 0: it has not left
  Lsn leaves_at{};               // the checkpoint at which it has left; unset: not known yet
};

// Identifies an output for as long as the pipeline exists. A table that is dropped and created again keeps the ids of
// its outputs.
struct OutputId {
  std::uint32_t value = 0;  // 0: none
  friend auto operator<=>(const OutputId&, const OutputId&) = default;
};

// The columns that a described command gave a table.
struct AlteredColumns {
  TableSchemaRef columns;
  Lsn commit_lsn;  // of the command's transaction
};

// An output: a target table that is filled from one table of the source, or that a program writes. A table may have
// several outputs, each with its own state.
struct OutputRecord {
  OutputId id;
  Oid source = 0;      // the source table; 0: there is none (`loaded`), or none any more (`removed` after a rename)
  std::string schema;  // the table's schema and name in the source; without a source: those of its target
  std::string name;
  std::string role{};  // distinguishes the outputs of one table; "" = the table's main output
  Disposition disposition = Disposition::merge;
  std::string target_schema{};  // its target table in the destination, as readers see it
  std::string target_name{};
  OutputState state = OutputState::pending;
  Lsn snapshot_lsn{};  // the consistent point of its copy; unset before it is copied
  // Why it is suspended, removed or left_out, why a pending one is copied again, or which changes of a streaming one
  // are not followed.
  std::string reason{};
  // The source table's fingerprint (postgres/catalog/fingerprint.h) when the output's rows and the catalog were last
  // known to agree; empty = unknown. It is kept for each output, since outputs of one table may be copied at different
  // times.
  std::string fingerprint{};
  std::string suspect{};     // why rows may differ from the source although it is streaming; empty = no doubt
  TableSchemaRef columns{};  // the columns of the target's rows; nullptr before the first copy
  TargetStyle style{};       // the style of the target table that readers see
  // The run that began the output was asked not to copy its rows (--no-snapshot). It holds until a resync is requested:
  // nothing else copies the output.
  bool changes_only = false;
  // What is kept of a suspension besides its reason.
  struct Suspension {
    bool by_request = false;  // a user suspended it: only a request ends that (replication/core/table_request.h)
    // The rest belongs to replication/core/suspended_tables.h.
    std::uint32_t attempts = 0;  // new copies that were tried, one after the other
    WallTime retry_at{};         // when the next one is due; of a streaming output: see there. Unset: never
    friend bool operator==(const Suspension&, const Suspension&) = default;
  };
  Suspension suspension{};
  // Which rows are to be copied again while the output streams: a condition in the source's SQL, over columns of the
  // key (replication/core/part_request.h). Empty = none.
  std::string resync_where{};
  std::int64_t load_id = 0;  // the LoadRecord that will report the copy under way; not stored
  // The commands that the load at hand follows, in their order: each makes a version (destination/schema_versions.h).
  // Not stored as such.
  std::vector<AlteredColumns> altered{};

  [[nodiscard]] TargetName target() const { return {.schema = target_schema, .table = target_name}; }
  [[nodiscard]] bool has_source() const { return state != OutputState::loaded; }
};

// A user suspended the output.
[[nodiscard]] inline bool is_suspended_by_request(const OutputRecord& record) {
  return record.state == OutputState::suspended && record.suspension.by_request;
}

// Returns an id that no output of the pipeline has; ids are given in ascending order. `known` holds all of its outputs.
[[nodiscard]] OutputId next_output_id(const std::vector<OutputRecord>& known);

// How far a pipeline has come. A first checkpoint, without an LSN, is stored before the slot is created: a run that
// then finds the slot knows that it is the pipeline's own. The LSN is set when the first state is stored.
struct Checkpoint {
  std::string slot;
  std::string systemid;
  std::int64_t timeline = 0;  // the timeline of `lsn`
  Lsn lsn;
  // These four are as the last run knew them.
  std::string publication = {};
  std::string source = {};                    // the source database: "127.0.0.1:5432/shop"
  std::vector<SelectedTable> selection = {};  // the tables that the run was asked for; empty = all of the publication
  std::string origin = {};                    // "any" or "none": the origins that the stream was asked for
  // The last transaction below `lsn` that has published changes. xid 0: there is none since commit_lsn, which is set.
  // No commit_lsn: nothing is known.
  walbrook::Transaction last = {};
  // true: a run of the pipeline created it; false: somebody else did; nullopt: not known, since init_replication may
  // have.
  std::optional<bool> made_slot = {}, made_publication = {};
};

// Unset: nothing is durable yet.
[[nodiscard]] inline Lsn lsn_of(const std::optional<Checkpoint>& checkpoint) {
  return checkpoint ? checkpoint->lsn : Lsn{};
}

// A load: a batch, the tables that were copied together, or rows that a program wrote.
struct LoadRecord {
  std::int64_t id = 0;  // replaces the record with this id; 0 = the next free id
  Lsn first_commit;     // of a batch; unset for copies and for a program's rows
  Lsn last_commit;      // for copies: their consistent point; unset for a program's rows
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
  std::vector<OutputRecord> outputs;
  std::int64_t newest_load = 0;  // its id; 0 = none
  // The rest is for contradiction() alone.
  std::size_t checkpoints = 0;  // rows that are stored as this pipeline's checkpoint
  bool targets = false;         // target tables of outputs with a source exist in the destination
};

// ---- changes of the state -------------------------------------------------------------------------------------------

// Replaces the records that have the OID or the name of `table`.
struct PutTable {
  TableRecord table;
};
// Replaces the record with the same id. If the record is put as `pending`, `suspended`, `removed` or `left_out`, a
// finished copy of the output is dropped: nothing would ever swap it in.
struct PutOutput {
  OutputRecord output;
};
// Gives the target table's columns the descriptions of the record's columns. REQUIRES: the transaction has not changed
// rows of the output yet.
struct DescribeOutput {
  OutputRecord output;
};
struct PutCheckpoint {
  Checkpoint checkpoint;
};
struct PutLoad {
  LoadRecord load;
};
// Keeps changes of a prepared transaction of the source, byte for byte. Several for one transaction are kept in the
// order in which they were put. They are kept until they are dropped: the source does not send them again.
struct KeepPrepared {
  std::uint32_t xid = 0;
  std::string_view bytes;  // borrowed until put() returns
};
struct DropPrepared {
  std::uint32_t xid = 0;
};
using StateChange =
    std::variant<PutTable, PutOutput, DescribeOutput, PutCheckpoint, PutLoad, KeepPrepared, DropPrepared>;

}  // namespace walbrook::destination

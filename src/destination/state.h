// The state of pipelines at a destination, as typed records.
//
// It is written through a Transaction (put), in the transaction of the rows that it tells of, and read by
// Destination::open and read_state. No fact is carried in a sentence: reasons are for people.
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

// The state of an output's copy.
enum class OutputState {
  pending,    // to be copied
  copying,    // a copy under snapshot_lsn is under way (starts again after a crash)
  streaming,  // equals the source at the checkpoint
  suspended,  // with its reason; not touched until it is resynced
  removed,    // no longer published or dropped in the source; its target table stays
  loaded,     // has no source: a program wrote it
  left_out,   // walbrook's own publication must not publish its table (reason); its target stays, if it has one
};
[[nodiscard]] std::string_view to_string(OutputState state);
[[nodiscard]] OutputState parse_output_state(std::string_view text);  // throws Error(destination)

// How target tables and their columns are named.
enum class Naming {
  exact,       // as in the source
  snake_case,  // base/snake_case.h
};
// Which columns follow the source's in every target table.
enum class Metadata {
  none,
  walbrook,  // _lsn, _commit_ts
  dlt,       // lsn, deleted_ts, _dlt_load_id
};
[[nodiscard]] std::string_view to_string(Naming naming);
[[nodiscard]] std::string_view to_string(Metadata metadata);
[[nodiscard]] Naming parse_naming(std::string_view text);      // "exact", "snake_case"
[[nodiscard]] Metadata parse_metadata(std::string_view text);  // "none", "walbrook", "dlt"

// What the columns of a target table are besides the source's columns by their types.
struct TargetStyle {
  Naming naming = Naming::exact;
  Metadata metadata = Metadata::none;
  friend bool operator==(const TargetStyle&, const TargetStyle&) = default;
};

// Where a target table is.
struct TargetName {
  std::string schema;
  std::string table;
  friend bool operator==(const TargetName&, const TargetName&) = default;
};

inline constexpr std::size_t most_truncates = 64;  // kept of a table; what is forgotten costs a resync at worst

// What is known of one table of the source. Its rows are in its outputs.
struct TableRecord {
  Oid oid = 0;         // of a partitioned table: of the root
  std::string schema;  // no two tables have one name
  std::string name;
  std::vector<std::uint32_t> truncates{};  // transactions that truncated the whole table, the newest most_truncates
  // Set while the table has left the publication and still waits for changes that were published before
  // (replication/core/leaving.h).
  std::uint64_t leaves_xid = 0;  // 0: it has not left
  Lsn leaves_at{};               // unset: not known yet
};

// Names an output for as long as the pipeline lives. A table that is dropped and created again keeps those of its
// outputs.
struct OutputId {
  std::uint32_t value = 0;  // 0: none
  friend auto operator<=>(const OutputId&, const OutputId&) = default;
};

// An output: what one table of the source becomes in one place, or what a program writes there. A table may have
// several, each with a state of its own.
struct OutputRecord {
  OutputId id;
  Oid source = 0;      // the table of the source; 0: it has none (`loaded`), or none any more (`removed`: renamed)
  std::string schema;  // the table's name in the source; of an output without a source that of its target
  std::string name;
  std::string role{};  // tells the outputs of one table apart; "" = the table's own
  Disposition disposition = Disposition::merge;
  std::string target_schema{};  // in the destination, as the user reads it
  std::string target_name{};
  OutputState state = OutputState::pending;
  Lsn snapshot_lsn{};    // the copy's consistent point; unset before
  std::string reason{};  // of suspended, removed and left_out; why a pending one is copied again
  // Of the source table (postgres/catalog/fingerprint.h), when the output's rows and the catalog were last known to
  // agree; empty = unknown. Outputs of one table were copied at different times.
  std::string fingerprint{};
  std::string suspect{};     // why rows may differ from the source although it is streaming; empty = they do not
  TableSchemaRef columns{};  // what the target's rows look like; nullptr before the first copy
  TargetStyle style{};       // of the target table that readers see
  // The run that began it was asked not to copy its rows (--no-snapshot). Holds until a resync is requested: nothing
  // else copies it.
  bool changes_only = false;
  std::int64_t load_id = 0;  // under which the copy under way will be reported (LoadRecord); not stored

  [[nodiscard]] TargetName target() const { return {.schema = target_schema, .table = target_name}; }
  [[nodiscard]] bool has_source() const { return state != OutputState::loaded; }
};

// An id that no output of a pipeline has; `known`: all of them. They are given in ascending order.
[[nodiscard]] OutputId next_output_id(const std::vector<OutputRecord>& known);

// How far a pipeline has come. Its LSN is unset from before the slot is created until the first state is stored: a run
// that finds the slot then knows it for its own.
struct Checkpoint {
  std::string slot;
  std::string systemid;
  std::int64_t timeline = 0;  // that `lsn` lies on
  Lsn lsn;
  // As the last run knew them.
  std::string publication = {};
  std::string source = {};                    // where it is: "127.0.0.1:5432/shop"
  std::vector<SelectedTable> selection = {};  // the tables it was asked for; empty = all of the publication
  std::string origin = {};                    // "any", "none": which transactions the stream was asked for
  // The last transaction below `lsn` with published changes, without its end_lsn. With xid 0: there is none since
  // commit_lsn, which is set. Without a commit_lsn nothing is known.
  walbrook::Transaction last = {};
  // The pipeline's run created them; false: somebody else did. nullopt: not known, init_replication may have.
  std::optional<bool> made_slot = {}, made_publication = {};
};

// One load: of a batch, of the tables that were copied together, or of rows that a program wrote.
struct LoadRecord {
  std::int64_t id = 0;  // replaces the record that has it; 0 = the next one
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
  std::vector<OutputRecord> outputs;
  std::int64_t newest_load = 0;  // its id; 0 = none
  // For contradiction() alone.
  std::size_t checkpoints = 0;  // rows that claim to be this pipeline's checkpoint
  bool targets = false;         // target tables of outputs with a source exist in the destination
};

// ---- changes of the state -------------------------------------------------------------------------------------------

// Replaces the records of tables that have its OID or its name.
struct PutTable {
  TableRecord table;
};
// Replaces the record of the same id. A finished copy of an output that is put as `pending`, `suspended`, `removed`
// or `left_out` goes: nothing would ever swap it in.
struct PutOutput {
  OutputRecord output;
};
// The target table's columns get the descriptions of the record's columns. REQUIRES: the transaction has not changed
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
// Changes of a prepared transaction of the source, verbatim; several of one transaction are kept in the order in which
// they were put. They are kept until dropped: the source does not send them again.
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

// Copies tables as one exported snapshot shows them. https://www.postgresql.org/docs/current/sql-copy.html
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stop_token>

#include "base/error.h"
#include "model/row_batch.h"
#include "model/type_definition.h"
#include "postgres/protocol/copy_rows.h"
#include "postgres/slot/slot.h"
#include "postgres/snapshot/part_condition.h"

namespace walbrook::postgres {

enum class CopyFormat { binary_where_possible, text };

// A temporary slot and the snapshot that its creation exported. As long as the slot exists, the server keeps its WAL
// from the consistent point on. Once a transaction has imported the snapshot, the snapshot no longer needs the slot. An
// example:
//
//   walsender   CREATE_REPLICATION_SLOT … TEMPORARY … (SNAPSHOT 'export')   → consistent point 0/50, snapshot A
//   reader 1    BEGIN; SET TRANSACTION SNAPSHOT 'A'; pg_export_snapshot()    → snapshot B, the same rows
//   walsender   DROP_REPLICATION_SLOT, disconnect                           A can no longer be imported
//   reader 2    BEGIN; SET TRANSACTION SNAPSHOT 'B'                         while reader 1's transaction lasts
//
// Tried on 14 to 18: readers 1 and 2 see what A showed, whatever is committed and vacuumed in the meantime. After the
// disconnect the readers' transactions hold back the xmin horizon, and nothing holds back WAL.
class SnapshotSource {
 public:
  // Creates the slot, and waits for open writers as `wait` specifies. Checks the connection against `server` unless
  // that is nullptr. Throws WritersStayOpen.
  SnapshotSource(const Endpoint& endpoint, const SlotWait& wait, std::stop_token stop, KnownServer* server = nullptr);

  // Y: changes whose commit_lsn is at or after this position are not in the snapshot; all others are.
  [[nodiscard]] Lsn consistent_point() const { return created_.consistent_point; }
  // The snapshot can be imported under this name until the slot is dropped.
  [[nodiscard]] const std::string& name() const { return created_.snapshot_name; }
  // Drops the slot and closes the connection that created it. Does not throw. Call it once a reader has imported the
  // snapshot.
  void drop_slot();

 private:
  std::optional<Connection> replication_;  // until the slot is dropped
  CreatedSlot created_;
};

// A range of pages of a table's file: the rows stored on `first` and later pages, before `end`.
struct PageRange {
  std::uint64_t first = 0;
  std::optional<std::uint64_t> end;  // nullopt: to the end of the file
};

struct CopyOptions {
  CopyFormat format = CopyFormat::binary_where_possible;
  std::size_t batch_bytes = 8 << 20;  // a batch is handed over when it holds this much
  std::size_t batch_rows = 100'000;
  std::optional<PageRange> pages;  // copies only these (14+); not for a partitioned table
  std::string condition{};         // copies only rows that satisfy this SQL; empty = all
};

// One worker's connection inside the snapshot. After any result of `prepare`, and after any Error that leaves it
// `usable`, it can be used for another table, and again for the same one. A stale table remains stale in this snapshot.
class SnapshotReader {
 public:
  SnapshotReader(const Endpoint& endpoint, const std::string& snapshot_name, KnownServer* server = nullptr);

  // Returns a name by which other readers can import the same snapshot, as long as this reader lives.
  // REQUIRES: no table is prepared.
  [[nodiscard]] std::string export_snapshot();
  // Returns the oldest transaction that was open when the snapshot was taken. VACUUM removes nothing that this or a
  // later transaction deleted.
  [[nodiscard]] std::string xmin();
  // Returns false if the connection is lost, and the snapshot with it, or if it is still busy with an abandoned COPY.
  [[nodiscard]] bool usable() const;

  enum class Readiness {
    ready,
    stale,  // rewritten, or its columns, name or partitions changed, since the snapshot was taken: take a new snapshot
    gone,   // it was dropped
  };
  // Locks the table (ACCESS SHARE, held until the next `prepare` or the end of the reader), and waits for sessions that
  // alter it. Compares its filenode with the snapshot's, and reads its schema in the snapshot. Throws
  // Error(permission_denied) if row security would hide rows or the role may not SELECT.
  Readiness prepare(const SourceTable& table, TypeCatalog& types, const ValueLimits& limits);
  // Returns the present length of the table's own file in pages, or 0 if the table is gone.
  [[nodiscard]] std::uint64_t pages(const SourceTable& table);
  // Returns what its columns' types consist of. REQUIRES: a table is prepared.
  [[nodiscard]] std::vector<TypeDefinition> type_definitions();
  // The schema of the prepared table.
  [[nodiscard]] const TableSchemaRef& schema() const { return schema_; }
  // The attribute numbers of its columns.
  [[nodiscard]] const std::vector<std::int32_t>& numbers() const { return numbers_; }

  // Copies the prepared table. `sink` receives batches of `insert` rows (transaction index 0), each with the number of
  // bytes that it took on the wire. Column lists and row filters of the publication are respected. Throws Error(data)
  // with table and column if a value cannot be parsed, and CopyNeedsText. `stop` ends the copy with an Error within a
  // second.
  void copy(const CopyOptions& options, const std::function<void(RowBatch, std::size_t wire_bytes)>& sink,
            std::stop_token stop);
  // Passes those of `keys` that satisfy the condition to `sink`: rows of the prepared table in which all other columns
  // are NULL.
  void copy_keys(const KeyTexts& keys, const std::string& condition,
                 const std::function<void(RowBatch, std::size_t wire_bytes)>& sink, std::stop_token stop);

 private:
  void take_over(const std::string& snapshot_name);
  [[nodiscard]] bool exists_now(const SourceTable& table);
  // Returns nullopt if the table can be copied.
  [[nodiscard]] std::optional<Readiness> lock(const SourceTable& table, const TableSchema& schema,
                                              const std::map<std::string, int>& attribute_numbers, TypeCatalog& types);
  [[nodiscard]] bool rewritten(const SourceTable& table);
  [[nodiscard]] Error no_right(const SourceTable& table, const Error& refused);
  [[nodiscard]] std::string column_list() const;
  [[nodiscard]] std::string copy_sql(bool binary, const CopyOptions& options) const;
  void copy_statement(const std::string& sql, bool binary, const CopyOptions& options,
                      const std::function<void(RowBatch, std::size_t wire_bytes)>& sink, const std::stop_token& stop);
  void receive_rows(class CopyRows& rows, const CopyOptions& options,
                    const std::function<void(RowBatch, std::size_t wire_bytes)>& sink, const std::stop_token& stop);

  Connection connection_;
  SourceTable table_;
  TableSchemaRef schema_;
  std::vector<std::int32_t> numbers_;
  std::vector<SourceType> types_;  // of schema_->columns
  ParseOptions parsing_;
};

}  // namespace walbrook::postgres

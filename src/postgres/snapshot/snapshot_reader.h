// Copies tables as one exported snapshot sees them. https://www.postgresql.org/docs/current/sql-copy.html
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stop_token>

#include "base/error.h"
#include "model/row_batch.h"
#include "postgres/protocol/copy_rows.h"
#include "postgres/slot/slot.h"

namespace walbrook::postgres {

enum class CopyFormat { binary_where_possible, text };

// A temporary slot and the snapshot that its creation exported. As long as the slot stands, the server keeps its WAL
// from the consistent point on; the snapshot needs it no longer once a transaction has taken it over. Worked:
//
//   walsender   CREATE_REPLICATION_SLOT … TEMPORARY … (SNAPSHOT 'export')   → consistent point 0/50, snapshot A
//   reader 1    BEGIN; SET TRANSACTION SNAPSHOT 'A'; pg_export_snapshot()    → snapshot B, the same rows
//   walsender   DROP_REPLICATION_SLOT, disconnect                           A cannot be taken over any more
//   reader 2    BEGIN; SET TRANSACTION SNAPSHOT 'B'                         while reader 1's transaction lasts
//
// Tried on 14 to 18: reader 1 and 2 see what A showed, whatever is committed and vacuumed meanwhile. From then on the
// readers' transactions hold the xmin horizon, and nothing holds WAL.
class SnapshotSource {
 public:
  // Waits for open writers as `wait` says. The connection is compared with `server` unless that is nullptr. Throws
  // WritersStayOpen.
  SnapshotSource(const Endpoint& endpoint, const SlotWait& wait, std::stop_token stop, KnownServer* server = nullptr);

  // Y: changes whose commit_lsn is >= this are not in the snapshot, all others are.
  [[nodiscard]] Lsn consistent_point() const { return created_.consistent_point; }
  // Can be taken over until the slot is dropped.
  [[nodiscard]] const std::string& name() const { return created_.snapshot_name; }
  // A reader has taken the snapshot over: the slot goes, and the connection that made it. Does not throw.
  void drop_slot();

 private:
  std::optional<Connection> replication_;  // until the slot is dropped
  CreatedSlot created_;
};

// Pages of a table's file: rows that stand on `first` and before `end`.
struct PageRange {
  std::uint64_t first = 0;
  std::optional<std::uint64_t> end;  // nullopt: to the end of the file
};

struct CopyOptions {
  CopyFormat format = CopyFormat::binary_where_possible;
  std::size_t batch_bytes = 8 << 20;  // a batch is handed over when it holds that much
  std::size_t batch_rows = 100'000;
  std::optional<PageRange> pages;  // only these (14+); not of a partitioned table
};

// One worker's connection inside the snapshot. After any answer of `prepare`, and after any Error that leaves it
// `usable`, it can be used for another table, and again for the same; what is stale stays stale in this snapshot.
class SnapshotReader {
 public:
  SnapshotReader(const Endpoint& endpoint, const std::string& snapshot_name, KnownServer* server = nullptr);

  // A name by which other readers take the same snapshot over, as long as this reader lives.
  // REQUIRES: no table is prepared.
  [[nodiscard]] std::string export_snapshot();
  // The oldest transaction that was open for the snapshot: VACUUM removes nothing that one from there on deleted.
  [[nodiscard]] std::string xmin();
  // False: the connection is lost, and the snapshot with it; or it is still busy with a COPY that was given up.
  [[nodiscard]] bool usable() const;

  enum class Readiness {
    ready,
    stale,  // rewritten, or its columns, name or partitions changed, since the snapshot was taken: take a new snapshot
    gone,   // it was dropped
  };
  // Locks the table (ACCESS SHARE, held until the next `prepare` or the end), waiting for whoever alters it; compares
  // its filenode with the snapshot's, and reads its schema in the snapshot. Row security that would hide rows, and a
  // missing SELECT right, are Errors.
  Readiness prepare(const SourceTable& table, TypeCatalog& types, const ValueLimits& limits);
  // The length of the table's own file in pages, as it is now; 0 when it is gone.
  [[nodiscard]] std::uint64_t pages(const SourceTable& table);
  // Of the prepared table.
  [[nodiscard]] const TableSchemaRef& schema() const { return schema_; }

  // COPY of the prepared table; `sink` gets batches of `insert` rows (transaction index 0) and the wire bytes that they
  // took. Column lists and row filters of the publication are respected. A value that cannot be parsed is an
  // Error(data) with table and column; CopyNeedsText. `stop` ends it with an Error within a second.
  void copy(const CopyOptions& options, const std::function<void(RowBatch, std::size_t wire_bytes)>& sink,
            std::stop_token stop);

 private:
  void take_over(const std::string& snapshot_name);
  [[nodiscard]] bool exists_now(const SourceTable& table);
  // nullopt: the table can be copied.
  [[nodiscard]] std::optional<Readiness> lock(const SourceTable& table, const TableSchema& schema,
                                              const std::map<std::string, int>& attribute_numbers, TypeCatalog& types);
  [[nodiscard]] bool rewritten(const SourceTable& table);
  [[nodiscard]] Error no_right(const SourceTable& table, const Error& refused);
  [[nodiscard]] std::string column_list() const;
  [[nodiscard]] std::string copy_sql(bool binary, const std::optional<PageRange>& pages) const;
  void receive_rows(class CopyRows& rows, const CopyOptions& options,
                    const std::function<void(RowBatch, std::size_t wire_bytes)>& sink, const std::stop_token& stop);

  Connection connection_;
  SourceTable table_;
  TableSchemaRef schema_;
  std::vector<SourceType> types_;  // of schema_->columns
  ParseOptions parsing_;
};

}  // namespace walbrook::postgres

// The engine's parts over a real destination, a DuckDB file in a new folder: table sync, apply and loader as a run puts
// them together, without a source. The test writes down what the catalog would show and what the stream would bring,
// and copies tables itself, as the table copier would.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "destination/open_destination.h"
#include "model/batch.h"
#include "replication/core/table_changes.h"
#include "test/contract/rows.h"
#include "test/support/memory_spool.h"

namespace walbrook::replication {

using contract::Cell;
using contract::Null;
using contract::Unchanged;
using Cells = std::vector<Cell>;
using Lines = std::vector<std::string>;

inline constexpr Oid items_oid = 16400, others_oid = 16500;

// A table as the stream describes it: (id int4 key, note text), unless a test sets other columns.
[[nodiscard]] TableSchemaRef items(Oid oid = items_oid, const std::string& name = "items");

// The relevant parts of a fingerprint: the table's file, the row version of its pg_class row, and how the publication
// includes it ('a': all tables).
struct Print {
  Oid file = 1;
  std::uint32_t written = 500;
  char reach = 'n';
  std::string publication = "p1";
};

// Returns the table as the catalog shows it.
[[nodiscard]] postgres::SourceTable in_catalog(const TableSchemaRef& schema, const Print& print = {});
// The attribute numbers that the columns have there.
[[nodiscard]] std::vector<std::int32_t> attribute_numbers(const TableSchema& schema);
[[nodiscard]] postgres::Publication published(std::vector<postgres::SourceTable> tables,
                                              std::uint64_t position = 0x1000);

// Changes as the assembler would pass them on. Every method returns the object itself.
class Changes {
 public:
  // Begins a transaction, to which the following changes belong. Its commit record is 8 bytes long.
  Changes& transaction(std::uint32_t xid, std::uint64_t commit_lsn);
  Changes& insert(const TableSchemaRef& schema, const Cells& row) { return add(schema, Op::insert, row); }
  Changes& before(const TableSchemaRef& schema, const Cells& row) { return add(schema, Op::before, row); }
  Changes& update(const TableSchemaRef& schema, const Cells& row) { return add(schema, Op::update, row); }
  Changes& remove(const TableSchemaRef& schema, const Cells& row) { return add(schema, Op::remove, row); }
  Changes& truncate(const std::vector<TableSchemaRef>& tables);
  // Inserts the parts of transaction `xid` that were spooled, or stored when it was prepared.
  Changes& earlier_parts(std::uint32_t xid, bool prepared = false, std::vector<std::uint32_t> aborted = {});

  [[nodiscard]] CommitBatch commits();
  [[nodiscard]] TransactionPart part(std::uint32_t xid);         // of an open transaction
  [[nodiscard]] PreparedTransaction prepare(std::uint32_t xid);  // the rest of a prepared one

 private:
  Changes& add(const TableSchemaRef& schema, Op op, const Cells& row);
  [[nodiscard]] std::uint32_t current() const { return static_cast<std::uint32_t>(changes_.transactions.size() - 1); }
  GatheredChanges changes_;
};

class EngineCase : public ::testing::Test {
 protected:
  EngineCase();
  EngineCase(const EngineCase&) = delete;
  EngineCase& operator=(const EngineCase&) = delete;
  ~EngineCase() override;

  // Opens the destination and creates a TableSync from its records, as a new process would. Its spool is empty.
  void begin(TableSyncOptions options = {});
  void close();
  [[nodiscard]] destination::Destination& destination() { return *destination_; }
  [[nodiscard]] TableSync& sync() { return *sync_; }
  [[nodiscard]] test::MemorySpool& spool() { return *spool_; }
  [[nodiscard]] std::filesystem::path file() const { return folder_ / "copy.duckdb"; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  // Uses another destination than a DuckDB file. REQUIRES: begin() was not called.
  void use(std::string url) { url_ = std::move(url); }

  // Passes on what the catalog shows, and stores what changed, as the loader does.
  RecordChanges see(const postgres::Publication& publication, std::uint64_t reached = 0x1000);
  void store(const RecordChanges& changes);
  void store(const std::vector<OutputRecord>& records) { store(RecordChanges{.tables = {}, .outputs = records}); }
  // Copies `rows` for the table and records the copy, as table copier and loader do. REQUIRES: the table is `copying`.
  void copy(Oid table, const TableSchemaRef& schema, const std::vector<Cells>& rows, std::uint64_t consistent_point);
  // Creates a published table in state `streaming`, with these rows.
  void stream(const TableSchemaRef& schema, const std::vector<Cells>& rows = {},
              std::uint64_t consistent_point = 0x100);
  // Each of these runs in a load that is committed.
  void apply(const CommitBatch& batch);
  void swap_in(Oid table);

  // Returns the output of a table that has only one.
  [[nodiscard]] SyncedOutput& output(Oid table) { return sync_->find(table)->outputs.at(0); }
  [[nodiscard]] const OutputRecord& record(Oid table) { return output(table).record; }
  [[nodiscard]] OutputState state_of(Oid table) { return record(table).state; }
  // Returns the stored output of the table of that name in schema public of the source; nullopt: there is none.
  [[nodiscard]] std::optional<OutputRecord> stored(const std::string& table);
  // Returns what readers see of the table, ordered by its first column: cells joined by '|', NULL as "-". Throws Error
  // if the table does not exist.
  [[nodiscard]] Lines rows(const std::string& target, const std::string& columns = "id, note");
  [[nodiscard]] bool is_there(const std::string& target);

 private:
  std::filesystem::path folder_;
  std::string url_;  // of the destination
  std::unique_ptr<destination::Destination> destination_;
  std::optional<TableSync> sync_;
  std::optional<test::MemorySpool> spool_;
  std::int64_t loads_ = 0;
};

}  // namespace walbrook::replication

// Copies of tables. Each is a table named `_walbrook_copy_<output>`, in the target's schema, until it is swapped in.
//
// A copy has its own connection. The copy of one table is committed every now and then, so that DuckDB writes the rows
// into the file as they come, and the copy's use of memory and log is bounded. The copy of several small tables is one
// transaction, unless their rows are many. _walbrook.targets distinguishes unfinished copies from finished ones.
//
// Where transactions that overlap conflict by table (DatabaseTraits::state_per_pipeline), the records are written by
// short transactions of their own, which are tried again after a conflict: rows that were copied are not lost by one.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "destination/copy_writer.h"
#include "destination/duckdb/chunk_writer.h"
#include "destination/duckdb/enum_columns.h"
#include "destination/duckdb/relation_names.h"
#include "destination/duckdb/state.h"
#include "destination/target_difference.h"

namespace walbrook::destination::duckdb {

// Adds the overflow column of `source` to the table if it has none, in the connection's open transaction.
void add_overflow_column(Connection& connection, StateTables& state, TargetRecord& record, const std::string& source);

// Sets the comments of the target's columns to their descriptions, in the connection's open transaction. A column
// without a description loses its comment.
void describe_columns(Connection& connection, const Target& target, const TableSchema& columns);

// A table or view that has the target's name.
[[nodiscard]] std::optional<NameConflict> find_name_conflict(Connection& connection, RelationNames& names,
                                                             StateTables& state, const std::string& pipeline,
                                                             const OutputRecord& output);

class Copy final : public CopyWriter {
 public:
  // Replaces older copies of the same outputs. `beginning` is a lock that every creator of copies holds: two
  // transactions cannot create the same schema. Borrows `enums`.
  Copy(std::shared_ptr<Database> database, const std::string& pipeline, std::span<const CopyTarget> outputs,
       const EnumTypes& enums, std::unique_lock<std::mutex> beginning);
  ~Copy() override;

  void append(std::size_t index, const RowBatch& rows) override;
  void finish() override;

 private:
  struct CopiedOutput {
    TableSchemaRef schema;
    Provenance provenance;
    TargetRecord record;
    std::unique_ptr<EnumColumns> enum_columns;  // nullptr: it has none
    std::unique_ptr<ChunkWriter> writer;
  };

  void create(std::span<const CopyTarget> outputs);
  void close_writers();
  void commit_rows();
  [[nodiscard]] bool stores_records_alone() const;
  [[nodiscard]] bool commits_each_batch() const;
  void append_alone(CopiedOutput& copied, const RowBatch& rows);
  void add_overflow_alone(CopiedOutput& copied, const std::string& source);
  void put_records();
  void put_record(const TargetRecord& record);
  void add_overflow_columns(CopiedOutput& copied, const RowBatch& rows);
  void add_labels(CopiedOutput& copied, const RowBatch& rows);
  [[nodiscard]] std::string label() const;

  Connection connection_;
  std::string pipeline_;
  StateTables state_;
  const EnumTypes& enums_;
  std::unique_lock<std::mutex> beginning_;  // held until the created tables are committed
  std::vector<CopiedOutput> copied_;
  CopiedOutput* writing_ = nullptr;  // the output that has a writer
  std::size_t uncommitted_bytes_ = 0;
  std::size_t uncommitted_rows_ = 0;
  bool finished_ = false;
};

// Drops the table and its record, in the connection's open transaction.
void drop_target(Connection& connection, StateTables& state, const Target& target);

}  // namespace walbrook::destination::duckdb

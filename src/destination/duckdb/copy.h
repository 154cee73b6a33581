// Rows of copied tables, each in a table of its own (`_walbrook_copy_<output>` in the target's schema) until it is
// swapped in.
//
// A connection of its own. The copy of one table is committed every now and then: so DuckDB writes the rows into the
// file as they come, and what a copy holds in memory and in the log has a bound. The copy of several small tables is
// one transaction, unless their rows are many. _walbrook.targets tells an unfinished copy from a finished one.
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
#include "destination/duckdb/relation_names.h"
#include "destination/duckdb/state.h"

namespace walbrook::destination::duckdb {

// Adds the overflow column of `source` to the table, where it has none, in the connection's open transaction.
void add_overflow_column(Connection& connection, StateTables& state, TargetRecord& record, const std::string& source);

// Columns get their descriptions as comments, in the connection's open transaction; those without one lose theirs.
void describe_columns(Connection& connection, const Target& target, const TableSchema& columns);

// The table or view under the target's name that this pipeline did not make; nullopt: there is none.
struct NameConflict {
  std::string reason;
  Remedy hint;
};
[[nodiscard]] std::optional<NameConflict> find_name_conflict(Connection& connection, RelationNames& names,
                                                             StateTables& state, const std::string& pipeline,
                                                             const OutputRecord& output);
// Throws Error(destination) where there is one.
void check_owner(Connection& connection, RelationNames& names, StateTables& state, const std::string& pipeline,
                 const OutputRecord& output);

class Copy final : public CopyWriter {
 public:
  // Takes the place of older copies of the same outputs. `beginning` is held by whoever creates copies: two
  // transactions cannot create the same schema.
  Copy(std::shared_ptr<Database> database, const std::string& pipeline, std::span<const CopyTarget> outputs,
       std::unique_lock<std::mutex> beginning);
  ~Copy() override;

  void append(std::size_t index, const RowBatch& rows) override;
  void finish() override;

 private:
  struct CopiedOutput {
    TableSchemaRef schema;
    Provenance provenance;
    TargetRecord record;
    std::unique_ptr<ChunkWriter> writer;
  };

  void create(std::span<const CopyTarget> outputs);
  void close_writers();
  void commit_rows();
  void add_overflow_columns(CopiedOutput& copied, const RowBatch& rows);
  [[nodiscard]] std::string label() const;

  Connection connection_;
  std::string pipeline_;
  StateTables state_;
  std::unique_lock<std::mutex> beginning_;  // until the created tables are committed
  std::vector<CopiedOutput> copied_;
  CopiedOutput* writing_ = nullptr;  // the one that has a writer
  std::size_t uncommitted_bytes_ = 0;
  std::size_t uncommitted_rows_ = 0;
  bool finished_ = false;
};

// Drops the table and forgets it, in the connection's open transaction.
void drop_target(Connection& connection, StateTables& state, const Target& target);

}  // namespace walbrook::destination::duckdb

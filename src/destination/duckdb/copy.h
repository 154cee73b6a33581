// Rows of one table's copy, in a table of its own (`_walbrook_copy_<oid>` in the target's schema) until it is promoted.
//
// A connection of its own, committed every now and then: so DuckDB writes the rows into the file as they come, and what
// a copy holds in memory and in the log has a bound. _walbrook.targets tells an unfinished copy from a finished one.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "destination/destination.h"
#include "destination/duckdb/chunk_writer.h"
#include "destination/duckdb/relation_names.h"
#include "destination/duckdb/state.h"

namespace walbrook::destination::duckdb {

// Whose copies are made, and how.
struct CopyOwner {
  std::string pipeline;
  TargetStyle style;
};

// Adds the variant column of `source` to the table, where it has none, in the connection's open transaction.
void add_variant_column(Connection& connection, StateTables& state, TargetRecord& record, const std::string& source);

// Columns get their descriptions as comments, in the connection's open transaction; those without one lose theirs.
void describe_columns(Connection& connection, const Target& target, const TableSchema& columns);

// What there is to say of a table or view under the target's name that this pipeline did not make; nullopt: none is.
[[nodiscard]] std::optional<Error> stranger_in_place(Connection& connection, RelationNames& names, StateTables& state,
                                                     const std::string& pipeline, const TableRecord& table);
// Throws it, as Error(destination).
void check_owner(Connection& connection, RelationNames& names, StateTables& state, const std::string& pipeline,
                 const TableRecord& table);

// Small tables, each with all its rows, in one transaction. Not at the same time as another copy begins.
void copy_whole(const std::shared_ptr<Database>& database, const CopyOwner& owner,
                const std::vector<WholeCopy>& tables);

class Copy final : public CopyWriter {
 public:
  // Takes the place of an older copy of the same table. Not at the same time as another copy begins.
  Copy(std::shared_ptr<Database> database, const CopyOwner& owner, const TableRecord& table, const TableSchema& schema);
  ~Copy() override;

  void append(const RowBatch& rows) override;
  std::uint64_t keep_last(const std::vector<std::string>& key) override;
  void finish() override;

 private:
  void commit_rows();
  void prepare_variants(const RowBatch& rows);

  Connection connection_;
  StateTables state_;
  TableSchemaRef schema_;
  Provenance provenance_;
  TargetRecord record_;
  std::unique_ptr<ChunkWriter> writer_;
  std::size_t uncommitted_bytes_ = 0;
  std::size_t uncommitted_rows_ = 0;
  bool finished_ = false;
};

// Drops the table and forgets it, in the connection's open transaction.
void drop_target(Connection& connection, StateTables& state, const Target& target);

}  // namespace walbrook::destination::duckdb

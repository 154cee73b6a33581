// Copies of tables. Each is a table named `_walbrook_copy_<pipeline>_<output>`, in the target's schema, until it is
// swapped in.
//
// A copy has its own session and is one transaction: a copy that is not finished leaves nothing, and the server writes
// the rows of a table that is new in the transaction frozen.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "destination/copy_writer.h"
#include "destination/postgres/row_text.h"
#include "destination/postgres/server.h"
#include "destination/postgres/state.h"
#include "destination/postgres/target_key.h"

namespace walbrook::destination::postgresql {

class Copy final : public CopyWriter {
 public:
  // Replaces older copies of the same outputs. Tables of a source get their key in that form; those of a program get a
  // primary key, because the program has declared it. Borrows the server.
  Copy(Server& server, std::span<const CopyTarget> outputs, KeyForm key);
  ~Copy() override;

  void append(std::size_t index, const RowBatch& rows) override;
  void finish() override;

 private:
  struct CopiedOutput {
    TableSchemaRef schema;
    Provenance provenance;
    TargetRecord record;
    std::optional<RowText> text;
  };

  void create_schemas(std::span<const CopyTarget> outputs);
  void create(const CopyTarget& target);
  void begin_rows(CopiedOutput& copied);
  void end_rows();
  void add_overflow_columns(CopiedOutput& copied, const RowBatch& rows);

  Server& server_;
  KeyForm key_;
  std::unique_ptr<Session> session_;
  std::shared_ptr<const ServerTypes> types_;
  StateTables state_;
  std::vector<CopiedOutput> copied_;
  CopiedOutput* writing_ = nullptr;  // the output whose COPY is open
  std::unique_ptr<postgres::CopyIn> rows_;
};

// Returns the name of the output's copy. Copies of different pipelines may be in one schema, and do not see each other
// before they are committed.
[[nodiscard]] std::string copy_name(const std::string& pipeline, OutputId output);
// Adds the overflow column of `source` to the table if it has none. Returns whether it did.
bool add_overflow_column(Session& session, Target& target, const std::string& source);
// Sets the comments of the target's columns to their descriptions. A column without one loses its comment.
void describe_columns(Session& session, const Target& target, const TableSchema& columns);
// Drops the table and its record.
void drop_target(Session& session, StateTables& state, const Target& target);

}  // namespace walbrook::destination::postgresql

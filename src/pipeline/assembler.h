// Messages to load packages. Pure: no I/O, clock or thread; the types of user-defined columns come through TypeCatalog.
//
// Rows are parsed straight from the frame into the open package's batches. Two bounds close a package: bytes and rows.
// An open transaction that alone exceeds them leaves in parts (PackageKind::part), and the package with its commit
// names them. `cut` hands out whole commits only; the rows of a transaction that is still open move to the next
// package.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "package/load_package.h"
#include "pgoutput/decoder.h"
#include "pgoutput/values.h"
#include "pipeline/table_groups.h"

namespace walbrook::pipeline {

// The server sent a value in a binary form that has no parser here: the stream must be asked for in text.
class NeedsText : public Error {
 public:
  using Error::Error;
};

struct AssemblerOptions {
  ValueLimits limits{};
  std::size_t package_bytes = 32U << 20U;
  std::size_t package_rows = 1'000'000;
  Lsn checkpoint;            // commits with commit_lsn below it are durable already and skipped
  std::optional<Lsn> until;  // commits with commit_lsn at or above it are not taken
};

class Assembler {
 public:
  Assembler(const AssemblerOptions& options, TypeCatalog& types, const TableGroups& groups);

  // One frame of the stream. Throws Error(protocol), NeedsText.
  void feed(std::string_view frame);
  // A package that has to leave before the next frame is fed: the open one is full, or a part of an open transaction.
  [[nodiscard]] std::optional<LoadPackage> take_due();
  // All whole commits that are there; nullopt when there are none.
  [[nodiscard]] std::optional<LoadPackage> cut();

  [[nodiscard]] bool in_transaction() const { return in_transaction_; }
  [[nodiscard]] bool has_commits() const { return commits_ > 0; }
  // Commit time of the oldest commit that was not cut yet; 0 when there is none.
  [[nodiscard]] std::int64_t oldest_commit_time() const {
    return commits_ > 0 ? package_.transactions.front().commit_time : 0;
  }
  // end_lsn of the last commit that was seen, taken or not.
  [[nodiscard]] Lsn position() const { return position_; }
  // A commit at or above `until` was seen: nothing more will be taken.
  [[nodiscard]] bool reached_until() const { return reached_until_; }

 private:
  struct RelationState {
    TableSchemaRef schema;
    std::vector<pgoutput::Parsers> parsers;
    Oid group = 0;
    std::size_t row_width = 0;  // memory of a row beside its variable-width bytes
    bool in_trouble = false;
  };
  struct OpenBatch {
    std::size_t step;
    const TableSchema* schema;
  };

  void on(const pgoutput::Begin& begin);
  void on(const pgoutput::Commit& commit);
  void on(const pgoutput::Relation& relation);
  void on(const pgoutput::Insert& insert);
  void on(const pgoutput::Update& update);
  void on(const pgoutput::Delete& remove);
  void on(const pgoutput::Truncate& truncate);
  void on(const pgoutput::Origin& /*origin*/) {}
  void on(const pgoutput::Type& /*type*/) {}               // TypeCatalog knows more
  void on(const pgoutput::LogicalMessage& /*message*/) {}  // understood, not part of any table
  template <class Other>
  void on(const Other& /*message*/) {
    throw Error(ErrorKind::protocol, "the stream carries a message of a later protocol than was asked for");
  }

  [[nodiscard]] RelationState& relation(Oid oid);
  [[nodiscard]] RowBatch& batch_of(RelationState& relation);
  void append(RelationState& relation, Op op, const pgoutput::Tuple& tuple, const RowBatch* unchanged_from);
  [[nodiscard]] bool append_cell(RelationState& relation, RowBatch& batch, std::size_t c, const pgoutput::Cell& cell,
                                 Op op);
  void set_aside(RelationState& relation, RowBatch& batch, const std::string& why);
  [[nodiscard]] std::uint32_t open_index() const {
    return static_cast<std::uint32_t>(package_.transactions.size() - 1);
  }
  [[nodiscard]] bool full() const;
  [[nodiscard]] LoadPackage take_commits();
  [[nodiscard]] LoadPackage take_part();

  AssemblerOptions options_;
  TypeCatalog& types_;
  const TableGroups& groups_;
  std::unordered_map<Oid, RelationState> relations_;

  LoadPackage package_;                      // open: whole commits, then the open transaction's rows
  std::unordered_map<Oid, OpenBatch> open_;  // by group: the batch that takes its next row
  std::size_t commits_ = 0;                  // whole commits in package_
  bool in_transaction_ = false;
  bool skipping_ = false;                         // the open transaction is durable already
  bool staged_ = false;                           // parts of the open transaction have left
  std::size_t transaction_steps_ = 0;             // steps from here on belong to the open transaction alone
  std::map<std::size_t, std::size_t> row_marks_;  // earlier steps that it appended to: step → its first row there
  std::size_t bytes_before_ = 0;                  // package_.bytes and rows when it began
  std::size_t rows_before_ = 0;
  Lsn position_;
  bool reached_until_ = false;
};

}  // namespace walbrook::pipeline

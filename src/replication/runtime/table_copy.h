// One table's copy, at which several workers may be: each copies some chunks of it.
//
// Every method locks for itself. `leave` answers true to exactly one worker, the last one; by then no other worker is
// at the table, and that one settles what came of it. Interleaving: two workers copy pages 0–99 and 100–199; the second
// finds that the table was rewritten and gives it up; the first notices with its next batch, leaves, and then the
// second (or the first, whoever is last) settles: the table is to be tried again under a newer snapshot.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "replication/core/copy_order.h"

namespace walbrook::replication {

class TableCopy {
 public:
  enum class Outcome {
    copied,
    stale,      // rewritten or altered since the snapshot was taken: again under a new one
    text,       // a value came in binary that only its text can tell: again, all of it in text
    gone,       // dropped
    failed,     // for good, with a reason
    postponed,  // the server is short of something that this copy needs
  };

  TableCopy(CopyOrder::Table table, std::size_t chunks) : table_(std::move(table)), chunks_left_(chunks) {}

  [[nodiscard]] const CopyOrder::Table& table() const { return table_; }
  [[nodiscard]] std::string name() const { return table_.record.schema + "." + table_.record.name; }

  // What a worker's connection sees of the table; false when it is not what the others see: the table is given up then.
  [[nodiscard]] bool agree(const TableSchemaRef& schema);
  [[nodiscard]] bool given_up() const;
  // The first outcome other than `copied` holds.
  void give_up(Outcome outcome, std::string reason = {}, Remedy remedy = {});
  // Rows of a chunk: gathered while they are few, written to `destination`'s copy once they are many. Returns the
  // table's rows and wire bytes so far; nullopt when the table was given up meanwhile.
  struct Progress {
    std::uint64_t rows;
    std::uint64_t wire_bytes;
  };
  [[nodiscard]] std::optional<Progress> append(RowBatch rows, std::size_t wire_bytes,
                                               destination::Destination& destination);
  // A worker is done with a chunk of it, or has skipped it. True: that was the last one.
  [[nodiscard]] bool leave();

  // For who left last:
  [[nodiscard]] Outcome outcome() const { return outcome_; }
  [[nodiscard]] const std::string& reason() const { return reason_; }
  [[nodiscard]] const Remedy& remedy() const { return remedy_; }
  [[nodiscard]] const TableSchemaRef& schema() const { return schema_; }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }
  [[nodiscard]] double seconds() const;
  // All rows, when they were few; otherwise they are in the copy, which is finished by this.
  [[nodiscard]] std::optional<std::vector<RowBatch>> finish();
  // As if nothing had been copied: it will be, as a whole, in text.
  void begin_again_in_text();
  [[nodiscard]] bool in_text() const { return text_; }
  void set_done() { done_ = true; }
  [[nodiscard]] bool is_done() const { return done_; }

 private:
  void write_gathered(destination::Destination& destination);

  CopyOrder::Table table_;
  mutable std::mutex mutex_;  // guards what follows until the last worker has left
  std::size_t chunks_left_;
  Outcome outcome_ = Outcome::copied;
  std::string reason_;
  Remedy remedy_;
  TableSchemaRef schema_;
  std::unique_ptr<destination::CopyWriter> writer_;
  std::vector<RowBatch> gathered_;
  std::size_t gathered_bytes_ = 0;
  std::uint64_t rows_ = 0;
  std::uint64_t wire_bytes_ = 0;
  bool text_ = false;
  bool done_ = false;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace walbrook::replication

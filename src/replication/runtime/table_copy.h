// The copy of one table, on which several workers may be at work: each copies some of its chunks.
//
// Methods that several workers may call take the lock themselves. `leave` returns true to exactly one worker, the last
// one: no other worker uses the table then, and that worker decides the outcome. Interleaving: two workers copy pages
// 0–99 and 100–199. The second finds that the table was rewritten and gives it up; the first notices this with its next
// batch, and leaves. The worker that leaves last finishes the table: it is to be tried again under a newer snapshot.
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
    stale,      // rewritten or altered since the snapshot was taken: copied again under a new one
    text,       // a binary value that only its text form represents: the whole table is copied again in text
    gone,       // dropped
    failed,     // failed for good, with a reason
    postponed,  // the server is short of something that this copy needs
  };

  TableCopy(CopyOrder::Table table, std::size_t chunks) : table_(std::move(table)), chunks_left_(chunks) {}

  [[nodiscard]] const CopyOrder::Table& table() const { return table_; }
  [[nodiscard]] std::string name() const { return table_.record.schema + "." + table_.record.name; }

  // Reports the columns that a worker's connection sees, and their attribute numbers. Returns false if the other
  // workers saw other columns, and the table is given up then, or if it was given up before.
  [[nodiscard]] bool agree(const TableSchemaRef& schema, const std::vector<std::int32_t>& numbers = {});
  [[nodiscard]] bool given_up() const;
  // Sets the outcome, unless it was set before.
  void give_up(Outcome outcome, std::string reason = {}, Remedy remedy = {});
  // Adds rows of a chunk. They are gathered while they are few, and written to a copy of `destination` once they are
  // many. Returns the table's rows and wire bytes so far, or nullopt if the table was given up meanwhile.
  struct Progress {
    std::uint64_t rows;
    std::uint64_t wire_bytes;
  };
  [[nodiscard]] std::optional<Progress> append(RowBatch rows, std::size_t wire_bytes,
                                               destination::Destination& destination);
  // Called when a worker has copied or skipped a chunk. Returns true for the last chunk.
  [[nodiscard]] bool leave();

  // The following are for the worker that left last.
  [[nodiscard]] Outcome outcome() const { return outcome_; }
  [[nodiscard]] const std::string& reason() const { return reason_; }
  [[nodiscard]] const Remedy& remedy() const { return remedy_; }
  [[nodiscard]] const TableSchemaRef& schema() const { return schema_; }
  [[nodiscard]] const std::vector<std::int32_t>& numbers() const { return numbers_; }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }
  [[nodiscard]] double seconds() const;
  // Returns all rows if they were few. Otherwise they are in the destination's copy, which this finishes.
  [[nodiscard]] std::optional<std::vector<RowBatch>> finish();
  // Starts over: the table will be copied as a whole, in text.
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
  std::vector<std::int32_t> numbers_;
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

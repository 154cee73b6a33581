// The lines that report a run's progress. The functions are pure, so that tests can call them.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "replication/runtime/run.h"

namespace walbrook::cli {

// One table's copy, as reported to its observer.
class CopyProgress {
 public:
  CopyProgress(std::string table, std::int64_t estimated_rows, std::int64_t estimated_bytes, SteadyTime now);

  void advance(std::uint64_t rows, std::uint64_t wire_bytes, SteadyTime now);

  [[nodiscard]] const std::string& table() const { return table_; }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }
  // Returns the estimate of the catalog's statistics; nullopt once the copy has exceeded it.
  [[nodiscard]] std::optional<std::uint64_t> expected_rows() const;
  [[nodiscard]] double fraction() const;          // from 0 to 1; below 1 until the copy ends
  [[nodiscard]] double bytes_per_second() const;  // over the last seconds
  [[nodiscard]] std::optional<double> seconds_left() const;

 private:
  struct Sample {
    SteadyTime time;
    std::uint64_t rows, bytes;
  };
  [[nodiscard]] double seconds_sampled() const;

  std::string table_;
  std::int64_t estimated_rows_;
  std::int64_t estimated_bytes_;
  std::uint64_t rows_ = 0;
  std::uint64_t bytes_ = 0;
  std::deque<Sample> samples_;  // of the last seconds, oldest first
};

// The copies in progress, in the order in which they began.
class RunningCopies {
 public:
  void start(const std::string& table, std::int64_t estimated_rows, std::int64_t estimated_bytes);
  void advance(const std::string& table, std::uint64_t rows, std::uint64_t wire_bytes);
  // Ends the copy and returns it; nullopt if it had not begun.
  std::optional<CopyProgress> finish(const std::string& table);

  [[nodiscard]] bool empty() const { return copies_.empty(); }
  [[nodiscard]] auto begin() const { return copies_.begin(); }
  [[nodiscard]] auto end() const { return copies_.end(); }

 private:
  std::vector<CopyProgress> copies_;
};

// Omits the schema `public`, which most copies have.
[[nodiscard]] std::string short_name(const std::string& table);

enum class Glyphs { unicode, ascii };

// "orders  ████████████████▌░░░  1,640,000 / 2,000,000   212 MB/s   2 s left". The line is never wider than `columns`;
// the least important facts are dropped first.
[[nodiscard]] std::string bar_line(const CopyProgress& copy, std::size_t name_columns, std::size_t columns,
                                   Glyphs glyphs);
// The line of a finished copy, with a full bar.
[[nodiscard]] std::string finished_line(const CopyProgress& copy, std::uint64_t rows, double seconds,
                                        std::size_t name_columns, std::size_t columns, Glyphs glyphs);
// "copying public.orders: 1,640,000 of about 2,000,000 rows, 212 MB/s, 2 s left"
[[nodiscard]] std::string copy_line(const CopyProgress& copy);
// The writers that a copy waits for. The copy reports them about once a second; they are logged when the set changes.
class WaitingSet {
 public:
  // Returns true if `writers` are others than at the last call.
  [[nodiscard]] bool changed(const std::vector<postgres::OpenWriter>& writers);
  void over() { names_.clear(), since_.reset(); }
  // Returns when the waiting began; nullopt: the copy waits for no writer.
  [[nodiscard]] std::optional<SteadyTime> since() const { return since_; }

 private:
  std::vector<std::string> names_;
  std::optional<SteadyTime> since_;
};

// "waiting for the end of transactions that were writing before the copy began: pid 4711 (…), pid 4712 (…)"
[[nodiscard]] std::string waiting_line(const std::vector<postgres::OpenWriter>& writers);
// "streaming: checkpoint 0/1B00D20, lag 12 ms, 560 rows/s, 1,204 changes applied"
[[nodiscard]] std::string status_line(const replication::RunStatus& status);

// The lines after a run. `left` is the run's status at its end.
[[nodiscard]] std::string summary_text(const replication::RunSummary& summary, const replication::RunStatus& left,
                                       const std::string& destination);
// Returns an error for each table that was suspended, with reason and hint.
[[nodiscard]] std::vector<Error> suspended_errors(const replication::RunSummary& summary);
// Returns an error for each table that could not be copied; the next run copies it.
[[nodiscard]] std::vector<Error> postponed_errors(const replication::RunSummary& summary);
// Returns an error for each suspect table.
[[nodiscard]] std::vector<Error> suspect_errors(const replication::RunSummary& summary);

}  // namespace walbrook::cli

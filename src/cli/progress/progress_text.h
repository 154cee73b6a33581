// The lines that tell how far a run is; pure, so that tests can read them.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "replication/runtime/run.h"

namespace walbrook::cli {

// One table's copy, as its observer was told.
class CopyProgress {
 public:
  CopyProgress(std::string table, std::int64_t estimated_rows, std::int64_t estimated_bytes, SteadyTime now);

  void advance(std::uint64_t rows, std::uint64_t wire_bytes, SteadyTime now);

  [[nodiscard]] const std::string& table() const { return table_; }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }
  // What the catalog's statistics say, as long as the copy has not proved them wrong.
  [[nodiscard]] std::optional<std::uint64_t> expected_rows() const;
  [[nodiscard]] double fraction() const;          // 0 to 1; below 1 until the copy ends
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

// The copies that are under way, in the order in which they began.
class RunningCopies {
 public:
  void start(const std::string& table, std::int64_t estimated_rows, std::int64_t estimated_bytes);
  void advance(const std::string& table, std::uint64_t rows, std::uint64_t wire_bytes);
  // The copy is over; nullopt when it had not begun.
  std::optional<CopyProgress> finish(const std::string& table);

  [[nodiscard]] bool empty() const { return copies_.empty(); }
  [[nodiscard]] auto begin() const { return copies_.begin(); }
  [[nodiscard]] auto end() const { return copies_.end(); }

 private:
  std::vector<CopyProgress> copies_;
};

// Most people copy `public`; its name in every line only takes room.
[[nodiscard]] std::string short_name(const std::string& table);

enum class Glyphs { unicode, ascii };

// "orders  ████████████████▌░░░  1,640,000 / 2,000,000   212 MB/s   2 s left", never wider than `columns`: what matters
// least goes first.
[[nodiscard]] std::string bar_line(const CopyProgress& copy, std::size_t name_columns, std::size_t columns,
                                   Glyphs glyphs);
// The same with a full bar, once the copy is done.
[[nodiscard]] std::string finished_line(const CopyProgress& copy, std::uint64_t rows, double seconds,
                                        std::size_t name_columns, std::size_t columns, Glyphs glyphs);
// "copying public.orders: 1,640,000 of about 2,000,000 rows, 212 MB/s, 2 s left"
[[nodiscard]] std::string copy_line(const CopyProgress& copy);
// Whom a copy waits for, told about once a second: worth a line when the set changes.
class WaitingSet {
 public:
  // True when these are others than before.
  [[nodiscard]] bool changed(const std::vector<postgres::OpenWriter>& writers);
  void over() { names_.clear(), since_.reset(); }
  // When the waiting began; nullopt while nobody is waited for.
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
// Errors that name each table that was suspended, with reason and hint. Empty when there is none.
[[nodiscard]] std::vector<Error> suspended_errors(const replication::RunSummary& summary);
// Likewise of each table that could not be copied, which the next run does.
[[nodiscard]] std::vector<Error> postponed_errors(const replication::RunSummary& summary);
// Likewise of each table that is suspect.
[[nodiscard]] std::vector<Error> suspect_errors(const replication::RunSummary& summary);

}  // namespace walbrook::cli

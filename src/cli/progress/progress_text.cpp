#include "cli/progress/progress_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/text.h"

namespace walbrook::cli {
namespace {

constexpr auto sample_span = std::chrono::seconds(3);  // a rate over a shorter span jumps, over a longer one lags
constexpr auto sample_interval = std::chrono::milliseconds(100);
constexpr std::size_t bar_columns = 20;
constexpr std::size_t least_bar_columns = 6;
constexpr std::size_t gap = 2;

std::string bar(double fraction, std::size_t columns, Glyphs glyphs) {
  static constexpr std::array<std::string_view, 8> eighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double filled = std::clamp(fraction, 0.0, 1.0) * static_cast<double>(columns);
  auto whole = static_cast<std::size_t>(filled);
  std::string text;
  if (glyphs == Glyphs::ascii) {
    text.append(whole, '#');
    return text.append(columns - whole, '.');
  }
  for (std::size_t i = 0; i < whole; ++i) text += "█";
  const auto part = eighths.at(static_cast<std::size_t>((filled - std::floor(filled)) * 8));
  if (whole < columns && !part.empty()) {
    text += part;
    ++whole;
  }
  for (std::size_t i = whole; i < columns; ++i) text += "░";
  return text;
}

// Lays out name, bar and as many of `facts` as fit, in their order.
std::string layout(const std::string& name, std::size_t name_columns, double fraction,
                   const std::vector<std::string>& facts, std::size_t columns, Glyphs glyphs) {
  const std::size_t name_width = std::min(name_columns, std::max<std::size_t>(columns / 3, 1));
  std::string line = padded_right(shortened(printable(name), name_width), name_width);
  std::size_t used = name_width + gap + least_bar_columns;
  std::string tail;
  for (const auto& fact : facts) {
    const std::size_t needed = gap + display_width(fact);
    if (used + needed > columns) break;
    tail += std::string(gap, ' ') + fact;
    used += needed;
  }
  if (columns < name_width + gap + least_bar_columns) return line;
  const std::size_t room = columns - (used - least_bar_columns);
  return line + std::string(gap, ' ') + bar(fraction, std::min(bar_columns, room), glyphs) + tail;
}

std::string rate(double bytes_per_second) {
  return short_bytes(bytes_per_second) + "/s";
}

std::uint64_t changes(const replication::Counts& counts) {
  return counts.inserts + counts.updates + counts.deletes;
}

std::string waiting_part(const replication::RunStatus& status) {
  if (!status.waits_for.empty()) return "waits for " + printable(status.waits_for);
  if (status.lag_ms > 0) return fmt::format("lag {}", short_duration(status.lag_ms / 1000));
  if (status.last_commit_lag_ms <= 0) return "nothing is waiting";
  return fmt::format("nothing is waiting, last lag {}", short_duration(status.last_commit_lag_ms / 1000));
}

std::string applied_line(const replication::RunSummary& summary, const replication::RunStatus& left) {
  const auto& applied = summary.applied;
  const std::uint64_t number = changes(applied);
  std::string kinds = fmt::format("{}, {}, {}", counted(applied.inserts, "insert"), counted(applied.updates, "update"),
                                  counted(applied.deletes, "delete"));
  if (applied.truncates > 0) kinds += ", " + counted(applied.truncates, "truncate");
  std::string line =
      fmt::format("applied {} of {} ({}) in {}", counted(number, "change"),
                  counted(applied.transactions, "transaction"), kinds, short_duration(summary.apply_seconds));
  constexpr double least_measurable_seconds = 0.01;
  if (number > 0 && summary.apply_seconds >= least_measurable_seconds) {
    line += fmt::format(
        ", {} rows/s", with_thousands(static_cast<std::uint64_t>(static_cast<double>(number) / summary.apply_seconds)));
  }
  if (left.lag_ms > 0 || left.queued_bytes > 0) {
    return line + fmt::format("; the source is {} ahead", short_duration(left.lag_ms / 1000));
  }
  if (left.last_commit_lag_ms > 0) line += fmt::format(", lag {}", short_duration(left.last_commit_lag_ms / 1000));
  return line + "; nothing is waiting";
}

}  // namespace

std::string short_name(const std::string& table) {
  constexpr std::string_view common = "public.";
  return table.starts_with(common) ? table.substr(common.size()) : table;
}

CopyProgress::CopyProgress(std::string table, std::int64_t estimated_rows, std::int64_t estimated_bytes, SteadyTime now)
    : table_(std::move(table)), estimated_rows_(estimated_rows), estimated_bytes_(estimated_bytes) {
  samples_.push_back({now, 0, 0});
}

void CopyProgress::advance(std::uint64_t rows, std::uint64_t wire_bytes, SteadyTime now) {
  rows_ = rows;
  bytes_ = wire_bytes;
  // The newest sample is replaced until it is an interval away from the one before it.
  if (samples_.size() > 1 && now - samples_[samples_.size() - 2].time < sample_interval) samples_.pop_back();
  samples_.push_back({now, rows, wire_bytes});
  while (samples_.size() > 2 && now - samples_[1].time >= sample_span) samples_.pop_front();
}

std::optional<std::uint64_t> CopyProgress::expected_rows() const {
  if (estimated_rows_ <= 0 || static_cast<std::uint64_t>(estimated_rows_) < rows_) return std::nullopt;
  return static_cast<std::uint64_t>(estimated_rows_);
}

double CopyProgress::fraction() const {
  // copy_finished reports the end of a copy; an estimate must not look like it.
  constexpr double nearly = 0.99;
  if (const auto expected = expected_rows()) {
    return std::min(nearly, static_cast<double>(rows_) / static_cast<double>(*expected));
  }
  if (estimated_rows_ > 0) return nearly;
  // The table was never analyzed. Its bytes on the wire are of the same order as those on disk.
  if (estimated_bytes_ <= 0) return 0;
  return std::min(nearly, static_cast<double>(bytes_) / static_cast<double>(estimated_bytes_));
}

double CopyProgress::seconds_sampled() const {
  return std::chrono::duration<double>(samples_.back().time - samples_.front().time).count();
}

double CopyProgress::bytes_per_second() const {
  const double seconds = seconds_sampled();
  return seconds > 0 ? static_cast<double>(samples_.back().bytes - samples_.front().bytes) / seconds : 0;
}

std::optional<double> CopyProgress::seconds_left() const {
  const auto expected = expected_rows();
  const double seconds = seconds_sampled();
  const auto copied = samples_.back().rows - samples_.front().rows;
  if (!expected || seconds <= 0 || copied == 0) return std::nullopt;
  return static_cast<double>(*expected - rows_) / (static_cast<double>(copied) / seconds);
}

void RunningCopies::start(const std::string& table, std::int64_t estimated_rows, std::int64_t estimated_bytes) {
  static_cast<void>(finish(table));
  copies_.emplace_back(table, estimated_rows, estimated_bytes, std::chrono::steady_clock::now());
}

void RunningCopies::advance(const std::string& table, std::uint64_t rows, std::uint64_t wire_bytes) {
  const auto copy = std::ranges::find(copies_, table, &CopyProgress::table);
  if (copy != copies_.end()) copy->advance(rows, wire_bytes, std::chrono::steady_clock::now());
}

std::optional<CopyProgress> RunningCopies::finish(const std::string& table) {
  const auto copy = std::ranges::find(copies_, table, &CopyProgress::table);
  if (copy == copies_.end()) return std::nullopt;
  auto finished = std::move(*copy);
  copies_.erase(copy);
  return finished;
}

std::string bar_line(const CopyProgress& copy, std::size_t name_columns, std::size_t columns, Glyphs glyphs) {
  std::vector<std::string> facts;
  const auto expected = copy.expected_rows();
  if (expected) {
    const std::string total = with_thousands(*expected);
    facts.push_back(fmt::format("{} / {}", padded_left(with_thousands(copy.rows()), total.size()), total));
  } else {
    facts.push_back(counted(copy.rows(), "row"));
  }
  if (copy.bytes_per_second() > 0) facts.push_back(padded_left(rate(copy.bytes_per_second()), 9));
  if (const auto left = copy.seconds_left()) facts.push_back(fmt::format("{:.0f} s left", std::ceil(*left)));
  return layout(short_name(copy.table()), name_columns, copy.fraction(), facts, columns, glyphs);
}

std::string finished_line(const CopyProgress& copy, std::uint64_t rows, double seconds, std::size_t name_columns,
                          std::size_t columns, Glyphs glyphs) {
  const std::vector<std::string> facts = {counted(rows, "row"), short_duration(seconds)};
  return layout(short_name(copy.table()), name_columns, 1, facts, columns, glyphs);
}

std::string copy_line(const CopyProgress& copy) {
  std::string line = fmt::format("copying {}: {}", copy.table(), with_thousands(copy.rows()));
  if (const auto expected = copy.expected_rows()) line += fmt::format(" of about {}", with_thousands(*expected));
  line += " rows";
  if (copy.bytes_per_second() > 0) line += ", " + rate(copy.bytes_per_second());
  if (const auto left = copy.seconds_left()) line += fmt::format(", {} left", short_duration(std::ceil(*left)));
  return line;
}

bool WaitingSet::changed(const std::vector<postgres::OpenWriter>& writers) {
  std::vector<std::string> names;
  for (const auto& writer : writers) {
    names.push_back(writer.pid == 0 ? writer.prepared_gid : std::to_string(writer.pid));
  }
  std::sort(names.begin(), names.end());
  if (names == names_) return false;
  if (names.empty()) {
    since_.reset();
  } else if (!since_) {
    since_ = std::chrono::steady_clock::now();
  }
  names_ = std::move(names);
  return true;
}

std::string waiting_line(const std::vector<postgres::OpenWriter>& writers) {
  return "waiting for " + postgres::waiting_text(writers);
}

std::string status_line(const replication::RunStatus& status) {
  std::string line =
      fmt::format("{}: checkpoint {}", replication::to_string(status.phase), status.checkpoint.to_string());
  if (status.server > status.checkpoint && status.checkpoint.is_set()) {
    line +=
        fmt::format(" ({} behind)", short_bytes(static_cast<double>(status.server.value - status.checkpoint.value)));
  }
  line += fmt::format(", {}", waiting_part(status));
  if (status.rows_per_second >= 1) {
    line += fmt::format(", {} rows/s", with_thousands(static_cast<std::uint64_t>(status.rows_per_second)));
  }
  return line + fmt::format(", {} applied", counted(changes(status.applied), "change"));
}

namespace {

constexpr std::size_t most_named = 20;

// Describes what the next run will do with tables that are not complete.
std::string unfinished_text(const replication::RunSummary& summary) {
  std::string names;
  for (std::size_t i = 0; i < std::min(summary.unfinished.size(), most_named); ++i) {
    const auto& table = summary.unfinished[i];
    names += fmt::format("{}{}.{}", i == 0 ? "" : ", ", printable(table.record.schema), printable(table.record.name));
    if (table.copied_rows > 0) names += fmt::format(" ({} were copied)", counted(table.copied_rows, "row"));
  }
  if (summary.unfinished.size() > most_named) names += ", …";
  return fmt::format(
      "{} not complete yet: {}; the next run copies {} from the beginning\n",
      summary.unfinished.size() == 1 ? "1 table is" : fmt::format("{} tables are", summary.unfinished.size()), names,
      summary.unfinished.size() == 1 ? "it" : "them");
}

std::string by_request_text(const std::vector<destination::OutputRecord>& tables) {
  std::string names;
  for (std::size_t i = 0; i < std::min(tables.size(), most_named); ++i) {
    names += fmt::format("{}{}.{}", i == 0 ? "" : ", ", printable(tables[i].schema), printable(tables[i].name));
  }
  if (tables.size() > most_named) names += ", …";
  return fmt::format("{} suspended by request: {}\n",
                     tables.size() == 1 ? "1 table is" : fmt::format("{} tables are", tables.size()), names);
}

}  // namespace

std::string summary_text(const replication::RunSummary& summary, const replication::RunStatus& left,
                         const std::string& destination) {
  if (summary.stopped && !summary.checkpoint.is_set()) {
    return "stopped before anything was done; the next run starts where this one did\n";
  }
  const auto where = fmt::format(" → {} (checkpoint {})", printable(destination), summary.checkpoint.to_string());
  std::string text;
  if (summary.copied_tables > 0) {
    text += fmt::format("copied {}, {} row{} in {}{}\n", counted(summary.copied_tables, "table"),
                        short_count(summary.copied_rows), summary.copied_rows == 1 ? "" : "s",
                        short_duration(summary.copy_seconds > 0 ? summary.copy_seconds : summary.seconds), where);
  }
  if (summary.applied.transactions > 0) {
    text += applied_line(summary, left);
    if (summary.copied_tables == 0) text += where;
    text += '\n';
  }
  if (text.empty()) {
    const bool is_all = summary.unfinished.empty();
    text = fmt::format("{}{}\n", is_all ? "nothing new" : summary.stopped ? "stopped" : "no changes", where);
  }
  if (!summary.unfinished.empty()) text += unfinished_text(summary);
  if (!summary.suspended_by_request.empty()) text += by_request_text(summary.suspended_by_request);
  if (summary.applied.overflow_values > 0) {
    text += fmt::format("{} that the columns cannot hold are in <column>__v_text as text\n",
                        counted(summary.applied.overflow_values, "value"));
  }
  return text;
}

std::vector<Error> suspended_errors(const replication::RunSummary& summary) {
  std::vector<Error> errors;
  for (const auto& [table, commit_lsn] : summary.suspended) {
    const std::string name = table.schema + "." + table.name;
    std::string cause = fmt::format("table {} is suspended, the others continue: {}", name, table.reason);
    std::string hint = "Fix the cause; the next start of walbrook run copies this table again.";
    errors.emplace_back(ErrorKind::data, std::move(cause), std::move(hint), ErrorFacts{.table = name});
  }
  return errors;
}

std::vector<Error> postponed_errors(const replication::RunSummary& summary) {
  std::vector<Error> errors;
  for (const auto& [table, remedy] : summary.postponed) {
    const std::string name = table.schema + "." + table.name;
    auto then = remedy;
    if (!then.empty()) then += "\n  ";
    then += "The next walbrook run copies it.";
    errors.emplace_back(ErrorKind::data,
                        fmt::format("table {} could not be copied, the others continue: {}", name, table.reason),
                        std::move(then), ErrorFacts{.table = name});
  }
  return errors;
}

std::vector<Error> suspect_errors(const replication::RunSummary& summary) {
  std::vector<Error> errors;
  for (const auto& table : summary.suspect) {
    const std::string name = table.schema + "." + table.name;
    errors.emplace_back(
        ErrorKind::data,
        fmt::format("table {} is suspect, its rows may differ from the source: {}", name, table.suspect),
        fmt::format("The table continues to stream. walbrook resync {} copies it again.", name),
        ErrorFacts{.table = name});
  }
  return errors;
}

}  // namespace walbrook::cli

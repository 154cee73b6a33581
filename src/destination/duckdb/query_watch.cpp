#include "destination/duckdb/query_watch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "destination/duckdb/connection.h"

namespace walbrook::destination::duckdb {
namespace {

using std::chrono::steady_clock;

constexpr milliseconds query_tick{20};
// What a process takes besides DuckDB's limit: 230 MB for itself (docs/destinations/duckdb.md), and what an answer
// consists of.
constexpr std::uint64_t beside_limit_bytes = 384'000'000;
// A query may always take this much more than was in use: memory that an earlier one gave back late must not end it.
constexpr std::uint64_t least_room_bytes = 128'000'000;

// Returns a setting's value as text; "" if it cannot be read.
std::string setting(duckdb_database database, const char* name) {
  Owned<duckdb_connection, duckdb_disconnect> connection;
  Result result;
  const auto sql = fmt::format("SELECT current_setting('{}')::VARCHAR", name);
  if (duckdb_connect(database, connection.out()) == DuckDBError ||
      duckdb_query(connection.get(), sql.c_str(), result.out()) == DuckDBError) {
    return {};
  }
  char* text = duckdb_value_varchar(result.out(), 0, 0);
  std::string value = text == nullptr ? "" : text;
  duckdb_free(text);
  return value;
}

}  // namespace

std::uint64_t bytes_of_setting(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 9> units = {{{"bytes", 1},
                                                                         {"KiB", 1024.0},
                                                                         {"MiB", 1048576.0},
                                                                         {"GiB", 1073741824.0},
                                                                         {"TiB", 1099511627776.0},
                                                                         {"KB", 1e3},
                                                                         {"MB", 1e6},
                                                                         {"GB", 1e9},
                                                                         {"TB", 1e12}}};
  double number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc()) return 0;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  while (text.starts_with(' ')) text.remove_prefix(1);
  const auto* const unit = std::ranges::find(units, text, [](const auto& each) { return each.first; });
  return unit == units.end() ? 0 : static_cast<std::uint64_t>(number * unit->second);
}

std::uint64_t resident_bytes(int statm) {
  std::array<char, 128> text{};
  const auto got = ::pread(statm, text.data(), text.size() - 1, 0);
  if (got <= 0) return 0;
  const std::string_view line(text.data(), static_cast<std::size_t>(got));
  const auto at = line.find(' ');  // "size resident shared …", in pages
  if (at == std::string_view::npos) return 0;
  std::uint64_t pages = 0;
  std::from_chars(line.data() + at + 1, line.data() + line.size(), pages);
  static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return pages * page;
}

QueryWatch::QueryWatch(duckdb_database database)
    : database_(database), statm_(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC)) {}

QueryWatch::~QueryWatch() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (statm_ >= 0) ::close(statm_);
}

std::uint64_t QueryWatch::default_memory() {
  const std::scoped_lock lock(default_mutex_);
  if (default_memory_ == 0) {
    const auto limit = bytes_of_setting(setting(database_, "memory_limit"));
    default_memory_ = limit == 0 ? 0 : limit + beside_limit_bytes;
  }
  return default_memory_;
}

void QueryWatch::memory_limit_changed() {
  const std::scoped_lock lock(default_mutex_);
  default_memory_ = 0;
}

QueryWatch::Query::Query(QueryWatch& watch, const QueryLimits& limits, const std::atomic<bool>& stop,
                         std::function<void()> interrupt)
    : watch_(watch),
      stop_(stop),
      interrupt_(std::move(interrupt)),
      deadline_(limits.timeout.count() > 0 ? steady_clock::now() + limits.timeout : steady_clock::time_point::max()),
      memory_(limits.memory > 0 ? limits.memory : watch.default_memory()) {
  if (memory_ > 0) memory_ = std::max(memory_, resident_bytes(watch.statm_) + least_room_bytes);
  const std::scoped_lock lock(watch.mutex_);
  if (!watch.is_started_) {
    watch.thread_ = std::thread([&watch] { watch.watch(); });  // may throw, and then nothing is registered
    watch.is_started_ = true;
  }
  place_ = watch.queries_.insert(watch.queries_.end(), this);
  watch.changed_.notify_all();
}

QueryWatch::Query::~Query() {
  finish();
}

QueryWatch::Reason QueryWatch::Query::finish() {
  const std::scoped_lock lock(watch_.mutex_);
  if (is_registered_) watch_.queries_.erase(place_);
  is_registered_ = false;
  return reason_;
}

void QueryWatch::watch() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (queries_.empty()) {
      changed_.wait(lock, [this] { return stopping_ || !queries_.empty(); });
    } else {
      changed_.wait_for(lock, query_tick, [this] { return stopping_; });
    }
    if (!stopping_) look(steady_clock::now());
  }
}

void QueryWatch::look(steady_clock::time_point now) {
  const auto resident = queries_.empty() ? 0 : resident_bytes(statm_);
  for (auto* query : queries_) {
    if (query->reason_ == Reason::none) {
      if (query->stop_) {
        query->reason_ = Reason::stopped;
      } else if (now >= query->deadline_) {
        query->reason_ = Reason::timeout;
      } else if (query->memory_ > 0 && resident > query->memory_) {
        query->reason_ = Reason::memory;
      }
    }
    if (query->reason_ != Reason::none) query->interrupt_();
  }
}

}  // namespace walbrook::destination::duckdb

#include "destination/duckdb/log_mark.h"

#include <duckdb.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <system_error>

#include "base/error.h"
#include "destination/duckdb/connection.h"
#include "destination/duckdb/file_guard.h"
#include "destination/duckdb/file_place.h"

namespace walbrook::destination::duckdb {
namespace {

constexpr std::string_view mark_begin = "walbrook-log:";
constexpr std::size_t id_digits = 32;
constexpr std::size_t counter_digits = 16;
constexpr std::size_t mark_bytes = mark_begin.size() + id_digits + 1 + counter_digits + 1;
constexpr std::size_t bytes_at_once = 1U << 20U;

bool is_hexadecimal(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Returns the mark at the front of `bytes`, if there is one.
std::optional<LogMark> mark_at(std::string_view bytes) {
  if (bytes.size() < mark_bytes) return std::nullopt;
  const auto id = bytes.substr(mark_begin.size(), id_digits);
  const auto digits = bytes.substr(mark_begin.size() + id_digits + 1, counter_digits);
  LogMark mark{.file_id = std::string(id)};
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), mark.file_checkpoints, 16);
  const bool is_whole = is_hexadecimal(id) && parsed.ptr == digits.data() + digits.size() &&
                        bytes[mark_begin.size() + id_digits] == ':' && bytes[mark_bytes - 1] == ';';
  return is_whole ? std::optional(std::move(mark)) : std::nullopt;
}

std::vector<LogMark> marks_of_log(const std::string& log) {
  std::ifstream in(log, std::ios::binary);
  std::vector<LogMark> marks;
  std::string bytes;
  std::string part(bytes_at_once, '\0');
  while (in.read(part.data(), static_cast<std::streamsize>(part.size())) || in.gcount() > 0) {
    bytes.append(part, 0, static_cast<std::size_t>(in.gcount()));
    auto found = marks_in(bytes);
    std::ranges::move(found, std::back_inserter(marks));
    // Keep the end, where a mark may be cut in two. A whole mark that is seen twice does no harm.
    if (bytes.size() > mark_bytes) bytes.erase(0, bytes.size() - mark_bytes);
  }
  return marks;
}

// A second name of a file, for the lifetime of this object: under it DuckDB finds no log. (DuckDB 1.5.5 follows
// symbolic links and /proc/self/fd to the file's real name.)
class OtherName {
 public:
  explicit OtherName(const std::string& file) : name_(fmt::format("{}.{}.check", file, ::getpid())) {
    is_there_ = ::link(file.c_str(), name_.c_str()) == 0;
  }
  OtherName(const OtherName&) = delete;
  OtherName& operator=(const OtherName&) = delete;
  ~OtherName() {
    if (is_there_) ::unlink(name_.c_str());
  }
  [[nodiscard]] bool is_there() const { return is_there_; }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
  bool is_there_ = false;
};

std::uint64_t file_checkpoints_of(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return 0;
  std::uint64_t counter = 0;
  try {
    counter = checkpoint_counter(descriptor).value_or(0);
  } catch (const std::system_error& unread) {
    ::close(descriptor);
    throw Error(ErrorKind::destination, fmt::format("{} cannot be read: {}", path, unread.code().message()));
  }
  ::close(descriptor);
  return counter;
}

// Returns the id that the file has without its log; "" if that cannot be found out.
std::string id_without_log(const std::string& path) {
  const OtherName other(path);
  if (!other.is_there()) return {};
  Owned<duckdb_config, duckdb_destroy_config> config;
  Owned<duckdb_database, duckdb_close> database;
  Owned<duckdb_connection, duckdb_disconnect> connection;
  Result result;
  char* error = nullptr;
  const bool is_read =
      duckdb_create_config(config.out()) == DuckDBSuccess &&
      duckdb_set_config(config.get(), "access_mode", "READ_ONLY") == DuckDBSuccess &&
      duckdb_open_ext(other.name().c_str(), database.out(), config.get(), &error) == DuckDBSuccess &&
      duckdb_connect(database.get(), connection.out()) == DuckDBSuccess &&
      duckdb_query(connection.get(), "SELECT file_id FROM _walbrook.format LIMIT 1", result.out()) == DuckDBSuccess;
  duckdb_free(error);
  if (!is_read) return {};
  char* value = duckdb_value_varchar(result.out(), 0, 0);
  std::string id = value == nullptr ? "" : value;
  duckdb_free(value);
  return id;
}

[[noreturn]] void refuse_log(const std::string& path, std::string_view what) {
  throw Error(ErrorKind::destination, fmt::format("the log {}.wal {}", path, what),
              fmt::format("Nothing was changed. A file and its log are moved and restored together: put back the one "
                          "that belongs to {0}, or, if there is none, move this one away (mv '{0}.wal' '{0}.wal.old') "
                          "and start again.",
                          path));
}

}  // namespace

std::string mark_counter(std::uint64_t file_checkpoints) {
  return fmt::format("{:016x}", file_checkpoints);
}

std::vector<LogMark> marks_in(std::string_view bytes) {
  std::vector<LogMark> marks;
  for (auto at = bytes.find(mark_begin); at != std::string_view::npos; at = bytes.find(mark_begin, at + 1)) {
    if (auto mark = mark_at(bytes.substr(at))) marks.push_back(*std::move(mark));
  }
  return marks;
}

void refuse_foreign_log(const std::string& path) {
  const auto place = behind_links(path);
  const auto marks = marks_of_log(place + ".wal");
  if (marks.empty()) return;
  const auto id = id_without_log(place);
  if (id.empty()) return;
  // A row of a source may contain what looks like a mark. The log is another file's only if none of its marks is this
  // file's.
  bool has_own = false;
  std::uint64_t newest = 0;
  for (const auto& mark : marks) {
    if (mark.file_id != id) continue;
    has_own = true;
    newest = std::max(newest, mark.file_checkpoints);
  }
  if (!has_own) refuse_log(place, "belongs to another file");
  if (newest > file_checkpoints_of(place))
    refuse_log(place, "is newer than the file, which is an older copy of the one it belongs to");
}

}  // namespace walbrook::destination::duckdb

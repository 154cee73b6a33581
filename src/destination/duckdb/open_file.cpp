#include "destination/duckdb/open_file.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/process_limits.h"
#include "base/standard_descriptors.h"
#include "destination/destination.h"
#include "destination/duckdb/connection.h"
#include "destination/duckdb/file_guard.h"
#include "destination/duckdb/file_place.h"
#include "destination/duckdb/log_mark.h"

namespace walbrook::destination::duckdb {
namespace {

namespace fs = std::filesystem;

// DuckDB writes the log into the file as soon as it has this size. Measured while rows stream in: 16 MB stalls loads
// for 260 ms, 2 MB for 30 to 90 ms but far more often.
constexpr const char* checkpoint_threshold = "4MB";

[[noreturn]] void cannot_open(std::string cause, Remedy remedy) {
  throw Error(ErrorKind::destination, std::move(cause), std::move(remedy));
}

// DuckDB (1.5.5) removes such a log when it creates the file, and with it the commits in the log.
void refuse_log_alone(const std::string& path) {
  const auto log = behind_links(path) + ".wal";
  std::error_code failed;
  const auto size = fs::file_size(log, failed);
  if (failed || size == 0) return;
  cannot_open(fmt::format("the destination {} does not exist, but its log {} does", path, log),
              fmt::format("The log holds commits that are in no file yet: put the file back beside it. If nobody needs "
                          "them, move the log away (mv '{0}' '{0}.old') and start again.",
                          log));
}

void check_path(const DatabaseOptions& options) {
  const fs::path path = options.path;
  const auto folder = path.parent_path();
  std::error_code ignored;
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0 && errno != ENOENT && errno != ENOTDIR) {
    cannot_open(
        fmt::format("it cannot be determined whether the destination {} exists: {}", options.path, strerror(errno)),
        "Give this user the right to enter its folder, and to every folder above it.");
  }
  if (!fs::is_directory(folder, ignored)) {
    cannot_open(
        fmt::format("the destination's folder {} does not exist", folder.string()),
        remedy("Create it (mkdir -p '{}') or name another with {}.", folder.string(), RemedyOption::destination));
  }
  if (fs::is_directory(path, ignored)) {
    cannot_open(fmt::format("the destination {} is a folder, not a database file", options.path),
                remedy("Name a file in it with {} duckdb:///FOLDER/NAME.duckdb.", RemedyOption::destination));
  }
  const bool exists = fs::exists(path, ignored);
  if (!exists && options.read_only) {
    cannot_open(fmt::format("the destination {} does not exist", options.path),
                remedy("{}, or name the right file with {}.", RemedyAction::run_first, RemedyOption::destination));
  }
  if (!exists) refuse_log_alone(options.path);
  if (exists && ::access(path.c_str(), R_OK) != 0) {
    cannot_open(fmt::format("the destination {} may not be read by this user", options.path),
                "Give this user the right to it.");
  }
  if (!options.read_only &&
      (::access(exists ? path.c_str() : folder.c_str(), W_OK) != 0 || ::access(folder.c_str(), W_OK) != 0)) {
    cannot_open(fmt::format("the destination {} may not be written by this user", options.path),
                "Give this user the right to write the file and its folder (DuckDB keeps its log beside the file).");
  }
}

// Throws if output of this process would go into the database or its log.
void check_outputs(const std::string& path) {
  for (const auto& file : {path, path + ".wal"}) {
    if (const auto descriptor = output_into(file)) throw output_error(file, *descriptor);
  }
}

Remedy await_the_holder() {
  return remedy("End that process, or wait until it is done{}.",
                OfTheCommand{"; walbrook run --follow waits by itself"});
}

// Returns the version of DuckDB that the file's header names ("v2.0.1"), which that version wrote there; "": none.
// REQUIRES: this process has no handle on the file (closing one drops the locks of all).
std::string writer_of(const std::string& path) {
  // DuckDB's main header (1.5.5 and 2.0.1): checksum, "DUCK", storage version, flags, and the version in 32 bytes.
  constexpr std::streamoff at = 52;
  std::array<char, 32> version{};
  std::ifstream header(path, std::ios::binary);
  if (!header.seekg(at) || !header.read(version.data(), version.size())) return {};
  const std::string text(version.data(), ::strnlen(version.data(), version.size()));
  const auto is_plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-'; };
  return text.starts_with('v') && std::ranges::all_of(text, is_plain) ? text : std::string();
}

// Throws what DuckDB reported, in walbrook's words.
[[noreturn]] void explain(const std::string& path, const std::string& message) {
  // "Conflicting lock is held in /usr/bin/duckdb (PID 4711) by user …"
  constexpr std::string_view held = "held in ";
  if (const auto at = message.find(held); at != std::string::npos) {
    const auto holder = std::string_view(message).substr(at + held.size());
    if (const auto end = holder.find(')'); end != std::string_view::npos) {
      throw DestinationLocked(fmt::format("the destination {} is locked by {}", path, holder.substr(0, end + 1)),
                              await_the_holder());
    }
  }
  if (message.find("Could not set lock") != std::string::npos) {
    throw DestinationLocked(fmt::format("the destination {} is locked by another process", path), await_the_holder());
  }
  if (message.find("not a valid DuckDB database") != std::string::npos) {
    cannot_open(fmt::format("the destination {} is not a DuckDB database", path),
                remedy("Name another file with {}, or move this one away.", RemedyOption::destination));
  }
  if (message.find("encrypted database") != std::string::npos) {
    cannot_open(
        fmt::format("the destination {} is encrypted, and walbrook gives DuckDB no key", path),
        remedy("Name another file with {}. DuckDB copies an encrypted file into a plain one: ATTACH both, the old one "
               "with its ENCRYPTION_KEY, and COPY FROM DATABASE.",
               RemedyOption::destination));
  }
  if (message.find("WAL") != std::string::npos) {
    cannot_open(
        fmt::format("the log of the destination {} cannot be replayed: {}", path, first_line(message)),
        fmt::format("It is damaged, or it is the log of another file. Nothing was changed. Put back the right "
                    "one, or move it away (mv '{0}.wal' '{0}.wal.old') and start again: changes that only it held are "
                    "read from the source again, or the run reports that this is impossible.",
                    path));
  }
  if (message.find("computed checksum") != std::string::npos) {
    cannot_open(
        fmt::format("the destination {} is damaged: {}", path, first_line(message)),
        remedy("Put back a copy of the file and of its log from a backup, or move it away: {} copies the tables again.",
               RemedyAction::reset));
  }
  if (is_out_of_memory(message) || message.find("bad_alloc") != std::string::npos) {
    const auto advice = memory_limit_advice();
    cannot_open(fmt::format("the destination {} cannot be opened: {}", path, first_line(message)),
                advice.empty() ? "Give DuckDB more memory (DESTINATION__DUCKDB__MEMORY_LIMIT)." : advice);
  }
  if (message.find("version number") != std::string::npos ||
      message.find("newer version of DuckDB") != std::string::npos ||
      message.find("older version of DuckDB") != std::string::npos) {
    const auto writer = writer_of(path);
    cannot_open(
        fmt::format("the destination {} was written by another version of DuckDB{}{}: {}", path,
                    writer.empty() ? "" : ", ", writer, first_line(message)),
        remedy("Nothing was changed. This walbrook reads what DuckDB {} reads: name another file with {}, or let the "
               "version that wrote it copy it: ATTACH '{}' AS old (READ_ONLY); ATTACH '{}.copy' AS new "
               "(STORAGE_VERSION '{}'); COPY FROM DATABASE old TO new;",
               duckdb_library_version(), RemedyOption::destination, path, path, duckdb_library_version()));
  }
  cannot_open(fmt::format("the destination {} cannot be opened: {}", path, first_line(message)), {});
}

}  // namespace

Settings::Settings() {
  if (duckdb_create_config(&raw_) == DuckDBError) throw Error(ErrorKind::internal, "no memory for DuckDB's settings");
}

void Settings::set(const char* name, const std::string& value) {
  if (duckdb_set_config(raw_, name, value.c_str()) == DuckDBError) {
    throw Error(ErrorKind::configuration, fmt::format("DuckDB does not take {} = \"{}\"", name, value),
                "Write sizes as 512MB or 2GB, threads as a number from 1.");
  }
}

Settings common_settings(const DatabaseOptions& options, const std::string& memory_limit) {
  Settings settings;
  if (!memory_limit.empty()) settings.set("memory_limit", memory_limit);
  if (options.threads > 0) settings.set("threads", std::to_string(options.threads));
  // Without this setting every small INSERT and every flush of an appender keeps 18 kB per column until its transaction
  // ends (1.5.5: 2,000 of them into 13 columns did not fit into 192 MB).
  settings.set("preserve_insertion_order", "true");
  // Freed memory goes back to the system in smaller amounts than by default: 60 MB less at the peak of large merges.
  settings.set("allocator_flush_threshold", "8MB");
  settings.set("allocator_bulk_deallocation_flush_threshold", "16MB");
  // Tasks yield after some chunks, so that a load's tasks run between those of a query.
  settings.set("scheduler_process_partial", "true");
  // Pipeline::query returns values with their types: a UUID does not become a text.
  settings.set("arrow_lossless_conversion", "true");
  // Extensions are loaded by load_extension (extension.h) alone: no statement makes DuckDB load one, or download it.
  settings.set("autoload_known_extensions", "false");
  settings.set("autoinstall_known_extensions", "false");
  return settings;
}

bool is_out_of_memory(std::string_view message) {
  return message.find("could not allocate block") != std::string_view::npos ||
         message.find("Out of Memory") != std::string_view::npos;
}

std::string first_line(std::string_view message) {
  return std::string(message.substr(0, message.find('\n')));
}

namespace {

// For the time in which DuckDB creates a file, which it does as the umask allows (1.5.5: 0666): the rows are for their
// owner only. The umask belongs to the process; another thread that creates a file meanwhile gets a narrower mode,
// never a wider one. One database is opened at a time: of two, the second would take the first one's umask for the
// process's, and leave it in force afterwards.
class OwnerOnly {
 public:
  explicit OwnerOnly(const std::string& path) {
    static std::mutex one_at_a_time;
    std::error_code failed;
    if (fs::exists(path, failed)) return;
    lock_ = std::unique_lock(one_at_a_time);
    before_ = ::umask(077);
  }
  OwnerOnly(const OwnerOnly&) = delete;
  OwnerOnly& operator=(const OwnerOnly&) = delete;
  ~OwnerOnly() {
    if (before_) ::umask(*before_);
  }

 private:
  std::unique_lock<std::mutex> lock_;
  std::optional<mode_t> before_;
};

// Returns the database, or nullptr and DuckDB's message.
duckdb_database try_open(const DatabaseOptions& options, const std::string& memory_limit, std::string& message) {
  auto config = common_settings(options, memory_limit);
  config.set("access_mode", options.read_only ? "READ_ONLY" : "READ_WRITE");
  config.set("wal_autocheckpoint", checkpoint_threshold);
  config.set("temp_directory", options.path + ".tmp");
  // This setting comes last. After it the file, its log and the temporary folder above stay usable, and nothing else of
  // the file system is: no statement that somebody runs by `walbrook sql` reads or writes other files.
  config.set("enable_external_access", "false");

  duckdb_database database = nullptr;
  char* error = nullptr;
  const OwnerOnly owner_only(options.path);
  // The file is opened by the name that links lead to: for a link that leads nowhere yet, DuckDB (1.5.5) denies itself
  // access to the log, which it wants beside the file that it creates.
  if (duckdb_open_ext(behind_links(options.path).c_str(), &database, config.get(), &error) == DuckDBError) {
    message = error == nullptr ? "unknown reason" : error;
    duckdb_free(error);
    return nullptr;
  }
  return database;
}

void limit_memory(duckdb_database database, const std::string& memory_limit) {
  Owned<duckdb_connection, duckdb_disconnect> connection;
  // The checkpoint moves what was replayed from memory into the file.
  const auto sql = fmt::format("CHECKPOINT; SET GLOBAL memory_limit = '{}'", memory_limit);
  if (duckdb_connect(database, connection.out()) == DuckDBError ||
      duckdb_query(connection.get(), sql.c_str(), Result().out()) == DuckDBError) {
    spdlog::warn("DuckDB runs without its memory limit of {}: replaying the log of a killed process needs more",
                 memory_limit);
  }
}

}  // namespace

duckdb_database open_file(const DatabaseOptions& options, const std::string& memory_limit) {
  occupy_standard_descriptors();
  check_path(options);
  refuse_foreign_handles(options.path);
  check_outputs(options.path);
  refuse_foreign_log(options.path);
  std::string message;
  duckdb_database database = try_open(options, memory_limit, message);
  if (database == nullptr && is_out_of_memory(message)) {
    // The log of a killed process is replayed as a whole, and for a table of very many columns that takes more memory
    // than its loads did. A limit that keeps the file from ever being opened again is of no use to anybody.
    database = try_open(options, {}, message);
    if (database != nullptr && !options.read_only) limit_memory(database, memory_limit);
  }
  if (database == nullptr) explain(options.path, message);
  return database;
}

}  // namespace walbrook::destination::duckdb

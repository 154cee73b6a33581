#include "cli/commands/init.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/destination_name.h"
#include "base/limited_read.h"
#include "base/mask_secrets.h"
#include "base/names.h"
#include "base/text.h"
#include "base/user_paths.h"
#include "cli/commands/project_text.h"
#include "cli/terminal.h"

namespace walbrook::cli {
namespace {

constexpr std::string_view secrets_file = ".walbrook/secrets.toml";
constexpr std::string_view ignore_file = ".gitignore";
constexpr const char* initial_load_source = "sql_database";

constexpr std::string_view kept = "kept";

struct WrittenFile {
  std::string path;
  std::string_view what;  // "created", "kept", "replaced"
  std::string backup;     // where a replaced file was moved to
};

void check_known(std::string_view what, const std::string& word, const std::vector<std::string>& known) {
  if (std::ranges::find(known, word) != known.end()) return;
  const auto meant = nearest(word, known);
  throw Error(ErrorKind::configuration, fmt::format("unknown {} \"{}\"", what, printable(mask_secrets(word))),
              fmt::format("{}Known: {}.", meant.empty() ? "" : fmt::format("Did you mean {}? ", meant),
                          fmt::join(known, ", ")));
}

[[noreturn]] void fail_to_write(std::string_view path) {
  throw Error(ErrorKind::destination, fmt::format("{} cannot be written: {}", path, std::strerror(errno)),
              "Give this user the right to write here, or name another folder with --project.");
}

// A file of secrets is never readable by others, not even while it is empty.
void write_project_file(const std::string& path, std::string_view text, mode_t mode) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) fail_to_write(path);
  const bool written =
      ::fchmod(file, mode) == 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (::close(file) != 0 || !written) fail_to_write(path);
}

// Renames README.md to README.md.orig, or to .orig.2 and so on if that exists. No file is ever overwritten.
std::string set_backup(const std::string& path) {
  std::string backup = path + ".orig";
  struct stat found {};
  for (int n = 2; ::lstat(backup.c_str(), &found) == 0; ++n) backup = fmt::format("{}.orig.{}", path, n);
  if (::rename(path.c_str(), backup.c_str()) != 0) fail_to_write(path);
  return backup;
}

bool holds(const std::string& path, std::string_view text) {
  const auto read = read_limited(path, {.bytes = text.size() + 1, .time = std::chrono::seconds(1)});
  return read.failure.empty() && read.text == text;
}

WrittenFile put_project_file(const std::string& path, const std::string& text, bool force) {
  struct stat found {};
  const bool there = ::lstat(path.c_str(), &found) == 0;
  // secrets.toml is never replaced: only its owner can write its contents again.
  if (there && (!force || path == secrets_file || holds(path, text))) return {.path = path, .what = kept, .backup = {}};
  const auto folder = std::filesystem::path(path).parent_path();
  std::error_code failed;
  if (!folder.empty() && std::filesystem::create_directories(folder, failed)) {
    constexpr auto others_read =
        static_cast<std::filesystem::perms>(0755);  // whatever the umask, nobody else may write
    std::filesystem::permissions(folder, others_read, failed);
  }
  if (failed) {
    errno = failed.value();
    fail_to_write(folder.string());
  }
  const auto backup = there ? set_backup(path) : std::string();
  constexpr mode_t for_all = 0644, for_owner = 0600;
  write_project_file(path, text, path == secrets_file ? for_owner : for_all);
  return {.path = path, .what = there ? "replaced" : "created", .backup = backup};
}

// A .gitignore that existed before may not list the secrets.
bool ignores_secrets() {
  std::ifstream in{std::string(ignore_file)};
  for (std::string line; std::getline(in, line);) {
    for (const std::string_view pattern : {".walbrook/secrets.toml", "/.walbrook/secrets.toml", "secrets.toml",
                                           ".walbrook/", ".walbrook", "/.walbrook/", "/.walbrook"}) {
      if (line == pattern) return true;
    }
  }
  return false;
}

std::string init_text(const std::vector<WrittenFile>& files, bool says_ignore, bool force) {
  std::string text;
  for (const auto& file : files) {
    text += fmt::format("{:<8}  {}{}\n", file.what, file.path,
                        file.backup.empty() ? "" : fmt::format("  (the old one is {})", file.backup));
    if (force && file.path == secrets_file && file.what == kept)
      text += "          --force does not replace it: remove it to get a new one\n";
  }
  if (says_ignore) text += fmt::format("Add this line to your {}: {}\n", ignore_file, secrets_file);
  return text + fmt::format("Next: fill in {}, then walbrook check, then walbrook run\n", secrets_file);
}

std::string init_json(const std::vector<WrittenFile>& files) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const auto& file : files) {
    rows.push_back({{"file", file.path}, {"what", file.what}});
    if (!file.backup.empty()) rows.back()["backup"] = file.backup;
  }
  return nlohmann::ordered_json{{"files", rows}}.dump(2) + "\n";
}

std::vector<std::string> known_kinds() {
  std::vector<std::string> kinds;
  for (const auto& words : known_destinations()) kinds.emplace_back(words.kind);
  return kinds;
}

constexpr const char* initial_load_is_built_in =
    "sql_database is built in: walbrook run copies the existing rows before it applies changes, and both meet "
    "without "
    "a gap. Nothing else is needed: walbrook init pg_replication duckdb";

}  // namespace

int init_command(const CommandLine& line) {
  check_known("source", line.init.source, {"pg_replication", initial_load_source});
  check_known("destination", line.init.destination, known_kinds());
  if (line.init.source == initial_load_source) {
    write_result(line.json ? nlohmann::ordered_json{{"files", nlohmann::ordered_json::array()},
                                                    {"note", initial_load_is_built_in}}
                                     .dump(2) +
                                 "\n"
                           : std::string(initial_load_is_built_in) + "\n");
    return 0;
  }
  require_current_folder("walbrook init writes into");
  const auto& destination = *find_destination_kind(line.init.destination);
  std::vector<WrittenFile> files;
  for (const auto& file : project_files()) {
    files.push_back(put_project_file(std::string(file.path), text_for(file, destination), line.init.force));
  }
  write_result(line.json ? init_json(files) : init_text(files, !ignores_secrets(), line.init.force));
  return 0;
}

}  // namespace walbrook::cli

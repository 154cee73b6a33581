#include "serve/socket_path.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "destination/place.h"
#include "serve/local_server.h"

namespace walbrook::serve {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_stem = 24;  // of the destination's name, for people who look into the folder
constexpr int backlog = 128;          // connections that wait to be accepted
constexpr std::size_t max_path = sizeof(sockaddr_un::sun_path) - 1;  // 107: the kernel's limit without the NUL

// FNV-1a. It only has to be the same in every process and version.
std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

// Returns what the names of all sockets of the destination begin with.
std::string name_of_destination(const destination::Place& place) {
  std::string stem = fs::path(place.label).stem().string().substr(0, max_stem);
  for (char& c : stem) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!plain) c = '_';
  }
  return fmt::format("{}-{:016x}", stem, stable_hash(place.identity));
}

std::string file_name(const std::string& url, const std::string& pipeline) {
  const auto place = destination::place_of(url);
  const auto of_pipeline = place.has_many_runs ? fmt::format("-{:016x}", stable_hash(pipeline)) : "";
  return fmt::format("{}{}.sock", name_of_destination(place), of_pipeline);
}

bool is_own_folder(const fs::path& folder) {
  struct stat found {};
  return lstat(folder.c_str(), &found) == 0 && S_ISDIR(found.st_mode) && found.st_uid == geteuid();
}

std::vector<fs::path> folders() {
  std::vector<fs::path> found;
  if (const char* runtime = std::getenv("XDG_RUNTIME_DIR"); runtime != nullptr && is_own_folder(runtime)) {
    found.push_back(fs::path(runtime) / "walbrook");
  }
  const fs::path user = fmt::format("/run/user/{}", geteuid());
  if (is_own_folder(user)) found.push_back(user / "walbrook");
  const std::string shared = fmt::format("walbrook-{}", geteuid());
  std::error_code failed;
  if (const auto temporary = fs::temp_directory_path(failed); !failed) found.push_back(temporary / shared);
  found.push_back(fs::path("/tmp") / shared);
  const char* home = std::getenv("HOME");
  if (home != nullptr && is_own_folder(fs::path(home) / ".cache")) {
    found.push_back(fs::path(home) / ".cache" / "walbrook");
  }
  return found;
}

// True if another user owns the folder: its contents under our name may be a trap, and it may deny us access.
bool is_taken(const fs::path& folder) {
  struct stat found {};
  return lstat(folder.c_str(), &found) == 0 && !is_own_folder(folder);
}

}  // namespace

void prepare_socket_folder(const fs::path& folder) {
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    throw Error(ErrorKind::destination, fmt::format("the folder of the local socket, {}, cannot be created: {}",
                                                    folder.string(), strerror(errno)));
  }
  // Others can write to the temporary folder: an entry under our name may be a trap.
  struct stat found {};
  if (lstat(folder.c_str(), &found) != 0 || !S_ISDIR(found.st_mode) || found.st_uid != geteuid()) {
    throw Error(ErrorKind::destination,
                fmt::format("the folder of the local socket, {}, does not belong to this user", folder.string()),
                "Remove it, or set XDG_RUNTIME_DIR to a folder of your own.");
  }
  if ((found.st_mode & 077U) != 0 && chmod(folder.c_str(), 0700) != 0) {
    throw Error(ErrorKind::destination, fmt::format("the folder of the local socket, {}, is open to others: {}",
                                                    folder.string(), strerror(errno)));
  }
}

void remove_dead_sockets(const fs::path& folder) {
  constexpr auto just_made = std::chrono::minutes(1);
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    std::error_code gone;
    const auto age = fs::file_time_type::clock::now() - entry.last_write_time(gone);
    if (gone || !entry.is_socket(gone) || age < just_made || probe(entry.path().string()) != Dialled::State::nobody)
      continue;
    fs::remove(entry.path(), gone);
  }
}

Dialled dial(const std::string& path) {
  using State = Dialled::State;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() > max_path) return {.state = State::nobody, .error = ENAMETOOLONG};
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  // Non-blocking: a connection to a stopped process would otherwise block while its queue is full.
  Descriptor connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (connection.get() < 0) return {.state = State::unknown, .error = errno};
  int failed = 0;
  do {
    failed = ::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  } while (failed != 0 && errno == EINTR);
  if (failed == 0) return {.state = State::connected, .descriptor = std::move(connection)};
  const int error = errno;
  if (error == ECONNREFUSED || error == ENOENT) return {.state = State::nobody, .error = error};
  return {.state = error == EAGAIN ? State::busy : State::unknown, .error = error};
}

Dialled::State probe(const std::string& path) {
  return dial(path).state;
}

Descriptor listen_at(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  prepare_socket_folder(folder);
  remove_dead_sockets(folder);
  const auto found = dial(path);
  if (found.state == Dialled::State::unknown) {
    throw Error(
        ErrorKind::destination,
        fmt::format("it cannot be determined whether another walbrook answers at {}: {}", path, strerror(found.error)));
  }
  if (found.state != Dialled::State::nobody) {
    throw Error(ErrorKind::destination, fmt::format("another walbrook answers at {}", path),
                "Two runs cannot write one destination: stop the other one first.");
  }
  ::unlink(path.c_str());  // left by a process that was killed
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const bool is_too_long = path.size() > max_path;
  if (!is_too_long) std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  if (is_too_long) errno = ENAMETOOLONG;
  Descriptor listening(is_too_long ? -1 : ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (listening.get() < 0 ||
      ::bind(listening.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path.c_str(), 0600) != 0 || ::listen(listening.get(), backlog) != 0) {
    throw Error(ErrorKind::destination,
                fmt::format("the local socket {} cannot be created: {}", path, strerror(errno)));
  }
  return listening;
}

std::string socket_path(const std::string& destination_url, const std::string& pipeline) {
  const std::string name = file_name(destination_url, pipeline);
  std::string first;  // the first path that this user may use
  std::string last;   // the path to refuse, with the reason, if there is no usable one
  for (const auto& folder : folders()) {
    std::string path = (folder / name).string();
    if (path.size() > max_path) continue;
    if (is_own_folder(folder) && probe(path) != Dialled::State::nobody) return path;
    if (last.empty()) last = path;
    if (first.empty() && !is_taken(folder)) first = std::move(path);
  }
  return first.empty() ? last : first;  // never empty: the path in /tmp is short
}

std::vector<std::string> sockets_of_all(const std::string& destination_url) {
  const auto name = name_of_destination(destination::place_of(destination_url));
  std::set<std::string> found;  // two of the folders may be one
  for (const auto& folder : folders()) {
    if (!is_own_folder(folder)) continue;
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(folder, failed)) {
      const auto path = entry.path().string();
      if (!entry.path().filename().string().starts_with(name) || !entry.is_socket(failed)) continue;
      if (probe(path) != Dialled::State::nobody) found.insert(path);
    }
  }
  return {found.begin(), found.end()};
}

std::string taken_socket_folder(const std::string& socket) {
  for (const auto& folder : folders()) {
    if (fs::path(socket).parent_path() == folder) break;
    if (is_taken(folder)) return folder.string();
  }
  return {};
}

}  // namespace walbrook::serve

#include "test/support/temp_folder.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace walbrook::test {
namespace {

// Waits until the test process has ended and thereby closed its end of the pipe. Then stops the servers below the root
// by the pid in their postmaster.pid, and removes everything. It is a shell script because no code of the test process
// survives a kill -9.
constexpr const char* watchdog_script =
    "cat >/dev/null\n"
    "for file in \"$1\"/*/data/postmaster.pid; do\n"
    "  if [ -f \"$file\" ]; then kill -QUIT \"$(head -n 1 \"$file\")\" 2>/dev/null; sleep 1; fi\n"
    "done\n"
    "rm -rf \"$1\"\n";

void start_watchdog(const std::string& root) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe for the watchdog failed");
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork of the watchdog failed");
  if (child == 0) {
    setsid();  // Ctrl-C ends the test process; the watchdog must go on
    dup2(ends[0], STDIN_FILENO);
    const int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    execl("/bin/sh", "sh", "-c", watchdog_script, "walbrook-test-watchdog", root.c_str(), nullptr);
    _exit(127);
  }
  close(ends[0]);  // ends[1] stays open until this process ends; no child inherits it
}

std::string make_root(const std::filesystem::path& parent) {
  std::string pattern = (parent / "walbrook-test-XXXXXX").string();
  // The path of a Unix socket is limited to 107 bytes, of which a deep TMPDIR would not leave enough.
  if (pattern.size() > 60) pattern = "/tmp/walbrook-test-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a folder in " + pattern);
  chmod(pattern.c_str(), 0755);  // so that the server's user can enter
  start_watchdog(pattern);
  return pattern;
}

// Containers usually have 64 MB. Suites that run at the same time need some hundred MB each.
constexpr const char* memory_folder = "/dev/shm";
constexpr std::uint64_t memory_wanted = std::uint64_t{6} << 30U;

bool memory_has_room() {
  struct statvfs room {};
  return statvfs(memory_folder, &room) == 0 && access(memory_folder, W_OK) == 0 &&
         std::uint64_t{room.f_bavail} * room.f_frsize >= memory_wanted;
}

const std::filesystem::path& root_in_memory() {
  static const std::filesystem::path root =
      memory_has_room() ? std::filesystem::path(make_root(memory_folder)) : temp_root();
  return root;
}

}  // namespace

const std::filesystem::path& temp_root() {
  static const std::filesystem::path root = make_root(std::filesystem::temp_directory_path());
  return root;
}

TempFolder::TempFolder(const std::string& name, Place place) {
  static std::atomic<int> count{0};
  path_ = (place == Place::memory ? root_in_memory() : temp_root()) / (name + "-" + std::to_string(++count));
  std::filesystem::create_directory(path_);
}

TempFolder::~TempFolder() {
  std::error_code ignored;  // the watchdog tries again
  std::filesystem::remove_all(path_, ignored);
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  if (!out.flush()) throw std::runtime_error("cannot write " + path.string());
}

}  // namespace walbrook::test

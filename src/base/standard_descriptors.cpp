#include "base/standard_descriptors.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>

namespace walbrook {
namespace {

bool is_closed(int descriptor) {
  return ::fcntl(descriptor, F_GETFD) < 0 && errno == EBADF;
}

// Returns the lowest free number, which is `descriptor` if all below it are in use and no other thread is faster.
int open_nothing(int descriptor) {
  const int flags = descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY;
  const int opened = ::open("/dev/null", flags);
  return opened >= 0 ? opened : ::open("/", O_RDONLY | O_DIRECTORY);  // a chroot without /dev
}

}  // namespace

void occupy_standard_descriptors() noexcept {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (!is_closed(descriptor)) continue;
    const int opened = open_nothing(descriptor);
    if (opened > STDERR_FILENO) ::close(opened);  // another thread used the number meanwhile
  }
}

std::optional<int> output_into(const std::string& file) noexcept {
  struct stat target {};
  if (::stat(file.c_str(), &target) != 0) return std::nullopt;
  for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
    struct stat output {};
    if (::fstat(descriptor, &output) != 0) continue;
    if (output.st_dev == target.st_dev && output.st_ino == target.st_ino) return descriptor;
  }
  return std::nullopt;
}

Error output_error(const std::string& file, int descriptor) {
  return Error(ErrorKind::destination,
               fmt::format("standard {} of this process is written to the destination {}",
                           descriptor == STDOUT_FILENO ? "output" : "error", file),
               "Redirect it to another file: what is printed would destroy the database.");
}

void silence(int descriptor) noexcept {
  const int nothing = ::open("/dev/null", O_WRONLY);
  if (nothing < 0) return;
  ::dup2(nothing, descriptor);
  ::close(nothing);
}

}  // namespace walbrook

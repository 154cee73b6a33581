#include "cli/terminal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace walbrook::cli {
namespace {

winsize size_of(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return {};
  return size;
}

// Returns 0, or errno.
int write_all(int descriptor, std::string_view text) noexcept {
  while (!text.empty()) {
    const auto written = ::write(descriptor, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {  // another process that shares the pipe or terminal made it non-blocking
      pollfd room{.fd = descriptor, .events = POLLOUT, .revents = 0};
      if (::poll(&room, 1, -1) < 0 && errno != EINTR) return errno;
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

}  // namespace

bool is_terminal(int descriptor) {
  return isatty(descriptor) != 0 && environment("TERM") != "dumb";
}

bool wants_colour(int descriptor) {
  return is_terminal(descriptor) && environment("NO_COLOR").empty();
}

std::size_t columns_of(int descriptor) {
  const auto size = size_of(descriptor);
  return size.ws_col > 0 ? size.ws_col : 80;
}

std::size_t lines_of(int descriptor) {
  const auto size = size_of(descriptor);
  return size.ws_row > 0 ? size.ws_row : 24;
}

Glyphs terminal_glyphs() {
  std::string_view locale = environment("LC_ALL");
  if (locale.empty()) locale = environment("LC_CTYPE");
  if (locale.empty()) locale = environment("LANG");
  const auto dot = locale.find('.');
  if (dot == std::string_view::npos) return Glyphs::unicode;  // unset or "C", as in containers: terminals are UTF-8
  const std::string charset(locale.substr(dot + 1));
  const bool utf8 = strncasecmp(charset.c_str(), "utf-8", 5) == 0 || strncasecmp(charset.c_str(), "utf8", 4) == 0;
  return utf8 ? Glyphs::unicode : Glyphs::ascii;
}

std::string coloured(std::string_view text, Colour colour, bool wanted) {
  if (!wanted) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", static_cast<int>(colour), text);
}

bool write_result(std::string_view text) {
  const int failed = write_all(STDOUT_FILENO, text);
  if (failed != 0 && failed != EPIPE) {
    throw Error(ErrorKind::internal, fmt::format("the result cannot be written to stdout: {}", strerror(failed)));
  }
  return failed == 0;
}

bool is_stdout_open() {
  // If stdout was closed, main has opened a descriptor in its place that cannot be written
  // (base/standard_descriptors.h).
  const int flags = ::fcntl(STDOUT_FILENO, F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

void write_message(std::string_view text) noexcept {
  write_all(STDERR_FILENO, text);
}

}  // namespace walbrook::cli

#include "test/docs/shell.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "test/docs/shown_output.h"
#include "test/support/temp_folder.h"

namespace walbrook::test {
namespace {

constexpr unsigned short terminal_columns = 100;
constexpr unsigned short terminal_lines = 50;

void write_line(int descriptor, const std::string& text) {
  const auto line = text + "\n";
  if (write(descriptor, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    throw std::runtime_error("the shell takes no command");
  }
}

}  // namespace

Shell::Shell(const std::filesystem::path& folder, const std::filesystem::path& files, const Environment& env)
    : files_(files) {
  const winsize size{.ws_row = terminal_lines, .ws_col = terminal_columns, .ws_xpixel = 0, .ws_ypixel = 0};
  std::array<char, 64> name{};
  termios raw{};
  cfmakeraw(&raw);  // keeps "\n" as it is
  if (openpty(&terminal_, &far_end_, name.data(), &raw, &size) != 0) throw std::runtime_error("there is no terminal");
  terminal_name_ = name.data();
  fcntl(terminal_, F_SETFL, O_NONBLOCK);
  const auto fifo = files_ / "commands";
  if (mkfifo(fifo.c_str(), 0600) != 0) throw std::runtime_error("there is no pipe " + fifo.string());
  commands_ = open(fifo.c_str(), O_RDWR | O_CLOEXEC);
  bash_ = std::make_unique<Process>(ProcessSpec{.argv = {"bash", fifo.string()}, .env = env, .folder = folder});
}

Shell::~Shell() {
  try {
    run("jobs -p | xargs -r kill -9; wait", std::chrono::seconds(10));
  } catch (const std::exception&) {
    // the next line ends it in any case
  }
  bash_.reset();
  close(commands_);
  close(far_end_);
  close(terminal_);
}

ShellResult Shell::run(const std::string& commands, std::chrono::seconds limit) {
  const auto status = files_ / "status";
  std::filesystem::remove(status);
  write_file(files_ / "step", commands + "\n");
  const auto out = commands.ends_with('&') ? background().string() : terminal_name_;
  write_line(commands_, "source '" + (files_ / "step").string() + "' </dev/null >'" + out + "' 2>&1; echo $? >'" +
                            status.string() + ".new'; mv '" + status.string() + ".new' '" + status.string() + "'");
  std::string shown;
  const auto ended = [&] {
    shown += take_shown();
    return std::filesystem::exists(status) || !bash_->running();
  };
  if (!eventually(ended, limit) || !std::filesystem::exists(status)) {
    throw std::runtime_error("the shell did not come back from: " + commands + "\n" + on_terminal(shown) +
                             bash_->err());
  }
  shown += take_shown();
  return {.exit_code = std::stoi(read_file(status)), .shown = on_terminal(shown)};
}

std::string Shell::take_shown() {
  std::string text;
  std::array<char, 4096> bytes{};
  for (ssize_t got = 0; (got = read(terminal_, bytes.data(), bytes.size())) > 0;) {
    text.append(bytes.data(), static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace walbrook::test

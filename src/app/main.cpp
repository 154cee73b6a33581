// The command `walbrook`: reads the command line, builds what the command needs, turns an Error into text and exit
// code.
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <clocale>
#include <csignal>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/process_arguments.h"
#include "app/report.h"
#include "app/terminal.h"
#include "base/process_limits.h"
#include "base/standard_descriptors.h"

namespace {

using namespace walbrook;

int perform(const app::CommandLine& line) {
  switch (line.command) {
    case app::Command::run:
      return app::run_command(line);
    case app::Command::check:
      return app::check_command(line);
    case app::Command::status:
      return app::status_command(line);
    case app::Command::resync:
      return app::resync_command(line);
    case app::Command::sql:
      return app::sql_command(line);
    case app::Command::decode:
      return app::decode_command(line);
    case app::Command::config:
      return app::config_command(line);
    case app::Command::init:
      return app::init_command(line);
    case app::Command::pipeline:
      return app::pipeline_command(line);
    case app::Command::completion:
      return app::completion_command(line);
    case app::Command::man:
      return app::man_command(line);
  }
  return 1;
}

// Rows of a database are in whatever this process creates: the file, its log, what DuckDB swaps out, captures.
constexpr mode_t owner_only = 077;

// A query that a run answers does not open the file, and the error itself must not be written into it either.
void check_outputs(const std::string& destination) {
  if (destination.empty()) return;
  const auto path = destination::file_path(destination);
  for (const auto& file : {path, path + ".wal"}) {
    const auto descriptor = output_into(file);
    if (!descriptor) continue;
    for (auto next = descriptor; next; next = output_into(file)) silence(*next);
    throw output_error(file, *descriptor);
  }
}

}  // namespace

int main(int argc, char** argv) {
  occupy_standard_descriptors();  // first: the log would be written into the file that is opened as descriptor 2
  const auto arguments = app::take_arguments(argc, argv);
  std::setlocale(LC_CTYPE, "C.UTF-8");  // widths of what is shown; DuckDB and libpq bring their own
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a write over `ulimit -f` fails then, and says why, in place of ending us
  auto format = app::wanted_log_format(arguments);
  const bool json = app::asks_for_json(arguments);
  try {
    set_up_logging(format, "info");
    const auto parsed = app::parse_command_line(arguments);
    if (!parsed.line) {
      app::write_result(parsed.text);
      return 0;
    }
    if (parsed.line->command != app::Command::init) ::umask(owner_only);  // a project folder is for whoever works in it
    format = parsed.line->log_format;
    set_up_logging(format, parsed.line->log_level);
    for (const auto& warning : parsed.line->settings.warnings()) spdlog::warn("{}", warning);
    check_outputs(parsed.line->destination.url);
    return perform(*parsed.line);
  } catch (const Error& error) {
    return app::report(error, json, format);
  } catch (const std::exception& error) {
    return app::report(unexpected_error(error), json, format);
  }
}

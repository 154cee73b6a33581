// The command `walbrook`: parses the command line, performs the command, and turns an Error into text and an exit code.
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <clocale>
#include <csignal>

#include "base/process_limits.h"
#include "base/standard_descriptors.h"
#include "cli/command_line.h"
#include "cli/commands/check.h"
#include "cli/commands/compact.h"
#include "cli/commands/config.h"
#include "cli/commands/init.h"
#include "cli/commands/run.h"
#include "cli/commands/sql.h"
#include "cli/commands/status.h"
#include "cli/commands/table_request.h"
#include "cli/decode/decode.h"
#include "cli/help/completion.h"
#include "cli/pipeline/pipeline.h"
#include "cli/process_arguments.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "destination/place.h"

namespace {

using namespace walbrook;

int perform(const cli::CommandLine& line) {
  switch (line.command) {
    case cli::Command::run:
      return cli::run_command(line);
    case cli::Command::check:
      return cli::check_command(line);
    case cli::Command::status:
      return cli::status_command(line);
    case cli::Command::resync:
      return cli::request_command(line, replication::Requested::resync);
    case cli::Command::suspend:
      return cli::request_command(line, replication::Requested::suspend);
    case cli::Command::resume:
      return cli::request_command(line, replication::Requested::resume);
    case cli::Command::compact:
      return cli::compact_command(line);
    case cli::Command::sql:
      return cli::sql_command(line);
    case cli::Command::decode:
      return cli::decode_command(line);
    case cli::Command::config:
      return cli::config_command(line);
    case cli::Command::init:
      return cli::init_command(line);
    case cli::Command::pipeline:
      return cli::pipeline_command(line);
    case cli::Command::completion:
      return cli::completion_command(line);
  }
  return 1;
}

// Files created by this process hold rows of a database: the DuckDB file, its log, DuckDB's temporary files, captures.
constexpr mode_t owner_only = 077;

// A query that a run answers does not open the file, and the error itself must not be written into it either.
void check_outputs(const std::string& destination) {
  if (destination.empty()) return;
  for (const auto& file : destination::local_files(destination)) {
    const auto descriptor = output_into(file);
    if (!descriptor) continue;
    for (auto next = descriptor; next; next = output_into(file)) silence(*next);
    throw output_error(file, *descriptor);
  }
}

}  // namespace

int main(int argc, char** argv) {
  occupy_standard_descriptors();  // first: the log would be written into a file opened as descriptor 2
  const auto arguments = cli::take_arguments(argc, argv);
  std::setlocale(LC_CTYPE, "C.UTF-8");  // for display widths; DuckDB and libpq set their own
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a write beyond `ulimit -f` then fails with an error instead of ending the process
  auto format = cli::wanted_log_format(arguments);
  const bool json = cli::asks_for_json(arguments);
  try {
    set_up_logging(format, "info");
    const auto parsed = cli::parse_command_line(arguments);
    if (!parsed.line) {
      cli::write_result(parsed.text);
      return 0;
    }
    if (parsed.line->command != cli::Command::init) ::umask(owner_only);  // a project folder may be shared
    format = parsed.line->log_format;
    set_up_logging(format, parsed.line->log_level);
    for (const auto& warning : parsed.line->settings.warnings()) spdlog::warn("{}", warning);
    check_outputs(parsed.line->destination.url);
    return perform(*parsed.line);
  } catch (const Error& error) {
    return cli::report(error, json, format);
  } catch (const std::exception& error) {
    return cli::report(unexpected_error(error), json, format);
  }
}

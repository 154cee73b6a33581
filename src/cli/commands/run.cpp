#include "cli/commands/run.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/commands/confirmation.h"
#include "cli/commands/destination_access.h"
#include "cli/commands/source_names.h"
#include "cli/commands/stored_names.h"
#include "cli/pipeline/pipeline_json.h"
#include "cli/progress/progress.h"
#include "cli/progress/progress_bars.h"
#include "cli/progress/progress_json.h"
#include "cli/progress/progress_lines.h"
#include "cli/progress/progress_text.h"
#include "cli/report.h"
#include "cli/signals.h"
#include "cli/terminal.h"
#include "destination/place.h"
#include "postgres/preflight/preflight.h"
#include "replication/runtime/run.h"
#include "replication/runtime/skip_transaction.h"
#include "replication/setup/drop.h"
#include "replication/setup/slot_claim.h"
#include "serve/local_server.h"
#include "serve/socket_path.h"

namespace walbrook::cli {
namespace {

using destination::Destination;

// The wait is short and constant. A `walbrook status` that is repeated holds the file most of the time, and a growing
// wait would collide with it again and again.
constexpr milliseconds lock_wait{200};
// A server that is away is asked less and less often.
constexpr milliseconds longest_server_wait{10'000};
constexpr milliseconds longest_query_end{1'000};  // of queries, once the run has ended

std::unique_ptr<Progress> make_progress(const CommandLine& line) {
  if (line.json) return make_json_progress();
  const bool bars = is_terminal(STDERR_FILENO) && line.log_format == LogFormat::text;
  return bars ? make_bar_progress() : make_line_progress();
}

// Finds errors before a file is created in vain, and logs the warnings once.
void look_before_first_run(const CommandLine& line) {
  const auto findings = postgres::preflight({.conninfo = replication::patient_endpoint(line.run, {}),
                                             .publication = line.run.publication,
                                             .slot = line.run.slot,
                                             .schema = line.run.schema,
                                             .tables = line.run.tables,
                                             .snapshot = line.run.snapshot,
                                             .slot_is_foreign = line.run.adoption == replication::Adoption::refuse,
                                             .standby = line.run.standby,
                                             .failover = line.run.failover,
                                             .reset = line.run.reset});
  if (const auto error = postgres::first_error(findings)) throw *error;
  for (const auto& finding : findings) {
    if (finding.severity != postgres::Severity::warning || finding.run_reports_it) continue;
    spdlog::warn("{}: {}{}{}", finding.topic, finding.what, finding.remedy.empty() ? "" : "\n  ",
                 to_text(finding.remedy, Wording::command));
  }
}

// Returns the result of `work`, which is done again while another process holds the destination or its server is away.
// Without --follow, that is an error.
template <class Work>
auto done_when_it_answers(const CommandLine& line, const Work& work) {
  bool logged = false;
  auto server_wait = lock_wait;
  while (true) {
    auto wait = lock_wait;
    try {
      return work();
    } catch (const destination::DestinationLocked& error) {
      if (!line.run.follow) throw;
      if (!logged) spdlog::warn("{}; waiting until it is free", error.cause());
      logged = true;
    } catch (const destination::DestinationUnreachable& error) {
      if (!line.run.follow) throw;
      wait = server_wait;
      server_wait = std::min(2 * server_wait, longest_server_wait);
      spdlog::warn("{}; trying again in {} ms", error.cause(), wait.count());
    }
    // No work has begun: a signal ends the process here.
    std::this_thread::sleep_for(wait);
  }
}

std::unique_ptr<Destination> open_pipeline(CommandLine& line) {
  auto destination = destination::open_destination(line.destination);
  static_cast<void>(destination->open());
  take_stored_names(line, destination);
  return destination;
}

// Returns false if it cannot be determined whether the file exists: opening it reports the reason.
bool is_first_run(const CommandLine& line) {
  try {
    return !destination::is_there(line.destination.url);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::destination) throw;
    return false;
  }
}

// A reset drops the source's slot and publication of these names. If this destination did not create them, they may
// belong to another replica.
bool reset_is_confirmed(const CommandLine& line, Destination& destination) {
  if (!line.run.reset || line.yes) return true;
  const auto state = destination.read_state();
  auto catalog = postgres::Connection::open(line.run.conninfo, postgres::ConnectionUse::catalog);
  const auto foreign = replication::made_by_others(
      catalog, {.slot = line.run.slot, .publication = line.run.publication}, state.checkpoint);
  if (foreign.empty()) return true;
  return is_confirmed(fmt::format("Drop {} at {}, which {} did not create?", fmt::join(foreign, " and "),
                                  catalog.where(), destination.name()),
                      false);
}

// A run continues without its socket; `status` and `sql` then have to wait for its end.
std::unique_ptr<serve::LocalServer> start_server(const CommandLine& line, Destination& destination,
                                                 replication::Run& run) {
  const auto socket = serve::socket_path(line.destination.url, line.run.pipeline);
  if (const auto taken = serve::taken_socket_folder(socket); !taken.empty()) {
    spdlog::warn(
        "the local socket is in {}, because {} is not this user's\n  Remove the latter, or set XDG_RUNTIME_DIR to "
        "a folder of this user.",
        std::filesystem::path(socket).parent_path().string(), taken);
  }
  try {
    return std::make_unique<serve::LocalServer>(
        socket, destination,
        serve::ServedRun{
            .status = [&run] { return run.status(); },
            .request = [&run](auto what, const auto& tables) { run.request(what, tables); },
            .request_part = [&run](const auto& table, const auto& where) { run.request_part(table, where); }},
        serve::ServerOptions{.queries = line.queries, .limits = line.query_limits});
  } catch (const Error& error) {
    spdlog::warn("walbrook status, sql, resync, suspend and resume cannot reach this run: {}", error.what());
    return nullptr;
  }
}

nlohmann::ordered_json summary_json(const replication::RunSummary& summary, const replication::RunStatus& left) {
  nlohmann::ordered_json suspended = nlohmann::ordered_json::array();
  for (const auto& [table, commit_lsn] : summary.suspended) {
    nlohmann::ordered_json entry = {{"table", table.schema + "." + table.name}, {"reason", table.reason}};
    if (commit_lsn.is_set()) entry["lsn"] = commit_lsn.to_string();
    suspended.push_back(std::move(entry));
  }
  nlohmann::ordered_json by_request = nlohmann::ordered_json::array();
  for (const auto& table : summary.suspended_by_request) by_request.push_back(table.schema + "." + table.name);
  nlohmann::ordered_json postponed = nlohmann::ordered_json::array();
  for (const auto& [table, remedy] : summary.postponed) {
    postponed.push_back({{"table", table.schema + "." + table.name}, {"reason", table.reason}});
  }
  nlohmann::ordered_json suspect = nlohmann::ordered_json::array();
  for (const auto& table : summary.suspect) {
    suspect.push_back({{"table", table.schema + "." + table.name}, {"reason", table.suspect}});
  }
  nlohmann::ordered_json unfinished = nlohmann::ordered_json::array();
  for (const auto& table : summary.unfinished) {
    unfinished.push_back({{"table", table.record.schema + "." + table.record.name},
                          {"state", destination::to_string(table.record.state)},
                          {"copied_rows", table.copied_rows},
                          {"reason", table.record.reason}});
  }
  return {{"event", "summary"},
          {"stopped", summary.stopped},
          {"copied_tables", summary.copied_tables},
          {"copied_rows", summary.copied_rows},
          {"copy_seconds", summary.copy_seconds},
          {"transactions", summary.applied.transactions},
          {"inserts", summary.applied.inserts},
          {"updates", summary.applied.updates},
          {"deletes", summary.applied.deletes},
          {"truncates", summary.applied.truncates},
          {"overflow_values", summary.applied.overflow_values},
          {"loads", summary.applied.loads},
          {"apply_seconds", summary.apply_seconds},
          {"seconds", summary.seconds},
          {"lag_ms", left.lag_ms},
          {"last_commit_lag_ms", left.last_commit_lag_ms},
          {"checkpoint", summary.checkpoint.to_string()},
          {"destination", left.destination},
          {"unfinished", unfinished},
          {"suspended", suspended},
          {"suspended_by_request", by_request},
          {"postponed", postponed},
          {"suspect", suspect}};
}

// Returns false if the summary could not be written, which is logged. The work is complete by then. A closed stdout
// means that nobody wants to read the summary.
bool write_summary(const std::string& text) {
  if (!is_stdout_open()) return true;
  try {
    write_result(text);
    return true;
  } catch (const Error& error) {
    spdlog::error("{}", error.what());
    return false;
  }
}

// Ends the process without waiting for a query: an expression over large values is evaluated to its end, which may take
// minutes. Everything is durable, so the process exits as if it was killed, and DuckDB replays its log when the file is
// opened the next time.
[[noreturn]] void leave_query_behind(int code) {
  spdlog::warn("a query does not end: the process ends without waiting for it, and nothing is lost");
  spdlog::shutdown();
  static_cast<void>(std::fflush(nullptr));
  ::_exit(code);
}

int report_end(const CommandLine& line, const replication::RunSummary& summary, const replication::RunStatus& left,
               const std::string& destination) {
  const auto text = line.json ? as_line(summary_json(summary, left)) + "\n" : summary_text(summary, left, destination);
  const bool written = write_summary(text);
  auto errors = suspended_errors(summary);
  std::ranges::move(postponed_errors(summary), std::back_inserter(errors));
  std::ranges::move(suspect_errors(summary), std::back_inserter(errors));
  for (const auto& error : errors) spdlog::error("{}", error.what());
  if (!errors.empty()) return exit_code(ErrorKind::data);
  return written ? 0 : exit_code(ErrorKind::internal);
}

// Returns false if a signal came first.
bool skip_first(const CommandLine& line, Destination& destination, Progress& progress, const std::stop_token& stop) {
  const bool skipped = replication::skip_transaction(line.run, destination, progress, stop);
  return skipped && !stop.stop_requested();
}

// Runs until the end. Throws DestinationOutdated, after which another run can continue.
int run_once(const CommandLine& line, Destination& destination, StopSignals& signals, const std::stop_source& stop) {
  const auto progress = make_progress(line);
  replication::Run run(line.run, destination, *progress);
  const auto server = start_server(line, destination, run);
  signals.hand_to(stop);
  // The load in hand finishes sooner without queries.
  const std::stop_callback end_queries(stop.get_token(), [&server] {
    if (server != nullptr) server->end_queries();
  });
  progress->begin([&run] { return run.status(); });
  const auto queries_end = [&server] { return server == nullptr || server->wait_for_queries(longest_query_end); };
  replication::RunSummary summary;
  try {
    summary = run.execute(stop.get_token());
  } catch (const Error& error) {
    // The server's destructor would wait for such a query before the error is reported.
    if (!queries_end()) {
      progress->finish();
      leave_query_behind(report(error, line.json, line.log_format));
    }
    throw;
  }
  progress->finish();
  const int code = report_end(line, summary, run.status(), destination.name());
  if (!queries_end()) leave_query_behind(code);
  return code;
}

}  // namespace

int run_command(const CommandLine& given) {
  StopSignals signals;  // before DuckDB starts threads, which inherit the blocked signals
  auto line = given;
  take_source_names(line);
  if (is_first_run(line)) look_before_first_run(line);
  if (line.run.reset) destination::move_leftovers_aside(line.destination.url);
  if (line.run.spool_dir.empty()) {
    line.run.spool_dir = destination::default_spool_folder(line.destination.url);
  }
  const auto destination = done_when_it_answers(line, [&line] { return open_pipeline(line); });
  if (!done_when_it_answers(line, [&] { return reset_is_confirmed(line, *destination); })) return 1;

  std::stop_source stop;  // shared by all runs, so that a signal between them is not lost
  if (line.run.skip_transaction) {
    signals.hand_to(stop);
    if (!skip_first(line, *destination, *make_progress(line), stop.get_token())) return 0;
  }
  while (true) {
    try {
      return run_once(line, *destination, signals, stop);
    } catch (const destination::DestinationOutdated& outdated) {
      // An altered type is read again, by a short run as well: another label may have taken the place of one in the
      // stream.
      const bool is_of_type = dynamic_cast<const destination::TypeWasAltered*>(&outdated) != nullptr;
      if ((!line.run.follow && !is_of_type) || stop.stop_requested()) throw;
      spdlog::warn("{}; nothing is lost, the run begins again", outdated.cause());
      line.run.reset = false;  // what it would drop is of this run
    }
  }
}

}  // namespace walbrook::cli

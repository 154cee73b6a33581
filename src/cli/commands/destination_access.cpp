#include "cli/commands/destination_access.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/text.h"
#include "cli/commands/stored_names.h"
#include "destination/contradiction.h"
#include "postgres/connection/conninfo.h"
#include "serve/local_client.h"
#include "serve/local_server.h"
#include "serve/socket_path.h"
#include "serve/wire_json.h"

namespace walbrook::cli {
namespace {

namespace fs = std::filesystem;
using postgres::Finding;
using postgres::Severity;

constexpr const char* topic = "destination";

Finding ok(std::string what) {
  return {.severity = Severity::ok, .topic = topic, .what = std::move(what)};
}

Finding wrong(std::string what, Remedy mend) {
  return {.severity = Severity::error,
          .topic = topic,
          .what = std::move(what),
          .mend = std::move(mend),
          .kind = ErrorKind::destination};
}

Finding check_missing_file(const fs::path& file) {
  std::error_code failed;
  const fs::path folder = file.parent_path();
  if (!fs::is_directory(folder, failed)) {
    return wrong(fmt::format("the folder {} does not exist", folder.string()),
                 fmt::format("mkdir -p '{}'   (or name another with --destination)", folder.string()));
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    return wrong(fmt::format("the folder {} may not be written by this user", folder.string()),
                 "Give this user the right to write it, or name another file with --destination.");
  }
  const auto log = file.string() + ".wal";
  if (fs::exists(log, failed) && fs::file_size(log, failed) > 0) {
    return wrong(fmt::format("{} does not exist, but its log {} does", file.string(), log),
                 "Put the file back beside it, or move the log away: it may hold commits that are nowhere else.");
  }
  return ok(fmt::format("{} will be created", file.string()));
}

// The run's own words; the checkpoint is not enough to compare clusters, the running pipeline does that itself.
Finding held_by_a_run(const replication::RunStatus& status) {
  return {
      .severity = Severity::note,
      .topic = topic,
      .what = fmt::format("{} is held by a walbrook run that is at work (pipeline {}, {}, checkpoint {})",
                          status.destination, printable(status.pipeline), status.phase, status.checkpoint.to_string()),
      .mend = "Another run would have to wait for its end."};
}

// What somebody did to target tables since the last run.
std::vector<Finding> altered_findings(destination::Destination& destination, const destination::State& state) {
  std::vector<Finding> findings;
  for (const auto& [record, altered] : altered_targets(destination, state)) {
    auto& finding = findings.emplace_back(
        Finding{.severity = altered.name_conflict ? Severity::error : Severity::warning,
                .topic = fmt::format("table {}.{}", record.schema, record.name),
                .what = altered.reason,
                .mend = altered.name_conflict ? altered.hint
                                              : "The next run resyncs the table, if it is not larger than "
                                                "resync_max_size.",
                .kind = ErrorKind::data});
    finding.facts = {.destination = destination.name(), .table = record.schema + "." + record.name};
  }
  return findings;
}

}  // namespace

std::vector<std::pair<destination::TableRecord, destination::AlteredTarget>> altered_targets(
    destination::Destination& destination, const destination::State& state) {
  using destination::TableState;
  std::vector<destination::TableRecord> with_target;
  for (const auto& record : state.tables) {
    const bool has_target = record.state == TableState::streaming || record.state == TableState::quarantined;
    if (has_target && record.columns != nullptr) with_target.push_back(record);
  }
  std::vector<std::pair<destination::TableRecord, destination::AlteredTarget>> found;
  for (auto& altered : destination.altered_targets(with_target)) {
    const auto record = std::ranges::find(with_target, altered.oid, &destination::TableRecord::oid);
    if (record->state == TableState::streaming || altered.name_conflict) found.emplace_back(*record, altered);
  }
  return found;
}

bool is_locked(const Error& error) {
  return error.kind() == ErrorKind::destination && error.cause().find(" is locked by ") != std::string::npos;
}

DestinationCheck check_destination(CommandLine& line) {
  DestinationCheck check;
  try {
    const auto& url = line.destination.url;
    const fs::path file = destination::file_path(url);
    std::error_code failed;
    const bool exists = fs::exists(file, failed);
    if (failed) {  // not the same as a file that is missing
      check.findings.push_back(
          wrong(fmt::format("it cannot be told whether {} exists: {}", file.string(), failed.message()),
                "Give this user the right to enter its folder, and to every folder above it."));
      return check;
    }
    if (!exists) {
      check.findings.push_back(check_missing_file(file));
      return check;
    }
    if (const auto answer = serve::ask_status(serve::socket_path(url))) {
      const auto run = serve::status_from_json(*answer);
      // A run of another pipeline says nothing about this one's names.
      if (run.source.ends_with("/" + postgres::database_of(line.run.conninfo))) {
        if (line.pipeline_is_default) line.run.slot = run.slot;
        if (line.publication_is_default) line.run.publication = run.publication;
      }
      check.findings.push_back(held_by_a_run(run));
      check.is_held = true;
      return check;
    }
    auto destination = destination::open_destination(line.destination);
    static_cast<void>(destination->open());
    take_stored_names(line, destination);
    const auto state = destination->open();
    if (const auto error = destination::contradiction(state, destination->name())) throw *error;
    check.checkpoint = state.checkpoint;
    check.tables = state.tables;
    if (::access(file.c_str(), W_OK) != 0 || ::access(file.parent_path().c_str(), W_OK) != 0) {
      check.findings.push_back(wrong(fmt::format("{} may not be written by this user", file.string()),
                                     "Give this user the right to write the file and its folder."));
      return check;
    }
    check.findings.push_back(ok(
        check.checkpoint ? fmt::format("{} holds this pipeline at checkpoint {}", destination->name(),
                                       check.checkpoint->lsn.to_string())
                         : fmt::format("{} can be written, holds nothing of this pipeline yet", destination->name())));
    for (auto& finding : altered_findings(*destination, state)) check.findings.push_back(std::move(finding));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::configuration) throw;
    auto finding = wrong(error.cause(), error.remedy());
    finding.kind = error.kind();
    check.findings.push_back(std::move(finding));
  }
  return check;
}

DestinationReader::DestinationReader(destination::DestinationOptions options)
    : socket_(serve::socket_path(options.url)) {
  if (const auto answer = serve::ask_status(socket_)) {
    run_ = serve::status_from_json(*answer);
    name_ = run_->destination;
    return;
  }
  options.read_only = true;
  destination_ = destination::open_destination(options);
  static_cast<void>(destination_->open());
  name_ = destination_->name();
  session_ = destination_->open_read_session();
}

DestinationReader::~DestinationReader() = default;

destination::QueryResult DestinationReader::ask(const std::string& sql) const {
  if (session_ != nullptr) return session_->query(sql);
  if (auto answer = serve::ask_sql(socket_, {.sql = sql, .is_of_walbrook = true})) return std::move(answer->result);
  throw Error(ErrorKind::destination, fmt::format("the run that held {} ended while it was asked", name_),
              "Ask again.");
}

}  // namespace walbrook::cli

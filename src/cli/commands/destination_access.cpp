#include "cli/commands/destination_access.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "cli/commands/stored_names.h"
#include "destination/contradiction.h"
#include "destination/place.h"
#include "postgres/connection/conninfo.h"
#include "serve/local_client.h"
#include "serve/local_server.h"
#include "serve/socket_path.h"
#include "serve/wire_json.h"

namespace walbrook::cli {
namespace {

using postgres::Finding;
using postgres::Severity;

constexpr const char* topic = "destination";

Finding ok(std::string what) {
  return {.severity = Severity::ok, .topic = topic, .what = std::move(what)};
}

Finding wrong(std::string what, Remedy remedy) {
  return {.severity = Severity::error,
          .topic = topic,
          .what = std::move(what),
          .remedy = std::move(remedy),
          .kind = ErrorKind::destination};
}

// The checkpoint is not enough to compare clusters; the running pipeline does that itself.
Finding held_by_a_run(const replication::RunStatus& status) {
  return {.severity = Severity::note,
          .topic = topic,
          .what = fmt::format("{} is held by a walbrook run that is at work (pipeline {}, {}, checkpoint {})",
                              status.destination, printable(status.pipeline), replication::to_string(status.phase),
                              status.checkpoint.to_string()),
          .remedy = "Another run has to wait until it ends."};
}

// Returns a finding for each target table that somebody altered since the last run.
std::vector<Finding> altered_findings(destination::Destination& destination, const destination::State& state) {
  std::vector<Finding> findings;
  for (const auto& [record, altered] : altered_targets(destination, state)) {
    auto& finding = findings.emplace_back(
        Finding{.severity = altered.kind == destination::TargetFinding::Kind::name_conflict ? Severity::error
                                                                                            : Severity::warning,
                .topic = fmt::format("table {}.{}", record.schema, record.name),
                .what = altered.reason,
                .remedy = altered.kind == destination::TargetFinding::Kind::name_conflict
                              ? altered.hint
                              : "The next run resyncs the table, if it is not larger than "
                                "resync_max_size.",
                .kind = ErrorKind::data});
    finding.facts = {.destination = destination.name(), .table = record.schema + "." + record.name};
  }
  return findings;
}

bool has_source_types(const CommandLine& line) {
  return destination::capabilities_of(line.destination.url).values.source_types;
}

// Returns nullptr for a destination that has types of its own.
std::unique_ptr<destination::Destination> open_for_types(const CommandLine& line) {
  if (!has_source_types(line)) return nullptr;
  auto destination = destination::open_destination(line.destination);
  static_cast<void>(destination->open());
  return destination;
}

}  // namespace

std::vector<std::pair<destination::OutputRecord, destination::TargetFinding>> altered_targets(
    destination::Destination& destination, const destination::State& state) {
  using destination::OutputState;
  std::vector<destination::OutputRecord> with_target;
  for (const auto& record : state.outputs) {
    const bool has_target = record.state == OutputState::streaming || record.state == OutputState::suspended;
    if (has_target && record.columns != nullptr) with_target.push_back(record);
  }
  std::vector<std::pair<destination::OutputRecord, destination::TargetFinding>> found;
  for (auto& altered : destination.inspect(with_target)) {
    const auto record = std::ranges::find(with_target, altered.output, &destination::OutputRecord::id);
    if (record->state == OutputState::streaming || altered.kind == destination::TargetFinding::Kind::name_conflict) {
      found.emplace_back(*record, altered);
    }
  }
  return found;
}

DestinationCheck check_destination(CommandLine& line) {
  DestinationCheck check;
  try {
    const auto& url = line.destination.url;
    if (auto place = destination::place_of(url); !place.users.empty()) {
      check.findings.push_back({.severity = Severity::note,
                                .topic = topic,
                                .what = std::move(place.users),
                                .remedy = std::move(place.users_remedy)});
    }
    if (!destination::is_there(url)) {
      destination::check_creatable(url);
      const auto place = destination::place_of(url);  // a database of a server exists already
      check.findings.push_back(ok(place.shown + (place.folder.empty() ? " holds no copy yet" : " will be created")));
      check.with_types = open_for_types(line);
      return check;
    }
    if (const auto answer = serve::ask_status(serve::socket_path(url, line.run.pipeline))) {
      const auto run = serve::status_from_json(*answer);
      // The names of another source's run do not apply to this pipeline.
      if (run.source.ends_with("/" + postgres::database_of(line.run.conninfo))) {
        if (line.pipeline_is_default) line.run.slot = run.slot;
        if (line.publication_is_default) line.run.publication = run.publication;
      }
      check.findings.push_back(held_by_a_run(run));
      check.is_held = true;
      check.with_types = open_for_types(line);
      return check;
    }
    auto destination = destination::open_destination(line.destination);
    static_cast<void>(destination->open());
    take_stored_names(line, destination);
    const auto state = destination->open();
    if (const auto error = destination::contradiction(state, destination->name())) throw *error;
    check.checkpoint = state.checkpoint;
    check.tables = state.outputs;
    destination::check_writable(url);
    check.findings.push_back(
        ok(check.checkpoint
               ? fmt::format("{} holds this pipeline at checkpoint {}", destination->name(),
                             check.checkpoint->lsn.to_string())
               : fmt::format("{} can be written and holds nothing of this pipeline yet", destination->name())));
    for (auto& finding : altered_findings(*destination, state)) check.findings.push_back(std::move(finding));
    if (has_source_types(line)) check.with_types = std::move(destination);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::configuration) throw;
    auto finding = wrong(error.cause(), error.remedy());
    finding.kind = error.kind();
    check.findings.push_back(std::move(finding));
  }
  return check;
}

std::string meant_socket(const CommandLine& line) {
  auto path = serve::socket_path(line.destination.url, line.run.pipeline);
  if (serve::probe(path) != serve::Dialled::State::nobody) return path;
  auto others = serve::sockets_of_all(line.destination.url);
  if (line.pipeline_is_default) return others.size() == 1 ? others.front() : path;
  for (auto& other : others) {
    const auto answer = serve::ask_status(other);
    if (answer && serve::status_from_json(*answer).slot == line.run.pipeline) return other;
  }
  return path;
}

DestinationReader::DestinationReader(destination::DestinationOptions options, std::string socket)
    : url_(options.url), socket_(std::move(socket)) {
  if (const auto answer = serve::ask_status(socket_)) {
    run_ = serve::status_from_json(*answer);
    name_ = run_->destination;
    return;
  }
  options.read_only = true;
  destination_ = destination::open_destination(options);
  static_cast<void>(destination_->open());
  name_ = destination_->name();
  session_ = destination::query_engine_of(*destination_).open_session();
}

DestinationReader::~DestinationReader() = default;

destination::QueryResult DestinationReader::ask(const std::string& sql) const {
  if (session_ != nullptr) return session_->query(sql);
  if (auto answer = serve::ask_sql(socket_, {.sql = sql, .is_of_walbrook = true})) return std::move(answer->result);
  throw Error(ErrorKind::destination, fmt::format("the run that held {} ended during the request", name_),
              "Try again.");
}

}  // namespace walbrook::cli

#include "cli/commands/stored_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "postgres/connection/conninfo.h"

namespace walbrook::cli {
namespace {

using destination::StoredPipeline;

bool names_are_given(const CommandLine& line) {
  return !line.pipeline_is_default && !line.publication_is_default;
}

bool reads_source(const CommandLine& line) {
  return line.command == Command::run || line.command == Command::check;
}

// The `source` of a checkpoint ends with the database: "127.0.0.1:5432/shop".
bool copies_database(const StoredPipeline& pipeline, const std::string& database) {
  return pipeline.checkpoint.source.ends_with("/" + database);
}

[[noreturn]] void refuse_several(const std::vector<StoredPipeline>& all) {
  std::vector<std::string> names;
  for (const auto& pipeline : all) names.push_back(printable(pipeline.name));
  throw Error(ErrorKind::configuration, "the destination holds several pipelines, and none was named",
              fmt::format("Name one of them with --pipeline: {}.", fmt::join(names, ", ")));
}

const StoredPipeline* named(const std::vector<StoredPipeline>& all, const std::string& name) {
  const auto found = std::ranges::find(all, name, &StoredPipeline::name);
  return found == all.end() ? nullptr : &*found;
}

// Returns the only pipeline that was created from the named publication; nullptr: there is none, or several.
const StoredPipeline* with_publication(const std::vector<StoredPipeline>& all, const CommandLine& line) {
  if (line.publication_is_default || reads_source(line)) return nullptr;
  const auto has_it = [&line](const StoredPipeline& each) {
    return each.checkpoint.publication == line.run.publication;
  };
  const auto found = std::ranges::find_if(all, has_it);
  return std::ranges::count_if(all, has_it) == 1 ? &*found : nullptr;
}

// Returns the pipeline that is meant; nullptr: the default pipeline, which the destination does not hold.
const StoredPipeline* meant(const std::vector<StoredPipeline>& all, const CommandLine& line,
                            const std::string& running) {
  if (const auto* found = named(all, line.run.pipeline)) return found;
  if (const auto* found = with_publication(all, line)) return found;
  if (const auto* found = named(all, running)) return found;
  std::vector<const StoredPipeline*> copies;
  const auto database = reads_source(line) ? postgres::database_of(line.run.conninfo) : std::string();
  for (const auto& pipeline : all) {
    if (!pipeline.checkpoint.lsn.is_set()) continue;
    if (!reads_source(line) || copies_database(pipeline, database)) copies.push_back(&pipeline);
  }
  if (copies.size() == 1) return copies.front();
  if (reads_source(line) || all.empty()) return nullptr;
  if (copies.empty() && all.size() == 1) return &all.front();
  refuse_several(all);
}

}  // namespace

CommandLine with_stored_names(const CommandLine& line, const destination::StoredState& state,
                              const std::string& running) {
  if (names_are_given(line)) return line;
  const auto all = state.pipelines();
  auto out = line;
  const auto* stored = line.pipeline_is_default ? meant(all, line, running) : named(all, line.run.pipeline);
  if (stored == nullptr) return out;
  const auto& checkpoint = stored->checkpoint;
  if (line.pipeline_is_default) {
    out.run.pipeline = out.destination.pipeline = stored->name;
    if (!checkpoint.slot.empty()) out.run.slot = checkpoint.slot;
  }
  if (line.publication_is_default && checkpoint.lsn.is_set()) out.run.publication = checkpoint.publication;
  return out;
}

void take_stored_names(CommandLine& line, std::unique_ptr<destination::Destination>& destination) {
  if (names_are_given(line)) return;  // reading the state takes a sixth of a start
  const auto opened_for = line.destination.pipeline;
  {
    const auto session = destination::query_engine_of(*destination).open_session();
    const auto state =
        destination::stored_state(line.destination.url, [&](const std::string& sql) { return session->query(sql); });
    line = with_stored_names(line, *state);
  }
  if (line.destination.pipeline == opened_for) return;
  destination.reset();
  destination = destination::open_destination(line.destination);
  static_cast<void>(destination->open());
}

}  // namespace walbrook::cli

#include "cli/pipeline/found_pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands/stored_names.h"
#include "postgres/catalog/table_name.h"

namespace walbrook::cli {
namespace {

destination::StoredPipeline find_stored(const destination::StoredState& state, const std::string& name,
                                        const std::string& destination) {
  const auto all = state.pipelines();
  const auto found = std::ranges::find(all, name, &destination::StoredPipeline::name);
  if (found != all.end()) return *found;
  std::vector<std::string> names;
  for (const auto& each : all) names.push_back(each.name);
  throw Error(ErrorKind::destination, fmt::format("{} holds nothing of pipeline \"{}\"", destination, name),
              names.empty() ? "It holds no pipeline at all: walbrook run creates the first copy, --destination names "
                              "another destination."
                            : fmt::format("It holds: {}. Name one of them, or another destination with --destination.",
                                          fmt::join(names, ", ")));
}

}  // namespace

FoundPipeline::FoundPipeline(const CommandLine& given)
    : reader(given),
      state(reader.stored()),
      line(with_stored_names(given, *state, reader.run() ? reader.run()->pipeline : std::string())),
      stored(find_stored(*state, line.run.pipeline, reader.name())) {}

void take_meant_tables(const FoundPipeline& found, PipelineRequest& request) {
  if (request.written.empty()) return;
  std::vector<postgres::TableName> known;
  for (const auto& table : found.state->tables(found.name())) {
    known.push_back({table.record.schema, table.record.name, {}});
  }
  for (std::size_t i = 0; i < request.written.size(); ++i) {
    if (auto meant = postgres::meant_table(request.written[i], known)) request.tables[i] = *std::move(meant);
  }
}

}  // namespace walbrook::cli

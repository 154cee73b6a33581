#include "cli/pipeline/found_pipeline.h"

#include <utility>

#include "cli/commands/stored_names.h"
#include "postgres/catalog/table_name.h"

namespace walbrook::cli {

FoundPipeline::FoundPipeline(const CommandLine& given)
    : reader(given.destination),
      state(reader.stored()),
      line(with_stored_names(given, state, reader.run() ? reader.run()->pipeline : std::string())),
      stored(find_stored(state, line.run.pipeline, reader.name())) {}

void take_meant_tables(const FoundPipeline& found, PipelineRequest& request) {
  if (request.written.empty()) return;
  std::vector<postgres::TableName> known;
  for (const auto& table : found.state.tables(found.name())) {
    known.push_back({table.record.schema, table.record.name, {}});
  }
  for (std::size_t i = 0; i < request.written.size(); ++i) {
    if (auto meant = postgres::meant_table(request.written[i], known)) request.tables[i] = *std::move(meant);
  }
}

}  // namespace walbrook::cli

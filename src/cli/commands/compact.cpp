#include "cli/commands/compact.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/text.h"
#include "cli/pipeline/found_pipeline.h"
#include "cli/pipeline/pipeline_json.h"
#include "cli/terminal.h"

namespace walbrook::cli {
namespace {

using destination::CompactedTable;

struct Compaction {
  std::string pipeline, destination;
  std::vector<CompactedTable> tables;
};

// Returns the effective name of the pipeline. Closes the destination before it returns.
std::string pipeline_of(const CommandLine& line) {
  const FoundPipeline found(line);
  const auto& run = found.reader.run();
  if (!run) return found.name();
  throw Error(
      ErrorKind::destination,
      fmt::format("nothing is compacted: a run of pipeline {} holds {}", printable(run->pipeline), found.reader.name()),
      "Compact between two runs: end that one, and start it again afterwards.");
}

Compaction compact(const CommandLine& line) {
  auto options = line.destination;
  static_cast<void>(destination::compactor_of(*destination::open_destination(options)));  // refused before it is read
  options.pipeline = pipeline_of(line);
  options.read_only = false;
  const auto destination = destination::open_destination(options);
  static_cast<void>(destination->open());
  return {.pipeline = options.pipeline,
          .destination = destination->name(),
          .tables = destination::compactor_of(*destination).compact()};
}

nlohmann::ordered_json json_of(const Compaction& done) {
  auto tables = nlohmann::ordered_json::array();
  for (const auto& table : done.tables) {
    tables.push_back({{"table", table.target.schema + "." + table.target.table},
                      {"rows", table.rows},
                      {"files", table.files},
                      {"former_files", table.former_files}});
  }
  return {{"pipeline", done.pipeline}, {"destination", done.destination}, {"tables", std::move(tables)}};
}

std::string text_of(const Compaction& done) {
  if (done.tables.empty()) return fmt::format("no table in {} has changes to compact\n", printable(done.destination));
  std::string text;
  for (const auto& table : done.tables) {
    text += fmt::format("{}: {} in {} instead of {}\n", printable(table.target.schema + "." + table.target.table),
                        counted(table.rows, "row"), counted(table.files, "file"), with_thousands(table.former_files));
  }
  return text;
}

}  // namespace

int compact_command(const CommandLine& line) {
  const auto done = compact(line);
  write_result(line.json ? as_document(json_of(done)) : text_of(done));
  return 0;
}

}  // namespace walbrook::cli

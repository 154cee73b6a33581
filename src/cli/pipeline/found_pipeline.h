// The pipeline that a command names, as found in its destination.
#pragma once

#include <string>

#include "cli/command_line.h"
#include "cli/commands/destination_access.h"
#include "destination/stored_state.h"

namespace walbrook::cli {

struct FoundPipeline {
  // Throws Error(destination) if the destination does not exist or stores nothing of the pipeline.
  explicit FoundPipeline(const CommandLine& given);

  // Returns the stored publication, or the configuration's if the pipeline has no source yet.
  [[nodiscard]] const std::string& publication() const {
    return stored.checkpoint.publication.empty() ? line.run.publication : stored.checkpoint.publication;
  }
  [[nodiscard]] const std::string& name() const { return stored.name; }
  // True if a run of this pipeline is at work; a run of another pipeline in the same file does not count.
  [[nodiscard]] bool runs() const { return reader.run() && reader.run()->pipeline == name(); }

  DestinationReader reader;
  std::unique_ptr<destination::StoredState> state;
  CommandLine line;  // with the effective names
  destination::StoredPipeline stored;
};

// Replaces unquoted names with those of the pipeline's tables that they mean (postgres/catalog/table_name.h). A name
// that matches no table is kept as SQL reads it. Throws Error(configuration) if a name may mean several tables.
void take_meant_tables(const FoundPipeline& found, PipelineRequest& request);

}  // namespace walbrook::cli

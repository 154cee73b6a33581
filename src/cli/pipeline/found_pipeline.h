// The pipeline that a command names, found in its destination.
#pragma once

#include <string>

#include "cli/command_line.h"
#include "cli/commands/destination_access.h"
#include "destination/stored_state.h"

namespace walbrook::cli {

struct FoundPipeline {
  // Throws Error(destination) when the destination is missing or holds nothing of the pipeline.
  explicit FoundPipeline(const CommandLine& given);

  // The configuration's where the pipeline has nothing of a source yet.
  [[nodiscard]] const std::string& publication() const {
    return stored.checkpoint.publication.empty() ? line.run.publication : stored.checkpoint.publication;
  }
  [[nodiscard]] const std::string& name() const { return stored.name; }
  // A run of this pipeline is at work, not one of another pipeline in the same file.
  [[nodiscard]] bool runs() const { return reader.run() && reader.run()->pipeline == name(); }

  DestinationReader reader;
  std::unique_ptr<destination::StoredState> state;
  CommandLine line;  // with the names that count
  destination::StoredPipeline stored;
};

// Names without quotes become those of the pipeline's tables that are meant (postgres/catalog/table_name.h). One that
// none has stays as SQL reads it. Throws Error(configuration) where several tables may be meant.
void take_meant_tables(const FoundPipeline& found, PipelineRequest& request);

}  // namespace walbrook::cli

// A run of the engine, as a pipeline asks for it, and what the destination tells between runs.
#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "destination/open_destination.h"
#include "postgres/catalog/table_name.h"
#include "postgres/slot/slot.h"
#include "replication/setup/column_overrides.h"
#include "walbrook/columns.h"
#include "walbrook/error.h"
#include "walbrook/load_info.h"
#include "walbrook/progress.h"

namespace walbrook::api {

// Const while a run is at work but for what a run has to say: query() may read it then.
struct PipelineState {
  std::string pipeline_name;
  std::string key;  // under which the destination keeps its state
  std::string dataset_name;
  std::string destination_url;
  destination::TargetStyle style;
  destination::UseOwner owner = std::make_shared<const char>();
  destination::WhenBusy busy = destination::WhenBusy::wait;
  std::string spool_dir;             // "" = the destination's folder
  std::uint64_t max_spool_size = 0;  // as RunOptions has it
  ProgressCallback progress;
  std::optional<LoadInfo> last_load;
  std::exception_ptr callback_failure;  // what `progress` has thrown in the last run
};

// What an error of the pipeline is told with.
[[nodiscard]] ErrorFacts facts_of(const PipelineState& state);

struct RunPlan {
  std::string conninfo, slot, publication;
  std::vector<postgres::TableName> copy_again;  // empty: changes alone
  std::vector<postgres::TableName> tables;      // of which changes are taken; empty = all; a schema may be ""
  std::vector<postgres::TableName> include_columns;
  std::vector<replication::TableOverrides> overrides;  // a schema may be ""
  bool confirm = true;
  bool accept_new_system = false;
  std::chrono::milliseconds snapshot_wait{300'000};
  std::stop_token stop;
};

[[nodiscard]] destination::DestinationOptions destination_options(const PipelineState& state);

// Sets state.last_load, also where it throws Error(data) for a table that was suspended.
LoadInfo run_engine(PipelineState& state, const RunPlan& plan);
// As the destination has it; nullopt where it holds nothing of this pipeline.
[[nodiscard]] std::optional<LoadInfo> newest_load(const PipelineState& state);
void drop_pipeline(const PipelineState& state);

}  // namespace walbrook::api

// Runs the engine for a pipeline, and reads between runs what the destination has stored.
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
#include "replication/setup/run_options.h"
#include "walbrook/columns.h"
#include "walbrook/error.h"
#include "walbrook/load_info.h"
#include "walbrook/progress.h"

namespace walbrook::api {

// While a run is at work, only the result fields (last_load, callback_failure) change: query() may read the others.
struct PipelineState {
  std::string pipeline_name;
  std::string key;  // name under which the destination stores the state
  std::string dataset_name;
  std::string destination_url;
  destination::TargetStyle style;
  destination::UseOwner owner = std::make_shared<const char>();
  destination::WhenBusy busy = destination::WhenBusy::wait;
  std::string extension_directory;   // see DestinationOptions
  bool primary_key = false;          //
  bool create_types = false;         //
  bool enum_columns = false;         //
  destination::LakeOptions lake;     //
  std::string spool_dir;             // "" = the destination's folder
  std::uint64_t max_spool_size = 0;  // see RunOptions
  ProgressCallback progress;
  std::optional<LoadInfo> last_load;
  std::exception_ptr callback_failure;  // exception that `progress` threw in the last run
};

// Facts that are added to every error of the pipeline.
[[nodiscard]] ErrorFacts facts_of(const PipelineState& state);

struct RunPlan {
  std::string conninfo, slot, publication;
  std::vector<postgres::TableName> copy_again;  // empty = only changes are applied
  std::vector<postgres::TableName> tables;      // whose changes are applied; empty = all; a schema may be ""
  std::vector<postgres::TableName> include_columns;
  std::vector<replication::TableOverrides> overrides;  // a schema may be ""
  bool confirm = true;
  bool accept_new_system = false;
  replication::Keyless keyless = replication::Keyless::leave_out;
  bool standby = false;
  std::chrono::milliseconds snapshot_wait{300'000};
  std::stop_token stop;
};

[[nodiscard]] destination::DestinationOptions destination_options(const PipelineState& state);

// Runs the engine. Sets state.last_load, also when it throws Error(data) for a suspended table.
LoadInfo run_engine(PipelineState& state, const RunPlan& plan);
// Reads the newest load from the destination; nullopt if the destination holds nothing of this pipeline.
[[nodiscard]] std::optional<LoadInfo> newest_load(const PipelineState& state);
void compact(const PipelineState& state);
void drop_pipeline(const PipelineState& state);

}  // namespace walbrook::api

// The output of `walbrook pipeline`, for people and for programs. Times are UTC.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "destination/stored_state.h"

namespace walbrook::cli {

// The pipelines of one file.
struct ListedPipelines {
  std::vector<destination::StoredPipeline> stored;
  std::set<std::string> running;  // the pipelines of which a run is at work
  std::string error;              // why the file cannot be read; "": it was read
};

struct PipelineRow {
  std::string name, destination;
  bool configured = false;
  bool by_default = false;
  bool runs = false;
  std::optional<destination::StoredPipeline> stored;
  std::string error;
};

struct PipelineFacts {
  destination::StoredPipeline stored;
  std::string publication;
  std::string destination;
  std::string phase;  // of the run that holds the destination; "": none
  std::uint64_t loads = 0;
  std::vector<destination::StoredTable> tables;
};

// Loads, each with the schema changes between the load before it and its own end.
struct PipelineTrace {
  std::vector<destination::StoredSchemaChange> since;  // after the newest load: tables that were copied
  struct Step {
    destination::StoredLoad load;
    std::vector<destination::StoredSchemaChange> changes;
  };
  std::vector<Step> steps;  // newest first
};
// Takes the newest `limit` of `loads`. REQUIRES: `loads` is sorted, newest first.
[[nodiscard]] PipelineTrace make_trace(const std::vector<destination::StoredLoad>& loads,
                                       const std::vector<destination::StoredSchemaChange>& changes,
                                       std::uint64_t limit);

// "public.orders: column \"paid\" added"
[[nodiscard]] std::string change_text(const destination::StoredSchemaChange& change);
// [{"table", "column", "change", "since_lsn", "at"}]
[[nodiscard]] nlohmann::ordered_json changes_document(const std::vector<destination::StoredSchemaChange>& changes);
[[nodiscard]] std::string utc_text(WallTime time);  // "2026-11-23 00:51:02 UTC"
[[nodiscard]] std::string utc_json(WallTime time);  // "2026-11-23T00:51:02.123456Z"

[[nodiscard]] std::string list_text(const std::vector<PipelineRow>& rows);
[[nodiscard]] std::string list_json(const std::vector<PipelineRow>& rows);
[[nodiscard]] std::string info_text(const PipelineFacts& facts);
[[nodiscard]] std::string info_json(const PipelineFacts& facts);
[[nodiscard]] std::string loads_text(const std::vector<destination::StoredLoad>& loads);
[[nodiscard]] std::string loads_json(const std::string& pipeline, const std::vector<destination::StoredLoad>& loads);
[[nodiscard]] std::string trace_text(const PipelineTrace& trace);
[[nodiscard]] std::string trace_json(const std::string& pipeline, const PipelineTrace& trace);
[[nodiscard]] std::string failed_text(const std::string& pipeline, const std::vector<destination::StoredTable>& tables);
[[nodiscard]] std::string failed_json(const std::string& pipeline, const std::vector<destination::StoredTable>& tables);

}  // namespace walbrook::cli

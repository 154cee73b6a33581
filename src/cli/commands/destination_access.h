// The destination as the commands come to it: by a run that holds it, or by the file itself.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "cli/command_line.h"
#include "destination/open_destination.h"
#include "destination/stored_state.h"
#include "postgres/preflight/preflight.h"
#include "replication/runtime/run.h"

namespace walbrook::cli {

// The tables of an open destination whose target was altered by somebody else, with what the next run finds.
[[nodiscard]] std::vector<std::pair<destination::OutputRecord, destination::TargetFinding>> altered_targets(
    destination::Destination& destination, const destination::State& state);

struct DestinationCheck {
  std::vector<postgres::Finding> findings;
  std::optional<destination::Checkpoint> checkpoint;
  std::vector<destination::OutputRecord> tables;
  bool is_held = false;  // by a run that is at work: the checkpoint is not known
};
// Creates and changes nothing. `line` has the names that count afterwards.
[[nodiscard]] DestinationCheck check_destination(CommandLine& line);

// A destination that is only read: through the run that holds it, or by the file itself.
class DestinationReader {
 public:
  // Throws Error(destination) when neither is there.
  explicit DestinationReader(destination::DestinationOptions options);
  DestinationReader(const DestinationReader&) = delete;
  DestinationReader& operator=(const DestinationReader&) = delete;
  ~DestinationReader();

  // One statement. What a run answers is its newest state each time, a file is seen as it was when it was opened.
  [[nodiscard]] destination::QueryResult ask(const std::string& sql) const;
  // What pipelines left there, asked by these statements; borrows this reader.
  [[nodiscard]] std::unique_ptr<destination::StoredState> stored() const {
    return destination::stored_state(url_, [this](const std::string& sql) { return ask(sql); });
  }
  [[nodiscard]] const std::string& name() const { return name_; }  // "shop.duckdb"
  // What the run that holds it is doing; nullopt: none is at work.
  [[nodiscard]] const std::optional<replication::RunStatus>& run() const { return run_; }

 private:
  std::string url_;
  std::string socket_;
  std::string name_;
  std::optional<replication::RunStatus> run_;
  std::unique_ptr<destination::Destination> destination_;
  std::unique_ptr<destination::ReadSession> session_;  // ends before its destination
};

}  // namespace walbrook::cli

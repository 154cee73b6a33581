// How commands reach the destination: through the run that holds it, or by opening the file.
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

// Returns the tables of an open destination whose target table was altered by somebody else, each with what the next
// run will find.
[[nodiscard]] std::vector<std::pair<destination::OutputRecord, destination::TargetFinding>> altered_targets(
    destination::Destination& destination, const destination::State& state);

struct DestinationCheck {
  std::vector<postgres::Finding> findings;
  std::optional<destination::Checkpoint> checkpoint;
  std::vector<destination::OutputRecord> tables;
  bool is_held = false;  // true: held by a run at work, the checkpoint is not known
  // The open destination, if its types are to be compared with the source's; otherwise nullptr.
  std::unique_ptr<destination::Destination> with_types = nullptr;
};
// Neither creates nor changes anything. Puts the effective names into `line`.
[[nodiscard]] DestinationCheck check_destination(CommandLine& line);

// Returns the path of the socket of the run that a command means: of the named pipeline, which may also be named by its
// slot, or, if none is named, of the only one that is at work. If there is no such run, nobody answers at the path.
[[nodiscard]] std::string meant_socket(const CommandLine& line);

// A destination that is only read, through the run that holds it or from the file itself.
class DestinationReader {
 public:
  // Throws Error(destination) if there is neither a run nor a file.
  explicit DestinationReader(const CommandLine& line) : DestinationReader(line.destination, meant_socket(line)) {}
  // `socket` is the path of the run's.
  DestinationReader(destination::DestinationOptions options, std::string socket);
  DestinationReader(const DestinationReader&) = delete;
  DestinationReader& operator=(const DestinationReader&) = delete;
  ~DestinationReader();

  // Runs one statement. A run answers each one from its newest state; a file is read as it was when it was opened.
  [[nodiscard]] destination::QueryResult ask(const std::string& sql) const;
  // Returns what pipelines stored in the destination, read through `ask`. The result borrows this reader.
  [[nodiscard]] std::unique_ptr<destination::StoredState> stored() const {
    return destination::stored_state(url_, [this](const std::string& sql) { return ask(sql); });
  }
  [[nodiscard]] const std::string& name() const { return name_; }  // "shop.duckdb"
  // Returns the status of the run that holds the destination; nullopt: no run is at work.
  [[nodiscard]] const std::optional<replication::RunStatus>& run() const { return run_; }

 private:
  std::string url_;
  std::string socket_;
  std::string name_;
  std::optional<replication::RunStatus> run_;
  std::unique_ptr<destination::Destination> destination_;
  std::unique_ptr<destination::ReadSession> session_;  // destroyed before destination_
};

}  // namespace walbrook::cli

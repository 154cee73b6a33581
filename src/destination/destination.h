// What walbrook asks of a destination: state, transactions, copies. One interface; a folder each below this one.
//
// Threads: one thread (the loader) uses a Destination and its Transaction. Other threads may begin copies at the same
// time; several CopyWriters touch different tables.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "destination/capabilities.h"
#include "destination/copy_writer.h"
#include "destination/query_engine.h"
#include "destination/state.h"
#include "destination/transaction.h"

namespace walbrook::destination {

// The destination is no longer what was opened: removed, moved, replaced, or written by somebody else. Nothing of it
// may be confirmed to the source, and trying again changes nothing.
class DestinationLost final : public Error {
 public:
  DestinationLost(std::string cause, Remedy remedy)
      : Error(ErrorKind::destination, std::move(cause), std::move(remedy)) {}
};

// Another process holds the destination.
class DestinationLocked final : public Error {
 public:
  DestinationLocked(std::string cause, Remedy remedy)
      : Error(ErrorKind::destination, std::move(cause), std::move(remedy)) {}
};

// A target table that is not as walbrook left it.
struct TargetFinding {
  enum class Kind : std::uint8_t {
    missing,        // it was dropped, or the state no longer knows it
    altered,        // it lacks a column, or has another type for one
    name_conflict,  // its name belongs to something that walbrook did not make, and does not touch: only a person can
                    // free it
  };
  OutputId output;  // that was asked about
  Kind kind = Kind::altered;
  std::string reason;  // what was done to it, with its name and the destination's
  std::string hint;    // of a name conflict: how to free the name
};

// What is dropped of a pipeline, all in one transaction.
enum class DropScope : std::uint8_t {
  outputs,   // target tables of the given outputs, finished or not, and all that is known of them
  sourced,   // all that comes from a source: its tables and their state, the checkpoint. Outputs without a source stay
  pipeline,  // everything
};

class Destination {
 public:
  Destination() = default;
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;
  virtual ~Destination() = default;

  [[nodiscard]] virtual const Capabilities& capabilities() const = 0;
  // For people: "shop.duckdb".
  [[nodiscard]] virtual std::string name() const = 0;
  // For people: what a column of that type is here, "DECIMAL(10,2)".
  [[nodiscard]] virtual std::string type_name(const PhysicalType& type) const = 0;

  // Creates the state where there is none, and clears away what a crash left over: unfinished copies.
  [[nodiscard]] virtual State open() = 0;
  // The state as it is now. What is open stays open. REQUIRES: open() was called.
  [[nodiscard]] virtual State read_state() = 0;
  // Throws DestinationLost where what was opened is no longer what the URL names. Cheap: the loader asks every second
  // while there is nothing to load; Transaction::commit asks by itself. REQUIRES: the thread that loads.
  virtual void check_still_there() {}

  // Of these outputs those whose targets are not as their records say. An output without columns has no target yet: of
  // it a name conflict is reported. Columns and constraints that were added do not count. Reads the catalog once for
  // all of them. A destination that is open to be read answers too.
  [[nodiscard]] virtual std::vector<TargetFinding> inspect(std::span<const OutputRecord> outputs) = 0;

  [[nodiscard]] virtual std::unique_ptr<Transaction> begin(const AttemptId& attempt) = 0;
  // A copy of several outputs is meant for small ones: it is one transaction. That of one is committed as it grows.
  // A name conflict is an Error(destination).
  [[nodiscard]] virtual std::unique_ptr<CopyWriter> begin_copy(std::span<const CopyTarget> outputs) = 0;
  // Something else that has the name of a target stays. `outputs`: of DropScope::outputs. A table whose last output
  // is dropped is forgotten.
  virtual void drop(DropScope scope, std::span<const OutputRecord> outputs = {}) = 0;
  // nullptr: the destination answers no queries.
  [[nodiscard]] virtual QueryEngine* query_engine() { return nullptr; }
};

}  // namespace walbrook::destination

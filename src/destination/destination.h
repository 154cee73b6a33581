// The contract of a destination: it keeps a pipeline's state, applies transactions, and takes copies of tables. Each
// kind of destination implements this interface in a folder below this one.
//
// The rows of a table arrive by a copy (begin_copy, CopyWriter::append, CopyWriter::finish), which a transaction makes
// visible (Transaction::swap_in). Its changes arrive by transactions, and so do the changes of state that belong to
// them.
//
// Threads: one thread, the loader's, uses a Destination and its Transaction. Other threads may call begin_copy at the
// same time. CopyWriters that are in use at the same time write different tables.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/lsn.h"
#include "destination/capabilities.h"
#include "destination/compactor.h"
#include "destination/copy_writer.h"
#include "destination/query_engine.h"
#include "destination/state.h"
#include "destination/transaction.h"
#include "model/type_definition.h"

namespace walbrook::destination {

// The destination is no longer the one that was opened: it was removed, moved or replaced, or another program wrote to
// it. Nothing that is committed to it from then on may be confirmed to the source, and trying again changes nothing.
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

// The destination cannot be reached, or the connection to it broke. Trying again may help.
class DestinationUnreachable final : public Error {
 public:
  // `kind`: in_doubt if the connection broke during a commit.
  DestinationUnreachable(std::string cause, Remedy remedy, ErrorFacts facts = {},
                         ErrorKind kind = ErrorKind::destination)
      : Error(kind, std::move(cause), std::move(remedy), std::move(facts)) {}
};

// What the caller knows of the destination is outdated. Trying again changes nothing: the caller opens the destination
// again and continues from its state.
class DestinationOutdated : public Error {
 protected:
  using Error::Error;
};

// A commit that was in doubt turned out to be durable, so that the caller's own records are older than the
// destination's.
class CommitWasDurable final : public DestinationOutdated {
 public:
  CommitWasDurable(const std::string& destination, Lsn checkpoint);
};

// Another process has written this pipeline since this one did: its checkpoint is not the one that this process left.
// Slots and locks keep two processes apart only as long as their connections live.
class WrittenByAnother final : public DestinationOutdated {
 public:
  WrittenByAnother(const std::string& destination, Lsn checkpoint);
};

// A value does not fit the destination's copy of its type, which was altered in the source since it was made
// (Destination::make_types).
class TypeWasAltered final : public DestinationOutdated {
 public:
  explicit TypeWasAltered(const Error& refused);
};

// A target table that is not as walbrook left it, or whose name is taken.
struct TargetFinding {
  enum class Kind : std::uint8_t {
    missing,        // it was dropped, or the destination's state no longer lists it
    altered,        // it lacks a column, or one of its columns has another type
    name_conflict,  // its name belongs to an object that walbrook did not make and does not touch: only a person can
                    // free it
  };
  OutputId output;  // the output that was asked about
  Kind kind = Kind::altered;
  std::string reason;  // what happened to it; names the table and the destination
  std::string hint;    // how to free the name; empty unless `kind` is name_conflict
};

// What Destination::drop drops of a pipeline.
enum class DropScope : std::uint8_t {
  outputs,   // the target tables of the given outputs, finished or not, and their records
  sourced,   // all that comes from a source: tables, their state, the checkpoint. Outputs without a source stay
  pipeline,  // everything
};

// When a run has time for maintenance.
enum class Lull {
  between_loads,  // more waits to be loaded
  idle,           // nothing waits
  end_of_run,     // of a run that ends by itself
};

class Destination {
 public:
  Destination() = default;
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;
  virtual ~Destination() = default;

  [[nodiscard]] virtual const Capabilities& capabilities() const = 0;
  // The destination's name in messages: "shop.duckdb".
  [[nodiscard]] virtual std::string name() const = 0;
  // The destination's name for that column type, for messages: "DECIMAL(10,2)".
  [[nodiscard]] virtual std::string type_name(const PhysicalType& type) const = 0;

  // Returns the name of the source's type that the destination lacks, so that a column of `type` holds the text of the
  // values; "" if it lacks none. Only destinations with PostgreSQL's types (ValueLimits::source_types) lack any.
  //
  // REQUIRES: open() was called.
  [[nodiscard]] virtual std::string missing_type(const PhysicalType& /*type*/) const { return {}; }

  // Makes the source's types at the destination, or completes them, so that columns can have them. A type comes after
  // its parts. Where that fails a warning says so, and the values are text. Does nothing at a destination without
  // ValueLimits::user_types. Any thread may call it. REQUIRES: open() was called.
  virtual void make_types(std::span<const TypeDefinition> /*types*/) {}

  // Opens the destination and returns the pipeline's state. Creates the state if there is none, and drops the copies
  // that an earlier process left without swapping them in; a destination that is opened read-only is not changed.
  // Throws DestinationLocked if another process holds it.
  [[nodiscard]] virtual State open() = 0;
  // Returns the state as it is now. The destination is not opened again, so copies and sessions that are open stay
  // open. REQUIRES: open() was called.
  [[nodiscard]] virtual State read_state() = 0;
  // Throws DestinationLost if the URL no longer leads to what was opened. The loader calls it every other second while
  // there is nothing to load, so it must be cheap; Transaction::commit makes the same check itself. REQUIRES: the
  // caller is the loader's thread.
  virtual void check_still_there() {}

  // Puts the destination in order, if that is due. What readers see does not change. A failure is logged, and left to
  // the next time. REQUIRES: no load is open.
  virtual void maintain(Lull /*lull*/) {}

  // Returns a finding for each of `outputs` whose target table is not as its record describes it. An output without
  // columns has no target table yet; for it only a name conflict is reported. Columns and constraints that somebody
  // added are not reported. Reads the catalog once for all outputs. Also works on a destination that was opened
  // read-only.
  [[nodiscard]] virtual std::vector<TargetFinding> inspect(std::span<const OutputRecord> outputs) = 0;

  // Begins a transaction. Throws CommitWasDurable if an earlier commit that was in doubt turns out to be durable.
  // REQUIRES: no other transaction is open.
  [[nodiscard]] virtual std::unique_ptr<Transaction> begin(const AttemptId& attempt) = 0;
  // Begins a copy of `outputs`, which replaces unfinished and finished copies of the same outputs. A copy of one output
  // is committed as it grows. A copy of several outputs is meant for small tables: it is one transaction, unless their
  // rows are many. Any thread may call it. Throws Error(destination) on a name conflict.
  [[nodiscard]] virtual std::unique_ptr<CopyWriter> begin_copy(std::span<const CopyTarget> outputs) = 0;
  // Drops what `scope` names, in one transaction. `outputs` is used with DropScope::outputs alone. An object that has
  // the name of a target table, but that walbrook did not make, stays. The record of a source table goes with its last
  // output.
  virtual void drop(DropScope scope, std::span<const OutputRecord> outputs = {}) = 0;
  // Returns the engine, which the destination owns; nullptr if the destination answers no queries.
  [[nodiscard]] virtual QueryEngine* query_engine() { return nullptr; }
  // Returns the compactor, which the destination owns; nullptr if rows change in place, so that there is nothing to
  // compact.
  [[nodiscard]] virtual Compactor* compactor() { return nullptr; }
};

}  // namespace walbrook::destination

// What destinations find out about a target table that somebody may have dropped, altered or replaced.
//
// A table that was altered can be distinguished from another table of the same name by its columns alone.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "destination/destination.h"
#include "destination/state_tables.h"

namespace walbrook::destination {

struct TargetDifference {
  TargetFinding::Kind kind = TargetFinding::Kind::altered;
  std::string reason;
  std::string hint;
};

// An object that has the target's name and that this pipeline did not make.
struct NameConflict {
  std::string reason;
  Remedy hint;
};

// A column of a target as it is found in the destination.
struct FoundColumn {
  enum class State {
    not_made,   // the source's table no longer has it, so that its type is not known
    missing,    // it was dropped or renamed
    other,      // it has another type: `type`, and was created as `made`
    unaltered,  //
  } state = State::unaltered;
  std::string type{};
  std::string made{};
};

// The functions below name the destination by `where`, its name for people.

// The target, or its whole schema, was dropped.
[[nodiscard]] TargetDifference dropped_target(const Target& target, const std::string& where, bool has_schema);
// Its name belongs to another object. `reason` says what that is.
[[nodiscard]] TargetDifference conflicting_target(std::string reason);
// Compares the target's columns with what `find` returns for each of them. An ALTER leaves most columns unchanged: a
// table in which most are different is another table. nullopt: they are as walbrook made them.
[[nodiscard]] std::optional<TargetDifference> compare_columns(
    const Target& target, const std::string& where, const std::function<FoundColumn(const TargetColumn&)>& find);

// Describes an object with the name of the target. `owner`: the pipeline that made it; nullopt: walbrook did not.
[[nodiscard]] NameConflict name_conflict_of(const TargetName& target, const std::string& where,
                                            const std::optional<std::string>& owner);

// What Destination::inspect asks of a destination.
struct TargetInspection {
  // Of `target`; `columns` are those of its rows; nullptr: types are not compared.
  std::function<std::optional<TargetDifference>(const Target& target, const TableSchema* columns)> difference;
  std::function<std::optional<NameConflict>(const OutputRecord& output)> name_conflict;
};
// Implements Destination::inspect. `targets`: the pipeline's.
[[nodiscard]] std::vector<TargetFinding> inspect_targets(std::span<const OutputRecord> outputs,
                                                         std::span<const TargetRecord> targets, const NameRules& names,
                                                         const std::string& where, const TargetInspection& inspection);

}  // namespace walbrook::destination

// The outputs that the configuration defines for tables: their ids, and the names of their target tables.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "destination/capabilities.h"
#include "replication/core/known_tables.h"
#include "replication/core/target_names.h"

namespace walbrook::replication {

// Defines one output of a table.
struct OutputDefinition {
  // Distinguishes the outputs of one table, for as long as the pipeline lives; "" = the table's own.
  std::string role{};
  Disposition disposition = Disposition::merge;
  std::optional<std::string> dataset{};  // nullopt: the pipeline's
};
// Returns the outputs of the table with these names in the source: at least one, with different roles.
using DefineOutputs = std::function<std::vector<OutputDefinition>(const std::string& schema, const std::string& name)>;

// Returns how an output gets a table's changes at such a destination: merged, or, where rows do not change, with every
// change appended.
[[nodiscard]] Disposition disposition_at(const destination::Capabilities& capabilities);
// Returns what defines one output for each table.
[[nodiscard]] DefineOutputs outputs_for(const destination::Capabilities& capabilities);

class NewOutputs {
 public:
  // Borrows `tables` and `rules` for its lifetime. `dataset` "": target schemas are named as the source's. `define`
  // empty: each table has one output, merged.
  NewOutputs(const KnownTables& tables, const destination::NameRules& rules, std::string dataset,
             destination::Naming naming, DefineOutputs define);

  // Takes in an output of the stored state. Of an output that belongs to no table only the id and the name are kept.
  void know(const OutputRecord& record);
  [[nodiscard]] std::vector<OutputDefinition> defined(const TableRecord& table) const;
  [[nodiscard]] std::string dataset_of(const OutputDefinition& definition) const;

  // A record, in state `pending`, for an output that the table does not have yet. It gets the id of an output that an
  // earlier table of that name and role left, or a new one.
  [[nodiscard]] OutputRecord make(const TableRecord& table, const OutputDefinition& definition);
  // Chooses the name of a target of the output that is created now; the name is taken from then on. The name that the
  // output has or is about to have counts as free.
  [[nodiscard]] destination::TargetName choose_again(const SyncedOutput& output);
  // The two halves of choose_again(), for outputs that exchange their names: their names are freed first.
  void free_name(const SyncedOutput& output);
  [[nodiscard]] destination::TargetName choose(const SyncedOutput& output);
  // Returns the schema of the target of a table in this schema of the source.
  [[nodiscard]] std::string schema_for(const std::string& source_schema, const OutputDefinition& definition) const;
  // Notes that the output's table has another name now: the target's name is free, and a table that gets the old name
  // later takes over the output's id.
  void leave_behind(const SyncedOutput& output);

  [[nodiscard]] const destination::NameRules& rules() const { return rules_; }
  // Drops the index of target names, which may have changed.
  void look_again() { names_.reset(); }
  // How many names were looked up since then, for tests.
  [[nodiscard]] std::size_t name_steps() const { return names_ ? names_->steps() : 0; }

 private:
  [[nodiscard]] destination::TargetName choose(const OutputRecord& record, const std::string& dataset);
  [[nodiscard]] TargetNames& names();

  const KnownTables& tables_;
  const destination::NameRules& rules_;
  std::string dataset_;
  destination::Naming naming_;
  DefineOutputs define_;
  std::optional<TargetNames> names_;  // the names of all targets; built on first use
  std::vector<destination::TargetName> without_source_;
  // Outputs that no table has any more, by schema, name and role.
  std::map<std::tuple<std::string, std::string, std::string>, OutputId> left_;
  OutputId newest_;
};

}  // namespace walbrook::replication

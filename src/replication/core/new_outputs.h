// The outputs that tables are to have: their ids, and where their target tables are.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "replication/core/known_tables.h"
#include "replication/core/target_names.h"

namespace walbrook::replication {

// What a table of the source becomes in one place.
struct OutputDefinition {
  std::string role{};  // tells the outputs of one table apart, as long as the pipeline lives; "" = the table's own
  Disposition disposition = Disposition::merge;
  std::optional<std::string> dataset{};  // nullopt: that of the pipeline
};
// The outputs of a table, by its names in the source; at least one, with different roles.
using DefineOutputs = std::function<std::vector<OutputDefinition>(const std::string& schema, const std::string& name)>;

class NewOutputs {
 public:
  // Borrows `tables` and `rules`. `dataset` "": schemas are named as the source's. `define` empty: each table has one
  // output, merged.
  NewOutputs(const KnownTables& tables, const destination::NameRules& rules, std::string dataset,
             destination::Naming naming, DefineOutputs define);

  // An output of the stored state. One that belongs to no table is none of ours, but for its id and its name.
  void know(const OutputRecord& record);
  [[nodiscard]] std::vector<OutputDefinition> defined(const TableRecord& table) const;
  [[nodiscard]] std::string dataset_of(const OutputDefinition& definition) const;

  // The record of an output that the table does not have yet.
  [[nodiscard]] OutputRecord make(const TableRecord& table, const OutputDefinition& definition);
  // The name for a target of the output that is made now, which is taken from then on; the name that the output has
  // or is about to have is free.
  [[nodiscard]] destination::TargetName choose_again(const SyncedOutput& output);
  // The output's table has another name now: its target's name is free, and whatever gets a table of the old name
  // later takes the output's place.
  void leave_behind(const SyncedOutput& output);

  // The names of targets may have changed since they were last asked for.
  void look_again() { names_.reset(); }
  // How many names were looked at since then, for tests.
  [[nodiscard]] std::size_t name_steps() const { return names_ ? names_->steps() : 0; }

 private:
  [[nodiscard]] destination::TargetName choose(const OutputRecord& record, const std::string& dataset);
  [[nodiscard]] TargetNames& names();

  const KnownTables& tables_;
  const destination::NameRules& rules_;
  std::string dataset_;
  destination::Naming naming_;
  DefineOutputs define_;
  std::optional<TargetNames> names_;  // of all targets; built when the first one is asked for
  std::vector<destination::TargetName> without_source_;
  std::map<std::tuple<std::string, std::string, std::string>, OutputId> left_;  // by schema, name and role
  OutputId newest_;
};

}  // namespace walbrook::replication

#include "replication/core/new_outputs.h"

#include <algorithm>
#include <utility>

#include "destination/target_shape.h"

namespace walbrook::replication {
namespace {

// Where the output's target is, or will be once its copy is swapped in.
destination::TargetName target_name_of(const SyncedOutput& output) {
  return output.moves_to.value_or(output.record.target());
}

}  // namespace

Disposition disposition_at(const destination::Capabilities& capabilities) {
  return capabilities.rows_change ? Disposition::merge : Disposition::append;
}

DefineOutputs outputs_for(const destination::Capabilities& capabilities) {
  return [disposition = disposition_at(capabilities)](const std::string& /*schema*/, const std::string& /*name*/) {
    return std::vector<OutputDefinition>{{.disposition = disposition}};
  };
}

NewOutputs::NewOutputs(const KnownTables& tables, const destination::NameRules& rules, std::string dataset,
                       destination::Naming naming, DefineOutputs define)
    : tables_(tables), rules_(rules), dataset_(std::move(dataset)), naming_(naming), define_(std::move(define)) {}

void NewOutputs::know(const OutputRecord& record) {
  newest_ = std::max(newest_, record.id);
  if (!record.has_source()) {
    without_source_.push_back(record.target());
  } else if (record.source == 0) {
    left_.insert_or_assign({record.schema, record.name, record.role}, record.id);
  }
}

std::vector<OutputDefinition> NewOutputs::defined(const TableRecord& table) const {
  return define_ ? define_(table.schema, table.name) : std::vector<OutputDefinition>(1);
}

std::string NewOutputs::dataset_of(const OutputDefinition& definition) const {
  return definition.dataset.value_or(dataset_);
}

TargetNames& NewOutputs::names() {
  if (names_) return *names_;
  auto& names = names_.emplace(rules_);
  for (const auto& name : without_source_) names.add(name);
  for (const auto& [oid, table] : tables_.all()) {
    for (const auto& output : table.outputs) names.add(target_name_of(output));
  }
  return names;
}

destination::TargetName NewOutputs::choose(const OutputRecord& record, const std::string& dataset) {
  auto& taken = names();
  auto chosen =
      destination::target_name(rules_, naming_, dataset, record.schema, record.name,
                               [&taken](const destination::TargetName& wanted) { return taken.contains(wanted); });
  taken.add(chosen);
  return chosen;
}

OutputRecord NewOutputs::make(const TableRecord& table, const OutputDefinition& definition) {
  OutputRecord record{.id = {newest_.value + 1},
                      .source = table.oid,
                      .schema = table.schema,
                      .name = table.name,
                      .role = definition.role,
                      .disposition = definition.disposition};
  if (const auto left = left_.extract({table.schema, table.name, definition.role}); !left.empty()) {
    record.id = left.mapped();
  } else {
    newest_ = record.id;
  }
  auto target = choose(record, dataset_of(definition));
  record.target_schema = std::move(target.schema);
  record.target_name = std::move(target.table);
  return record;
}

destination::TargetName NewOutputs::choose_again(const SyncedOutput& output) {
  free_name(output);
  return choose(output);
}

void NewOutputs::free_name(const SyncedOutput& output) {
  names().remove(target_name_of(output));
}

destination::TargetName NewOutputs::choose(const SyncedOutput& output) {
  return choose(output.record, output.dataset);
}

std::string NewOutputs::schema_for(const std::string& source_schema, const OutputDefinition& definition) const {
  const auto is_free = [](const destination::TargetName& /*name*/) { return false; };
  return destination::target_name(rules_, naming_, dataset_of(definition), source_schema, "t", is_free).schema;
}

void NewOutputs::leave_behind(const SyncedOutput& output) {
  if (names_) names_->remove(target_name_of(output));
  left_.insert_or_assign({output.record.schema, output.record.name, output.record.role}, output.record.id);
}

}  // namespace walbrook::replication

#include "replication/core/batch_needs.h"

#include "model/part_codec.h"
#include "replication/core/output_failed.h"

namespace walbrook::replication {

void BatchNeeds::add(const TransactionPart& part) {
  of_parts_[part.xid].add(part.operations);
}

TargetNeeds BatchNeeds::of(const CommitBatch& batch, destination::Destination& destination) const {
  TargetNeeds needs;
  for (const auto& operation : batch.operations) {
    const auto* merge = std::get_if<MergeParts>(&operation);
    if (merge == nullptr) continue;
    if (merge->prepared) {
      const auto reading = destination.begin({});  // not the load itself: that may have to begin with its alterations
      reading->read_prepared(merge->xid, [&needs](std::string_view bytes) { needs.add(read_part(bytes).operations); });
    } else if (const auto parts = of_parts_.find(merge->xid); parts != of_parts_.end()) {
      needs.add(parts->second);
    }
  }
  needs.add(batch.operations);
  return needs;
}

Adaptations alter_targets(destination::Transaction& load, const TargetNeeds& needs, TableSync& sync,
                          TableChanges& changes) {
  for (const auto& [id, schema] : needs.new_columns(sync)) {
    const auto& record = sync.find(id).output->record;
    for_output(id, [&, schema = schema] { load.alter(record, {.columns = schema->columns}); });
  }
  auto adaptations = needs.adaptations(sync);
  for (const auto& [id, adaptation] : adaptations) {
    const auto& output = *sync.find(id).output;
    for_output(
        id, [&, adaptation = &adaptation] { load.alter(output.record, adaptation->alteration()); },
        OutputFailed::Doing::alteration);
    adaptation.adopt(changes.edit(output));
  }
  for (const auto& [oid, names] : needs.overflow_columns(sync)) {
    for (const auto& output : sync.find(oid)->outputs) {
      if (output.record.state != OutputState::streaming) continue;  // with a copy under way, swap_in adds them
      const auto adaptation = adaptations.find(output.record.id);
      const auto columns = adaptation == adaptations.end() ? names : adaptation->second.names_now(names);
      for_output(output.record.id, [&] { load.alter(output.record, {.overflow = {columns.begin(), columns.end()}}); });
    }
  }
  return adaptations;
}

}  // namespace walbrook::replication

#include "replication/core/batch_needs.h"

#include "model/part_codec.h"
#include "replication/core/added_columns.h"
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

void alter_targets(destination::Transaction& load, const TargetNeeds& needs, TableSync& sync) {
  for (const auto& [id, added] : needs.new_columns(sync)) {
    const auto& record = sync.find(id).output->record;
    const auto alteration =
        added.in_place ? addition(record, *added.schema) : destination::Alteration{.columns = added.schema->columns};
    for_output(id, [&] { load.alter(record, alteration); });
  }
  for (const auto& [oid, columns] : needs.overflow_columns(sync)) {
    for (const auto& output : sync.find(oid)->outputs) {
      if (output.record.state != OutputState::streaming) continue;  // with a copy under way, swap_in adds them
      for_output(output.record.id, [&, columns = columns] {
        load.alter(output.record, {.overflow = {columns.begin(), columns.end()}});
      });
    }
  }
}

}  // namespace walbrook::replication

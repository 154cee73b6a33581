#include "replication/core/batch_needs.h"

#include <algorithm>

#include "model/part_codec.h"
#include "replication/core/output_failed.h"

namespace walbrook::replication {

namespace {

constexpr std::size_t most_subtransactions = 1000;  // that are remembered of one need

}  // namespace

bool BatchNeeds::Need::is_rolled_back(std::span<const std::uint32_t> aborted) const {
  if (of_many) return false;
  return std::ranges::all_of(subtransactions,
                             [aborted](std::uint32_t xid) { return std::ranges::binary_search(aborted, xid); });
}

void BatchNeeds::add(const TransactionPart& part) {
  auto& needs = of_parts_[part.xid];
  for (const auto& operation : part.operations) {
    if (const auto* batch = std::get_if<RowBatch>(&operation)) {
      add_rows(needs, *batch, part.transactions);
    } else if (const auto* altered = std::get_if<AlteredTable>(&operation)) {
      needs.push_back({.subtransactions = {part.transactions[altered->transaction].xid},
                       .schema = nullptr,
                       .overflow = {},
                       .altered = std::make_shared<const AlteredTable>(*altered)});
    }
  }
}

// Rows that come before and after a table is altered have needs of their own.
void BatchNeeds::add_rows(std::vector<Need>& needs, const RowBatch& batch,
                          const std::vector<Transaction>& transactions) {
  auto found = needs.rbegin();
  while (found != needs.rend()) {
    if (found->altered != nullptr && found->altered->schema->oid == batch.schema->oid) found = needs.rend();
    if (found == needs.rend() || (found->schema != nullptr && *found->schema == *batch.schema)) break;
    ++found;
  }
  auto& need = found != needs.rend() ? *found : needs.emplace_back(Need{.schema = batch.schema});
  need.overflow.merge(overflow_columns_of(batch));
  for (const auto index : batch.transaction) {
    if (need.of_many) break;
    need.subtransactions.insert(transactions[index].xid);
    need.of_many = need.subtransactions.size() > most_subtransactions;
  }
}

// In the order in which the changes are applied: the parts of a transaction at its place among the others.
TargetNeeds BatchNeeds::of(const CommitBatch& batch, destination::Destination& destination) const {
  TargetNeeds needs;
  for (const auto& operation : batch.operations) {
    const auto* merge = std::get_if<MergeParts>(&operation);
    if (merge == nullptr) {
      needs.add(operation);
    } else if (merge->prepared) {
      const auto reading = destination.begin({});  // not the load itself: that may have to begin with its alterations
      reading->read_prepared(merge->xid, [&needs](std::string_view bytes) { needs.add(read_part(bytes).operations); });
    } else if (const auto parts = of_parts_.find(merge->xid); parts != of_parts_.end()) {
      for (const auto& need : parts->second) {
        if (need.is_rolled_back(merge->aborted)) continue;
        need.altered != nullptr ? needs.add(need.altered) : needs.add_rows(need.schema, need.overflow);
      }
    }
  }
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

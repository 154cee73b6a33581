#include "replication/core/part_copies.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/text.h"
#include "replication/core/leaving.h"

namespace walbrook::replication {
namespace {

bool has_part_request(const SyncedTable& table, const SyncedOutput& output) {
  return output.record.state == OutputState::streaming && !output.record.resync_where.empty() &&
         !is_leaving(table.record);
}

}  // namespace

RecordChanges PartCopies::order(TableCopier& table_copier, SteadyTime now) {
  for (auto at = parts_.begin(); at != parts_.end();) {
    const auto [table, output] = sync_.find(at->first);
    if (output != nullptr && has_part_request(*table, *output)) {
      const auto& part = at->second;
      look_ = look_ || (part.number == 0 && is_due(*part.postponement, now));
      ++at;
      continue;
    }
    if (output != nullptr) end({table, output});
    at = parts_.erase(at);
  }
  RecordChanges changed;
  if (!std::exchange(look_, false)) return changed;
  for (auto& [oid, table] : sync_.tables()) {
    if (table.source.oid == 0) continue;  // the catalog has not shown it to this run yet
    for (auto& output : table.outputs) {
      if (!has_part_request(table, output)) continue;
      const auto known = parts_.find(output.record.id);
      const bool is_due_now =
          known == parts_.end() || (known->second.number == 0 ? is_due(*known->second.postponement, now)
                                                              : known->second.where != output.record.resync_where);
      if (!is_due_now) continue;
      if (output.record.columns != nullptr && output.record.columns->has_key()) {
        order(table_copier, table, output);
      } else {
        changed.add(failed(output.record.id, "the table has no key any more by which its rows are found"));
      }
    }
  }
  return changed;
}

void PartCopies::order(TableCopier& table_copier, const SyncedTable& table, SyncedOutput& output) {
  auto& part = parts_[output.record.id];
  part.number = ++newest_;
  part.where = output.record.resync_where;
  part.whole.reset();
  spool_.discard(output_key(output.record.id));
  output.has_part_under_way = true;
  output.part_waits_for.clear();
  statistics_.output(table, output);
  spdlog::info("table {}.{}: rows are copied again: {}", output.record.schema, output.record.name, part.where);
  table_copier.order_part({.record = output.record, .source = table.source, .number = part.number});
}

void PartCopies::end(const FoundOutput& found, std::string waits_for) {
  auto& output = *found.output;
  output.part_waits_for = std::move(waits_for);
  const bool was_under_way = std::exchange(output.has_part_under_way, false);
  statistics_.output(*found.table, output);
  if (was_under_way && !needs_spooled(output)) spool_.discard(output_key(output.record.id));
}

RecordChanges PartCopies::ended(PartResult result, SteadyTime now) {
  const auto found = parts_.find(result.output);
  if (found == parts_.end() || found->second.number != result.number) return {};
  switch (result.kind) {
    case PartResult::Kind::copied:
      found->second.whole = std::move(result);
      return {};
    case PartResult::Kind::postponed:
      postpone(result.output, result.why, now);
      return {};
    case PartResult::Kind::refused:
      return refused(result.output, result.why.reason);
    case PartResult::Kind::failed:
      break;
  }
  return failed(result.output, result.why.reason);
}

const PartResult* PartCopies::ready(Lsn reached) const {
  for (const auto& [id, part] : parts_) {
    if (!part.whole || part.whole->consistent_point > reached) continue;
    const auto* output = sync_.find(id).output;
    if (output != nullptr && output->record.state == OutputState::streaming) return &*part.whole;
  }
  return nullptr;
}

void PartCopies::applied(OutputId id) {
  const auto found = sync_.find(id);
  const auto& output = *found.output;
  const auto& whole = *parts_.at(id).whole;
  spdlog::info("table {}.{}: {} {} copied again", output.record.schema, output.record.name,
               counted(whole.copied_rows, "row"), whole.copied_rows == 1 ? "was" : "were");
  end(found);
  parts_.erase(id);
}

void PartCopies::postpone(OutputId id, const CannotCopyNow& why, SteadyTime now) {
  const auto found = sync_.find(id);
  const auto& output = *found.output;
  auto& part = parts_.at(id);
  const auto again = postponed(part.postponement ? &*part.postponement : nullptr, why, follow_, now);
  end(found, why.reason);
  part.number = 0;
  part.whole.reset();
  part.postponement = again;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(again.again_at - now).count();
  spdlog::warn("rows of table {}.{} cannot be copied again now: {}; {}", output.record.schema, output.record.name,
               why.reason,
               again.given_up ? "the next run copies them" : fmt::format("they are tried again in {} s", seconds));
}

RecordChanges PartCopies::refused(OutputId id, const std::string& why) {
  const auto found = sync_.find(id);
  auto& record = found.output->record;
  spdlog::warn("rows of table {}.{} are not copied again ({}): {}; the request is dropped, and no row was changed",
               record.schema, record.name, std::exchange(record.resync_where, {}), why);
  end(found);
  parts_.erase(id);
  RecordChanges changed;
  changed.outputs.push_back(record);
  return changed;
}

RecordChanges PartCopies::failed(OutputId id, const std::string& why) {
  const auto found = sync_.find(id);
  auto& record = found.output->record;
  record.suspect = fmt::format("rows were to be copied again ({}): {}", std::exchange(record.resync_where, {}), why);
  spdlog::error("table {}.{} is suspect: {}", record.schema, record.name, record.suspect);
  end(found);
  parts_.erase(id);
  RecordChanges changed;
  changed.outputs.push_back(record);
  return changed;
}

bool PartCopies::are_settled() const {
  return !look_ && std::ranges::all_of(parts_, [](const auto& entry) {
    const auto& postponement = entry.second.postponement;
    return postponement && postponement->given_up;
  });
}

std::optional<SteadyTime> PartCopies::next_due() const {
  std::optional<SteadyTime> next;
  for (const auto& [id, part] : parts_) {
    if (!part.postponement || part.postponement->given_up || part.number != 0) continue;
    if (!next || part.postponement->again_at < *next) next = part.postponement->again_at;
  }
  return next;
}

}  // namespace walbrook::replication

#include "replication/runtime/snapshot_copier.h"

#include <utility>

#include "replication/runtime/part_copy.h"
#include "replication/runtime/snapshot_copy.h"

namespace walbrook::replication {

SnapshotCopier::SnapshotCopier(SnapshotCopierOptions options, const Clock& clock, destination::Destination& destination,
                               TypeCatalog& types, Mailbox<LoaderMessage>& loader, RunObserver& observer,
                               Statistics& statistics)
    : options_(std::move(options)),
      clock_(clock),
      destination_(destination),
      types_(types),
      loader_(loader),
      observer_(observer),
      statistics_(statistics),
      orders_([this] { bell_.ring(); }),
      parts_([this] { bell_.ring(); }),
      plan_(options_.follow) {}

void SnapshotCopier::work(std::stop_token stop) {
  const std::stop_callback wake(stop, [this] { bell_.ring(); });
  while (!stop.stop_requested()) {
    for (const auto& order : orders_.take()) plan_.add(order);
    for (auto& order : parts_.take()) next_parts_.push_back(std::move(order));
    const auto next = plan_.next(clock_.now());
    if (std::holds_alternative<RunAgain>(next)) {
      attempt(stop);
    } else if (!next_parts_.empty()) {
      const auto order = std::move(next_parts_.front());
      next_parts_.pop_front();
      copy_part(order, stop);
    } else {
      bell_.wait_until(std::get<Wait>(next).until);
    }
  }
}

void SnapshotCopier::attempt(std::stop_token stop) {
  auto tables = plan_.begin();
  try {
    copy_all(tables, stop);
  } catch (const Error& failed) {
    if (stop.stop_requested()) return;
    auto postponed = plan_.failed(std::move(tables), failed, clock_.now());
    if (!postponed.shortage.empty()) statistics_.waits_for(std::move(postponed.shortage));
    for (auto& result : postponed.results) loader_.post(std::move(result));
    return;
  }
  plan_.ended(std::move(tables), clock_.now());
}

postgres::SlotWait SnapshotCopier::wait_for_writers() {
  return {.report = [this](const auto& writers) { observer_.waiting_for(writers); }, .longest = options_.snapshot_wait};
}

void SnapshotCopier::copy_part(const PartOrder& order, const std::stop_token& stop) {
  auto result = replication::copy_part({.options = options_, .destination = destination_, .types = types_}, order,
                                       wait_for_writers(), stop);
  if (!stop.stop_requested()) loader_.post(std::move(result));
}

void SnapshotCopier::copy_all(std::vector<CopyOrder::Table>& tables, std::stop_token stop) {
  postgres::SnapshotSource snapshot(options_.conninfo, wait_for_writers(), stop, options_.server);
  statistics_.waits_for("");
  SnapshotCopy copy({.options = options_,
                     .destination = destination_,
                     .types = types_,
                     .loader = loader_,
                     .observer = observer_,
                     .statistics = statistics_},
                    snapshot, std::move(tables));
  try {
    copy.work(stop);
  } catch (...) {
    tables = copy.left_over();
    throw;
  }
  tables = copy.left_over();
}

}  // namespace walbrook::replication

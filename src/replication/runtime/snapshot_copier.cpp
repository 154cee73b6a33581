#include "replication/runtime/snapshot_copier.h"

#include <utility>

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
      plan_(options_.follow) {}

void SnapshotCopier::work(std::stop_token stop) {
  const std::stop_callback wake(stop, [this] { bell_.ring(); });
  while (!stop.stop_requested()) {
    for (const auto& order : orders_.take()) plan_.add(order);
    const auto next = plan_.next(clock_.now());
    if (const auto* wait = std::get_if<Wait>(&next)) {
      bell_.wait_until(wait->until);
    } else {
      attempt(stop);
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

void SnapshotCopier::copy_all(std::vector<CopyOrder::Table>& tables, std::stop_token stop) {
  const postgres::SlotWait wait{.report = [this](const auto& writers) { observer_.waiting_for(writers); },
                                .longest = options_.snapshot_wait};
  postgres::SnapshotSource snapshot(options_.conninfo, wait, stop, options_.server);
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

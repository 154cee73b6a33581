#include "replication/runtime/copier.h"

#include <spdlog/spdlog.h>

#include <thread>
#include <utility>

#include "postgres/connection/failure_consequence.h"
#include "postgres/connection/shortage.h"
#include "replication/runtime/snapshot_copy.h"

namespace walbrook::replication {
namespace {

constexpr int attempts_bound = 8;  // in a row, of one order, without a table done
constexpr milliseconds copy_retry_wait{200};
constexpr milliseconds order_wait{500};

std::string shortage_text(const Error& failed) {
  const auto& state = failed.facts().sqlstate;
  const bool no_place = state == "53400" || state == "53300";
  return (no_place ? "a free replication slot or connection: " : "") + failed.cause();
}

}  // namespace

Copier::Copier(CopierOptions options, destination::Destination& destination, TypeCatalog& types,
               Mailbox<LoaderMessage>& loader, RunObserver& observer, Statistics& statistics)
    : options_(std::move(options)),
      destination_(destination),
      types_(types),
      loader_(loader),
      observer_(observer),
      statistics_(statistics) {}

void Copier::work(std::stop_token stop) {
  std::vector<CopyOrder::Table> tables;
  int attempts = 0;
  while (!stop.stop_requested()) {
    if (take_orders(tables)) attempts = 0;
    if (tables.empty()) continue;
    const auto before = tables.size();
    try {
      copy_all(tables, stop);
    } catch (const postgres::WritersStayOpen& open) {
      if (stop.stop_requested()) return;
      postpone(tables, {.reason = open.cause(), .remedy = open.remedy(), .waited = true});
      continue;
    } catch (const Error& failed) {
      const bool of_copy = postgres::consequence_of(failed, postgres::Asked::copy, true) == postgres::Consequence::copy;
      const bool may_pass = of_copy || failed.kind() == ErrorKind::destination;
      if (stop.stop_requested()) return;
      if (postgres::is_shortage(failed)) {
        statistics_.waits_for(shortage_text(failed));
        postpone(tables, {.reason = failed.cause(), .remedy = failed.remedy()});
        continue;
      }
      // While following, the receiver decides about a source that does not answer; here it is only asked again.
      const bool waited_for = options_.follow && of_copy;
      if (!may_pass || (attempts >= attempts_bound && !waited_for)) throw;
      spdlog::warn("{}; the copy is tried again", failed.cause());
    }
    attempts = tables.size() < before ? 0 : std::min(attempts + 1, attempts_bound);
    if (!tables.empty()) std::this_thread::sleep_for(copy_retry_wait * attempts);
  }
}

// A new order of a table takes the place of the one before: a table that was renamed or recreated meanwhile would be
// stale under the old one for ever.
bool Copier::take_orders(std::vector<CopyOrder::Table>& tables) {
  const auto orders = orders_.take(tables.empty() ? order_wait : milliseconds(0));
  for (const auto& order : orders) {
    for (const auto& table : order.tables) {
      std::erase_if(tables, [&table](const CopyOrder::Table& old) { return old.record.oid == table.record.oid; });
      tables.push_back(table);
    }
  }
  return !orders.empty();
}

void Copier::postpone(std::vector<CopyOrder::Table>& tables, const CannotCopyNow& why) {
  for (const auto& table : std::exchange(tables, {})) {
    loader_.post(
        CopyResult{.kind = CopyResult::Kind::postponed, .table = table.record.oid, .number = table.number, .why = why});
  }
}

void Copier::copy_all(std::vector<CopyOrder::Table>& tables, std::stop_token stop) {
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

#include "replication/core/copy_plan.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "destination/destination.h"
#include "model/same_table.h"
#include "postgres/connection/failure_consequence.h"
#include "postgres/connection/shortage.h"
#include "postgres/slot/slot.h"

namespace walbrook::replication {
namespace {

constexpr int attempts_bound = 8;
constexpr milliseconds copy_retry_wait{200};

std::string shortage_text(const Error& failed) {
  const auto& state = failed.facts().sqlstate;
  const bool no_place = state == "53400" || state == "53300";
  return (no_place ? "a free replication slot or connection: " : "") + failed.cause();
}

// The results for tables that cannot be copied now: the loader orders them again later.
std::vector<CopyResult> postponed(const std::vector<CopyOrder::Table>& tables, const CannotCopyNow& why) {
  std::vector<CopyResult> results;
  for (const auto& table : tables) {
    results.push_back(
        {.kind = CopyResult::Kind::postponed, .output = table.record.id, .number = table.number, .why = why});
  }
  return results;
}

}  // namespace

void CopyPlan::add(const CopyOrder& order) {
  std::unordered_set<std::uint32_t> outputs;
  std::unordered_map<Oid, const CopyOrder::Table*> tables;
  for (const auto& table : order.tables) {
    outputs.insert(table.record.id.value);
    tables.emplace(table.source.oid, &table);
  }
  std::erase_if(tables_, [&](const CopyOrder::Table& old) {
    if (outputs.contains(old.record.id.value)) return true;
    const auto now = tables.find(old.source.oid);
    return now != tables.end() && !means_same_table(now->second->record, old.record);  // the table was renamed
  });
  tables_.insert(tables_.end(), order.tables.begin(), order.tables.end());
  attempts_ = 0;
}

Next CopyPlan::next(Now now) const {
  if (tables_.empty()) return Wait{.until = SteadyTime::max(), .what = Awaited::work};
  if (now.steady < not_before_) return Wait{.until = not_before_, .what = Awaited::retry};
  return RunAgain{};
}

std::vector<CopyOrder::Table> CopyPlan::begin() {
  begun_ = tables_.size();
  return std::exchange(tables_, {});
}

void CopyPlan::ended(std::vector<CopyOrder::Table> left, Now now) {
  tables_ = std::move(left);
  attempts_ = tables_.size() < begun_ ? 0 : std::min(attempts_ + 1, attempts_bound);
  not_before_ = now.steady + copy_retry_wait * attempts_;
}

CopyPlan::Postponed CopyPlan::failed(std::vector<CopyOrder::Table> left, const Error& failed, Now now) {
  if (const auto* open = dynamic_cast<const postgres::WritersStayOpen*>(&failed)) {
    return {.results = postponed(left, {.reason = open->cause(), .remedy = open->remedy(), .waited = true}),
            .shortage = {}};
  }
  if (postgres::is_shortage(failed)) {
    return {.results = postponed(left, {.reason = failed.cause(), .remedy = failed.remedy()}),
            .shortage = shortage_text(failed)};
  }
  const bool of_copy = postgres::consequence_of(failed, postgres::Asked::copy, true) == postgres::Consequence::copy;
  const bool may_pass = of_copy || failed.kind() == ErrorKind::destination;
  // With --follow, the receiver decides about a source that does not answer, and a destination that is away is waited
  // for; the copy is only tried again.
  const bool is_away = dynamic_cast<const destination::DestinationUnreachable*>(&failed) != nullptr;
  const bool waited_for = follow_ && (of_copy || is_away);
  if (!may_pass || (attempts_ >= attempts_bound && !waited_for)) throw;
  spdlog::warn("{}; the copy is tried again", failed.cause());
  ended(std::move(left), now);
  return {};
}

}  // namespace walbrook::replication

#include "replication/core/catalog_poll.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "postgres/connection/failure_consequence.h"

namespace walbrook::replication {
namespace {

constexpr milliseconds catalog_retry_wait{500};
// A poll of 20,000 tables takes seconds of the source's time: polls that nobody asked for take at most one part in
// idle_share of the time.
constexpr int idle_share = 5;
constexpr milliseconds first_look_for_commits{500};  // the stream is usually open by then

bool same_table(const postgres::SourceTable& a, const postgres::SourceTable& b) {
  return a.oid == b.oid && a.schema == b.schema && a.name == b.name && a.fingerprint == b.fingerprint &&
         a.columns == b.columns && a.row_identity == b.row_identity && a.unreadable == b.unreadable &&
         a.unfit == b.unfit && a.partial == b.partial;
}

}  // namespace

CatalogPoll::CatalogPoll(CatalogPollOptions options, CatalogSource& catalog, postgres::Publication seen, Now now,
                         std::function<void(LoaderMessage)> post, std::function<void()> wake)
    : options_(options),
      catalog_(catalog),
      post_(std::move(post)),
      wake_(std::move(wake)),
      seen_(std::move(seen)),
      writers_are_open_(seen_.moment.oldest_xid < seen_.moment.next_xid),
      next_(now.steady + options.interval),
      not_before_(now.steady),
      look_for_commits_(now.steady + first_look_for_commits) {}

void CatalogPoll::ask() {
  asked_ = true;
  wake_();
}

Next CatalogPoll::step(Now now) {
  const auto at = now.steady;
  if (began_) next_ = std::max(next_, *began_ + (at - *std::exchange(began_, std::nullopt)) * idle_share);
  if (!looked_for_commits_ && at >= look_for_commits_) look_for_waiting_commits();
  if (at < not_before_) return Wait{.until = not_before_, .what = Awaited::retry};
  if (!asked_ && at < next_) {
    return Wait{.until = looked_for_commits_ ? next_ : std::min(next_, look_for_commits_), .what = Awaited::work};
  }
  return poll(at);
}

Next CatalogPoll::poll(SteadyTime now) {
  const bool asked = asked_.exchange(false);
  next_ = now + options_.interval;
  began_ = now;
  try {
    // The snapshot is read first: if a transaction ends meanwhile, its changes are read again next time.
    auto snapshot = catalog_.read_snapshot();
    if (asked || may_have_changed(snapshot)) {
      post_(read());
      snapshot_ = std::move(snapshot);
    }
  } catch (const Error& failed) {
    if (postgres::consequence_of(failed, postgres::Asked::catalog, true) != postgres::Consequence::wait) throw;
    spdlog::debug("{}", failed.cause());  // the receiver reports the lost source and decides
    disconnect();
    if (asked) asked_ = true;
    not_before_ = now + catalog_retry_wait;
    return RunAgain{};
  }
  if (options_.follow && looked_for_commits_) look_for_waiting_commits();
  return RunAgain{};
}

// Also true while something is waited for: a publication that has to be completed, or writers that have to end.
bool CatalogPoll::may_have_changed(const std::string& snapshot) const {
  return snapshot != snapshot_ || is_incomplete_ || writers_are_open_;
}

// The next connection may lead to another server, with other transactions.
void CatalogPoll::disconnect() {
  catalog_.disconnect();
  snapshot_.clear();
}

CatalogSeen CatalogPoll::read() {
  auto now = catalog_.read_publication();
  is_incomplete_ = now.is_incomplete;
  const Lsn complete_to = now.complete_to;
  const bool changed = !std::ranges::equal(now.tables, seen_.tables, same_table) || now.left_out != seen_.left_out;
  // A table that left is removed once the transactions that were open then have ended (leaving.h).
  if (changed || writers_are_open_) now.moment = catalog_.read_moment();
  const bool writers_ended = writers_are_open_ && now.moment.oldest_xid >= seen_.moment.next_xid;
  if (!changed && !writers_ended) return {.complete_to = complete_to, .publication = std::nullopt};
  writers_are_open_ = changed && now.moment.oldest_xid < now.moment.next_xid;
  catalog_.forget_types();  // a composite type may have been altered
  describe(now.tables);
  seen_ = now;
  return {.complete_to = complete_to, .publication = std::move(now)};
}

void CatalogPoll::describe(std::vector<postgres::SourceTable>& tables) {
  std::unordered_map<Oid, const postgres::SourceTable*> seen;
  for (const auto& table : seen_.tables) seen[table.oid] = &table;
  for (auto& table : tables) {
    const auto before = seen.find(table.oid);
    if (before == seen.end() || !same_table(*before->second, table)) continue;
    table.described = before->second->described;
    table.missing = before->second->missing;
  }
  catalog_.describe(tables, [&seen, this](const postgres::SourceTable& table) {
    if (table.described != nullptr) return false;
    const auto before = seen.find(table.oid);
    if (before == seen.end()) return options_.describes;
    const auto& known = *before->second;
    const bool is_renamed = known.name != table.name || known.schema != table.schema;
    return known.described != nullptr || known.columns != table.columns || (options_.describes && is_renamed);
  });
}

void CatalogPoll::look_for_waiting_commits() {
  looked_for_commits_ = true;
  try {
    const bool wait = catalog_.commits_wait();
    if (std::exchange(commits_wait_, wait) != wait) post_(CommitsWait{.wait = wait});
  } catch (const Error& failed) {
    spdlog::debug("{}", failed.cause());
    disconnect();
  }
}

}  // namespace walbrook::replication

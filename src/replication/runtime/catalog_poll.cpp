#include "replication/runtime/catalog_poll.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <unordered_map>
#include <utility>

#include "postgres/catalog/catalog_moment.h"
#include "postgres/catalog/catalog_types.h"
#include "postgres/catalog/table_obstacles.h"
#include "postgres/catalog/table_schema.h"
#include "postgres/connection/failure_consequence.h"

namespace walbrook::replication {
namespace {

constexpr milliseconds look_around{10};
constexpr milliseconds catalog_retry_wait{500};
constexpr milliseconds first_look_for_commits{500};  // the stream is open by then, mostly
constexpr milliseconds look_for_commits_interval{3000};

bool same_table(const postgres::SourceTable& a, const postgres::SourceTable& b) {
  return a.oid == b.oid && a.schema == b.schema && a.name == b.name && a.fingerprint == b.fingerprint &&
         a.columns == b.columns && a.row_identity == b.row_identity && a.unreadable == b.unreadable &&
         a.unfit == b.unfit;
}

// While it lives, the loader may wait for a catalog poll.
class Answering {
 public:
  explicit Answering(std::atomic<bool>& flag) : flag_(flag) {}
  Answering(const Answering&) = delete;
  Answering& operator=(const Answering&) = delete;
  ~Answering() { flag_ = false; }

 private:
  std::atomic<bool>& flag_;
};

}  // namespace

CatalogPoll::CatalogPoll(CatalogPollOptions options, postgres::CatalogTypes& types, Mailbox<LoaderMessage>& loader,
                         Statistics& statistics)
    : options_(std::move(options)), types_(types), loader_(loader), statistics_(statistics) {}

void CatalogPoll::work(postgres::KeptPublication& publication, postgres::Publication seen,
                       const ColumnSelection& selection, std::stop_token stop) {
  using Clock = std::chrono::steady_clock;
  const Answering answering(answers_);
  seen_ = std::move(seen);
  writers_are_open_ = seen_.moment.oldest_xid < seen_.moment.next_xid;
  auto next = Clock::now() + options_.interval;
  auto not_before = Clock::now();
  auto look_for_commits = Clock::now() + first_look_for_commits;
  while (!stop.stop_requested()) {
    std::this_thread::sleep_for(look_around);
    if (Clock::now() >= look_for_commits) {
      look_for_commits += options_.follow ? look_for_commits_interval : std::chrono::hours(1);
      look_for_waiting_commits();
    }
    if (Clock::now() < not_before) continue;
    if (!at_once_.exchange(false) && Clock::now() < next) continue;
    next = Clock::now() + options_.interval;
    try {
      auto found = poll(publication, selection);
      loader_.post(CatalogSeen{.complete_to = found.complete_to, .publication = std::move(found.publication)});
    } catch (const Error& failed) {
      if (stop.stop_requested()) return;
      if (postgres::consequence_of(failed, postgres::Asked::catalog, true) != postgres::Consequence::wait) throw;
      spdlog::debug("{}", failed.cause());  // the receiver reports it, and decides
      catalog_.reset();
      not_before = Clock::now() + catalog_retry_wait;
    }
  }
}

void CatalogPoll::connect() {
  if (!catalog_) {
    catalog_ = postgres::open_checked(options_.conninfo, postgres::ConnectionUse::catalog, options_.server);
  } else {
    // The stream may have gone to another server since.
    options_.server->check(*catalog_, postgres::ConnectionUse::catalog);
  }
}

CatalogPoll::Seen CatalogPoll::poll(postgres::KeptPublication& publication, const ColumnSelection& selection) {
  connect();
  statistics_.server_position(catalog_->query("SELECT pg_catalog.pg_current_wal_flush_lsn()").lsn(0, 0));
  auto now = publication.read(*catalog_);
  if (!now) {
    throw Error(ErrorKind::source_not_ready, "publication " + options_.publication + " was dropped",
                "Create it again and start walbrook: its tables are then copied anew.");
  }
  selection.restrict_tables(*now);
  postgres::read_obstacles(*catalog_, now->tables, now->name, now->via_partition_root);
  const Lsn complete_to = now->complete_to;
  const bool changed = !std::ranges::equal(now->tables, seen_.tables, same_table) || now->left_out != seen_.left_out;
  // A table that left is let go once the transactions that were open then have ended (leaving.h).
  if (changed || writers_are_open_) now->moment = postgres::read_moment(*catalog_);
  const bool writers_ended = writers_are_open_ && now->moment.oldest_xid >= seen_.moment.next_xid;
  if (!changed && !writers_ended) return {.complete_to = complete_to, .publication = std::nullopt};
  writers_are_open_ = changed && now->moment.oldest_xid < now->moment.next_xid;
  types_.forget();  // a composite type may have been altered
  describe(now->tables);
  seen_ = *now;
  return {.complete_to = complete_to, .publication = std::move(now)};
}

void CatalogPoll::describe(std::vector<postgres::SourceTable>& tables) {
  if (!options_.describes) return;
  std::unordered_map<Oid, const postgres::SourceTable*> seen;
  for (const auto& table : seen_.tables) seen[table.oid] = &table;
  for (auto& table : tables) {
    const auto before = seen.find(table.oid);
    if (before != seen.end() && same_table(*before->second, table)) table.described = before->second->described;
  }
  postgres::describe_new(*catalog_, tables, types_, options_.limits, [&seen](const postgres::SourceTable& table) {
    if (table.described != nullptr) return false;
    const auto before = seen.find(table.oid);
    return before == seen.end() || before->second->described != nullptr || before->second->name != table.name ||
           before->second->schema != table.schema;
  });
}

// Whether synchronous_standby_names means this run, by its application_name or by '*'. A priority is reported before
// the standby has caught up, and a standby that is only a candidate may be needed at any moment.
void CatalogPoll::look_for_waiting_commits() {
  try {
    if (!catalog_) {
      catalog_ = postgres::open_checked(options_.conninfo, postgres::ConnectionUse::catalog, options_.server);
    }
    const auto rows = catalog_->query(
        "SELECT r.sync_priority > 0 FROM pg_catalog.pg_replication_slots s "
        "JOIN pg_catalog.pg_stat_replication r ON r.pid = s.active_pid WHERE s.slot_name = $1",
        {options_.slot}, "asking for synchronous standbys");
    commits_wait_ = rows.size() > 0 && rows.boolean(0, 0);
  } catch (const Error& failed) {
    spdlog::debug("{}", failed.cause());
    catalog_.reset();
  }
}

}  // namespace walbrook::replication

#include "replication/setup/made_in_source.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/fault.h"
#include "base/publication_list.h"
#include "postgres/catalog/ddl_trigger.h"
#include "postgres/publication/keyless.h"
#include "postgres/publication/own_publication.h"
#include "postgres/publication/publication.h"
#include "postgres/publication/publication_age.h"
#include "postgres/slot/ddl_trigger_setup.h"

namespace walbrook::replication {
namespace {

// Whether a publication is in both lists. Only the first run of a pipeline creates one, so what the pipeline created
// stays its own when others join the list.
bool share_publication(const std::string& before, const std::string& now) {
  if (before.empty()) return false;
  const auto known = parse_publications(before);
  return std::ranges::any_of(parse_publications(now), [&known](const std::string& name) {
    return std::ranges::find(known, name) != known.end();
  });
}

}  // namespace

MadeInSource::MadeInSource(const RunOptions& options, postgres::Connection& catalog,
                           destination::Destination& destination, const destination::State& state,
                           const destination::Checkpoint& claim, postgres::KnownServer& server, RunObserver& observer,
                           const std::stop_token& stop)
    : options_(options), catalog_(catalog) {
  if (!knows_slot(state.checkpoint, options.slot) && !postgres::read_slot(catalog, options.slot)) {
    claim_.emplace(destination, state, claim);
  }
  try {
    find_or_create_publication(observer);
    find_or_create_keyless(observer);
    find_or_create_ddl_trigger(server, observer, stop);
    find_or_create_slot(server, observer, stop);
    leave_younger_keyless();
  } catch (...) {
    take_back();
    throw;
  }
}

MadeInSource::~MadeInSource() {
  if (!kept_) take_back();
}

void MadeInSource::find_or_create_publication(RunObserver& observer) {
  if (auto found = postgres::read_publication(catalog_, options_.publication)) {
    publication_ = *std::move(found);
    return;
  }
  const auto names = parse_publications(options_.publication);
  if (names.size() > 1) {  // the preflight found them
    throw Error(ErrorKind::source_not_ready,
                fmt::format("one of the {} was dropped meanwhile", named_publications(names)));
  }
  postgres::create_publication(catalog_, names.front(), options_.schema, options_.tables);
  publication_created_ = true;
  auto created = postgres::read_publication(catalog_, options_.publication);
  if (!created) {
    throw Error(ErrorKind::source_not_ready,
                "publication " + names.front() + " was dropped right after it was created");
  }
  publication_ = *std::move(created);
  observer.prepared(fmt::format("publication {} created for {} table{}", names.front(), publication_.tables.size(),
                                publication_.tables.size() == 1 ? "" : "s"));
}

void MadeInSource::find_or_create_keyless(RunObserver& observer) {
  if (options_.keyless != Keyless::inserts) return;
  keyless_ = postgres::find_keyless_publication(catalog_, options_.publication);
  if (!keyless_.empty()) return;
  for (const auto& name : parse_publications(options_.publication)) {
    if (!postgres::is_own_publication(catalog_, name)) continue;
    postgres::create_keyless_publication(catalog_, name);
    keyless_created_ = true;
    keyless_ = postgres::keyless_name(name);
    return observer.prepared(fmt::format("publication {} created for tables without replica identity", keyless_));
  }
}

void MadeInSource::find_or_create_ddl_trigger(postgres::KnownServer& server, RunObserver& observer,
                                              const std::stop_token& stop) {
  if (!options_.ddl_trigger) return;
  // Those that this run creates are dropped again if it fails while they are pending, too.
  ddl_trigger_created_ = postgres::read_ddl_trigger(catalog_) == postgres::DdlTriggerState::none;
  const auto made = postgres::make_ddl_trigger(catalog_, options_.conninfo, server, creation_wait(observer), stop);
  if (made == postgres::MadeDdlTrigger::nothing) return;
  observer.prepared("event triggers created for tables that are altered");
}

postgres::SlotWait MadeInSource::creation_wait(RunObserver& observer) const {
  return {.report = [&observer](const auto& writers) { observer.waiting_for(writers); },
          .longest = options_.follow ? milliseconds(0) : options_.snapshot_wait};
}

// A slot that was there before may still send changes from before the publication was created.
void MadeInSource::leave_younger_keyless() {
  if (keyless_.empty() || slot_.created) return;
  if (postgres::publications_younger_than_slot(catalog_, {keyless_}, options_.slot).empty()) return;
  spdlog::warn(
      "publication {} was created after changes that slot {} has yet to send: this run applies them, and leaves tables "
      "without replica identity out; the next run replicates them",
      keyless_, options_.slot);
  keyless_.clear();
}

void MadeInSource::find_or_create_slot(postgres::KnownServer& server, RunObserver& observer,
                                       const std::stop_token& stop) {
  if (const auto slot = postgres::read_slot(catalog_, options_.slot)) {
    slot_ = {.lsn = slot->confirmed_flush_lsn, .two_phase = slot->two_phase};
    if (options_.failover && !slot->failover) make_failover(server, observer, stop);
    return;
  }
  auto replication = postgres::open_checked(options_.conninfo, postgres::ConnectionUse::replication, &server);
  const auto created = postgres::create_permanent_slot(
      replication, options_.conninfo,
      {.name = options_.slot, .two_phase = options_.two_phase, .failover = options_.failover}, creation_wait(observer),
      stop);
  slot_ = {.lsn = created.consistent_point, .created = true, .two_phase = options_.two_phase};
  observer.prepared(fmt::format("slot {} created at {}", options_.slot, created.consistent_point.to_string()));
  fault::hit("slot_created");
}

void MadeInSource::make_failover(postgres::KnownServer& server, RunObserver& observer, const std::stop_token& stop) {
  auto replication = postgres::open_checked(options_.conninfo, postgres::ConnectionUse::replication, &server);
  postgres::make_failover_slot(catalog_, replication, options_.slot, options_.slot_timeout, stop);
  observer.prepared(fmt::format("slot {} is a failover slot now", options_.slot));
}

void MadeInSource::note_makers(const std::optional<destination::Checkpoint>& before,
                               destination::Checkpoint& checkpoint) const {
  const auto others = options_.adoption == Adoption::of_same_owner ? std::nullopt : std::optional(false);
  const bool same_publication = before && share_publication(before->publication, options_.publication);
  if (slot_.created || !knows_slot(before, options_.slot)) {
    checkpoint.made_slot = slot_.created ? std::optional(true) : others;
  }
  if (publication_created_ || !same_publication) {
    checkpoint.made_publication = publication_created_ ? std::optional(true) : others;
  }
}

void MadeInSource::keep() {
  kept_ = true;
  if (claim_) claim_->keep();
}

// Drops the slot first: a claim without a slot is harmless, but a slot without a claim belongs to nobody. Uses its own
// connection, which the stop of the run does not end.
void MadeInSource::take_back() noexcept {
  if (!slot_.created && !publication_created_ && !keyless_created_ && !ddl_trigger_created_) return;
  try {
    // A stop is answered within two seconds; a run that failed can wait for a busy server.
    const bool is_stopped = options_.conninfo.options().stop.stop_requested();
    const milliseconds longest_silence{is_stopped ? 1'000 : 10'000};
    const postgres::Endpoint place(options_.conninfo.conninfo(),
                                   {.network_timeout = longest_silence, .looks_twice = false});
    auto catalog = postgres::Connection::open(place, postgres::ConnectionUse::catalog);
    if (slot_.created) postgres::drop_slot(catalog, options_.slot);
    if (publication_created_) {
      postgres::drop_own_publication(catalog, parse_publications(options_.publication).front());
    }
    if (keyless_created_) postgres::drop_keyless_publication(catalog, options_.publication);
    if (ddl_trigger_created_) postgres::drop_ddl_trigger(catalog);
  } catch (const std::exception& failed) {
    spdlog::warn("what this run created in the source could not be dropped: {}", failed.what());
    if (claim_) claim_->keep();  // the next run continues with what remains
  }
  slot_.created = false;
  publication_created_ = false;
  keyless_created_ = false;
  ddl_trigger_created_ = false;
}

}  // namespace walbrook::replication

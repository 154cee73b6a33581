#include "replication/setup/drop.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/publication_list.h"
#include "postgres/catalog/catalog.h"
#include "postgres/catalog/ddl_trigger.h"
#include "postgres/connection/server_identity.h"
#include "postgres/publication/keyless.h"
#include "postgres/publication/own_publication.h"
#include "replication/setup/slot_claim.h"

namespace walbrook::replication {

InSource find_in_source(postgres::Connection& catalog, const std::string& conninfo, const SourceNames& names,
                        const destination::Checkpoint& checkpoint) {
  auto replication = postgres::Connection::open(conninfo, postgres::ConnectionUse::replication);
  const auto server = postgres::identify(replication);
  if (!checkpoint.systemid.empty() && server.systemid != checkpoint.systemid) {
    throw Error(
        ErrorKind::source_not_ready,
        fmt::format("{} is another cluster than the one that was copied (system identifier {}, the replica's is "
                    "{})",
                    catalog.where(), server.systemid, checkpoint.systemid),
        remedy("Name the right source with {}; if it no longer exists: {}.", RemedyOption::source,
               RemedyOption::destination_only));
  }
  const auto slot = postgres::read_slot(catalog, names.slot);
  if (slot && (slot->plugin != "pgoutput" || slot->database != catalog.database())) {
    throw Error(ErrorKind::source_not_ready,
                fmt::format("slot {} of {} is not this pipeline's: plugin \"{}\", database \"{}\"", names.slot,
                            catalog.where(), slot->plugin, slot->database),
                remedy("Name the right source with {}, or leave the source alone: {}.", RemedyOption::source,
                       RemedyOption::destination_only));
  }
  InSource found{.slot = slot.has_value(),
                 .own = {},
                 .of_others = {},
                 .of_other_pipelines = {},
                 .ddl_trigger = postgres::has_unused_ddl_trigger(catalog, names.slot)};
  if (names.publication.empty()) return found;
  const auto named = parse_publications(names.publication);
  const auto missing = postgres::missing_publications(catalog, named);
  for (const auto& name : named) {
    if (std::ranges::find(missing, name) != missing.end()) continue;
    (postgres::is_own_publication(catalog, name) ? found.own : found.of_others).push_back(name);
  }
  // A pipeline creates one publication. Of several, it is not known which.
  if (found.own.size() > 1 || !checkpoint.made_publication.value_or(true)) found.own.swap(found.of_other_pipelines);
  if (found.own.empty()) return found;
  if (auto keyless = postgres::find_keyless_publication(catalog, publication_list(found.own)); !keyless.empty()) {
    found.own.push_back(std::move(keyless));
  }
  return found;
}

std::vector<std::string> made_by_others(postgres::Connection& catalog, const SourceNames& names,
                                        const std::optional<destination::Checkpoint>& checkpoint) {
  std::vector<std::string> found;
  // In another cluster, nothing with these names is what the checkpoint means.
  const bool same_cluster = checkpoint && (checkpoint->systemid.empty() ||
                                           checkpoint->systemid == postgres::identify_by_query(catalog).systemid);
  const bool own_slot = same_cluster && knows_slot(checkpoint, names.slot) && checkpoint->made_slot.value_or(true);
  if (!own_slot && postgres::read_slot(catalog, names.slot)) found.push_back("slot " + names.slot);
  const bool named = same_cluster && checkpoint->publication == names.publication;
  const bool own_publication = named && checkpoint->made_publication.value_or(true);
  const auto publications = parse_publications(names.publication);
  if (!own_publication && publications.size() == 1 && postgres::is_own_publication(catalog, publications.front())) {
    found.push_back("publication " + publications.front());
  }
  return found;
}

void drop_in_source(postgres::Connection& catalog, const SourceNames& names) {
  if (postgres::read_slot(catalog, names.slot)) postgres::drop_slot(catalog, names.slot);
  if (postgres::has_unused_ddl_trigger(catalog, names.slot)) postgres::drop_ddl_trigger(catalog);
  if (names.publication.empty() || postgres::is_standby(catalog)) return;
  postgres::drop_keyless_publication(catalog, names.publication);
  for (const auto& name : parse_publications(names.publication)) postgres::drop_own_publication(catalog, name);
}

void drop_pipeline(postgres::Connection& catalog, const SourceNames& names, destination::Destination& destination) {
  drop_in_source(catalog, names);
  destination.drop(destination::DropScope::pipeline);
}

}  // namespace walbrook::replication

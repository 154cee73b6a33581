#include "replication/setup/drop.h"

#include <fmt/format.h>

#include "postgres/connection/server_identity.h"
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
  const bool there =
      !names.publication.empty() &&
      catalog.query("SELECT 1 FROM pg_catalog.pg_publication WHERE pubname = $1", {names.publication}).size() > 0;
  const bool of_walbrook = there && postgres::is_own_publication(catalog, names.publication);
  return {.slot = slot.has_value(),
          .publication = there,
          .of_walbrook = of_walbrook,
          .own_publication = of_walbrook && checkpoint.made_publication.value_or(true)};
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
  if (!own_publication && postgres::is_own_publication(catalog, names.publication)) {
    found.push_back("publication " + names.publication);
  }
  return found;
}

void drop_in_source(postgres::Connection& catalog, const SourceNames& names) {
  if (postgres::read_slot(catalog, names.slot)) postgres::drop_slot(catalog, names.slot);
  if (!postgres::is_standby(catalog)) postgres::drop_own_publication(catalog, names.publication);
}

void drop_pipeline(postgres::Connection& catalog, const SourceNames& names, destination::Destination& destination) {
  drop_in_source(catalog, names);
  destination.drop(destination::DropScope::pipeline);
}

}  // namespace walbrook::replication

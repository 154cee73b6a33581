#include "pipeline/drop.h"

#include <fmt/format.h>

#include "source/own_publication.h"

namespace walbrook::pipeline {

InSource find_in_source(source::Connection& catalog, const std::string& conninfo, const SourceNames& names,
                        const destination::Checkpoint& checkpoint) {
  auto replication = source::Connection::open(conninfo, source::ConnectionUse::replication);
  const auto server = source::identify(replication);
  if (!checkpoint.systemid.empty() && server.systemid != checkpoint.systemid) {
    throw Error(ErrorKind::source_not_ready,
                fmt::format("{} is another cluster than the one that was copied (system identifier {}, the copy's is "
                            "{})",
                            catalog.where(), server.systemid, checkpoint.systemid),
                "Name the right source with --source; where it is gone for good: --destination-only.");
  }
  const auto slot = source::read_slot(catalog, names.slot);
  if (slot && (slot->plugin != "pgoutput" || slot->database != catalog.database())) {
    throw Error(ErrorKind::source_not_ready,
                fmt::format("slot {} of {} is not this pipeline's: plugin \"{}\", database \"{}\"", names.slot,
                            catalog.where(), slot->plugin, slot->database),
                "Name the right source with --source, or leave the source alone: --destination-only.");
  }
  const bool there =
      !names.publication.empty() &&
      catalog.query("SELECT 1 FROM pg_catalog.pg_publication WHERE pubname = $1", {names.publication}).size() > 0;
  return {.slot = slot.has_value(),
          .publication = there,
          .own_publication = there && source::is_own_publication(catalog, names.publication)};
}

void drop_in_source(source::Connection& catalog, const SourceNames& names) {
  if (source::read_slot(catalog, names.slot)) source::drop_slot(catalog, names.slot);
  source::drop_own_publication(catalog, names.publication);
}

void drop_pipeline(source::Connection& catalog, const SourceNames& names, destination::Destination& destination) {
  drop_in_source(catalog, names);
  destination.reset();
}

}  // namespace walbrook::pipeline

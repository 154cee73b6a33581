#include "cli/commands/check.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include "cli/commands/destination_access.h"
#include "cli/commands/findings_text.h"
#include "cli/commands/source_names.h"
#include "cli/terminal.h"
#include "replication/setup/prepare.h"
#include "replication/setup/slot_claim.h"

namespace walbrook::cli {

int check_command(const CommandLine& given) {
  auto line = given;
  take_source_names(line);
  auto destination = check_destination(line);
  postgres::PreflightRequest request{.conninfo = line.run.conninfo,
                                     .publication = line.run.publication,
                                     .keyless = line.run.keyless == replication::Keyless::inserts,
                                     .slot = line.run.slot,
                                     .schema = line.run.schema,
                                     .tables = line.run.tables,
                                     .snapshot = line.run.snapshot,
                                     .standby = line.run.standby,
                                     .failover = line.run.failover,
                                     .ddl_trigger = line.run.ddl_trigger,
                                     .counts_unsent = true};
  // If the destination cannot be read, it is unknown which slots belong to it.
  const bool is_read = !postgres::first_error(destination.findings);
  request.slot_is_foreign = is_read && !destination.is_held && line.run.adoption == replication::Adoption::refuse &&
                            !replication::knows_slot(destination.checkpoint, line.run.slot);
  replication::note_known_tables(destination.tables, request);
  if (destination.checkpoint) {
    request.known_publication = destination.checkpoint->publication;
    request.checkpoint = destination.checkpoint->lsn;
    request.systemid = destination.checkpoint->systemid;
    request.timeline = destination.checkpoint->timeline;
  }
  if (const auto* types = destination.with_types.get()) {
    request.destination_types = {.destination = types->name(),
                                 .values = types->capabilities().values,
                                 .missing = [types](const PhysicalType& type) { return types->missing_type(type); }};
  }
  auto findings = postgres::preflight(request);
  findings.insert(findings.end(), destination.findings.begin(), destination.findings.end());
  write_result(line.json ? findings_json(findings) : findings_text(findings, wants_colour(STDOUT_FILENO)));
  if (const auto error = postgres::first_error(findings)) return exit_code(error->kind());
  return postgres::concerns_tables(findings) ? exit_code(ErrorKind::data) : 0;  // as a run would exit
}

}  // namespace walbrook::cli

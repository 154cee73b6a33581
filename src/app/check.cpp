// walbrook check: everything that would make a run fail, with its mend.
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/destination_access.h"
#include "app/findings_text.h"
#include "app/source_names.h"
#include "app/terminal.h"
#include "pipeline/prepare.h"
#include "pipeline/slot_claim.h"

namespace walbrook::app {

int check_command(const CommandLine& given) {
  auto line = given;
  take_source_names(line);
  auto destination = check_destination(line);
  source::PreflightRequest request{.conninfo = line.run.conninfo,
                                   .publication = line.run.publication,
                                   .slot = line.run.slot,
                                   .schema = line.run.schema,
                                   .tables = line.run.tables,
                                   .snapshot = line.run.snapshot};
  // Of a destination that cannot be read it is not known which slots are its own.
  const bool is_read = !source::first_error(destination.findings);
  request.slot_is_foreign = is_read && !destination.is_held && line.run.adoption == pipeline::Adoption::refuse &&
                            !pipeline::knows_slot(destination.checkpoint, line.run.slot);
  pipeline::note_known_tables(destination.tables, request);
  if (destination.checkpoint) {
    request.known_publication = destination.checkpoint->publication;
    request.checkpoint = destination.checkpoint->lsn;
    request.systemid = destination.checkpoint->systemid;
    request.timeline = destination.checkpoint->timeline;
  }
  auto findings = source::preflight(request);
  findings.insert(findings.end(), destination.findings.begin(), destination.findings.end());
  write_result(line.json ? findings_json(findings) : findings_text(findings, wants_colour(STDOUT_FILENO)));
  if (const auto error = source::first_error(findings)) return exit_code(error->kind());
  return source::concerns_tables(findings) ? exit_code(ErrorKind::data) : 0;  // as a run would end
}

}  // namespace walbrook::app

// walbrook check: everything that would make a run fail, with its mend.
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/destination_access.h"
#include "app/findings_text.h"
#include "app/terminal.h"

namespace walbrook::app {

int check_command(const CommandLine& given) {
  auto line = given;
  auto destination = check_destination(line);
  source::PreflightRequest request{.conninfo = line.run.conninfo,
                                   .publication = line.run.publication,
                                   .slot = line.run.slot,
                                   .schema = line.run.schema,
                                   .tables = line.run.tables,
                                   .snapshot = line.run.snapshot};
  if (destination.checkpoint) {
    request.checkpoint = destination.checkpoint->lsn;
    request.systemid = destination.checkpoint->systemid;
    request.timeline = destination.checkpoint->timeline;
  }
  auto findings = source::preflight(request);
  findings.insert(findings.end(), destination.findings.begin(), destination.findings.end());
  write_result(line.json ? findings_json(findings) : findings_text(findings, wants_colour(STDOUT_FILENO)));
  const auto error = source::first_error(findings);
  return error ? exit_code(error->kind()) : 0;
}

}  // namespace walbrook::app

#include "destination/destination.h"

#include <fmt/format.h>

#include "base/remedy.h"

namespace walbrook::destination {

CommitWasDurable::CommitWasDurable(const std::string& destination, Lsn checkpoint)
    : DestinationOutdated(ErrorKind::destination,
                          fmt::format("{}: a load whose commit failed turned out to be durable (checkpoint {})",
                                      destination, checkpoint.to_string()),
                          walbrook::remedy("Nothing is lost: {}, it continues from there.", RemedyAction::run_again)) {}

WrittenByAnother::WrittenByAnother(const std::string& destination, Lsn checkpoint)
    : DestinationOutdated(
          ErrorKind::destination,
          fmt::format("{}: another walbrook has written this pipeline meanwhile (checkpoint {})", destination,
                      checkpoint.to_string()),
          walbrook::remedy("Nothing is lost: if the other one has ended, {}.", RemedyAction::run_again)) {}

TypeWasAltered::TypeWasAltered(const Error& refused)
    : DestinationOutdated(ErrorKind::destination,
                          refused.cause() + "; the type was altered in the source since this run began",
                          walbrook::remedy("Nothing is lost: {}, which alters the destination's type as well.",
                                           RemedyAction::run_again),
                          refused.facts()) {}

}  // namespace walbrook::destination

#include "destination/destination.h"

#include <fmt/format.h>

#include "base/remedy.h"

namespace walbrook::destination {

CommitWasDurable::CommitWasDurable(const std::string& destination, Lsn checkpoint)
    : Error(ErrorKind::destination,
            fmt::format("{}: a load whose commit failed turned out to be durable (checkpoint {})", destination,
                        checkpoint.to_string()),
            walbrook::remedy("Nothing is lost: {}, it continues from there.", RemedyAction::run_again)) {}

}  // namespace walbrook::destination

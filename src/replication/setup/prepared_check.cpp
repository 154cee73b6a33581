#include "replication/setup/prepared_check.h"

#include <fmt/format.h>

#include "base/error.h"

namespace walbrook::replication {

void check_keeps_prepared(bool wanted, const std::optional<postgres::SlotState>& slot,
                          const destination::Capabilities& capabilities, const std::string& name) {
  const bool decodes_prepared = slot && slot->two_phase;
  if ((!wanted && !decodes_prepared) || capabilities.keeps_prepared) return;
  throw Error(
      ErrorKind::configuration,
      fmt::format("prepared transactions cannot wait in {}, and the server sends them once", name),
      decodes_prepared ? "Use a slot without two_phase." : "Have them sent with their commit, without two-phase.");
}

}  // namespace walbrook::replication

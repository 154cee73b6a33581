#include "postgres/stream/protocol_choice.h"

#include <fmt/format.h>

#include "postgres/protocol/message.h"

namespace walbrook::postgres {

int choose_protocol(const Connection& connection, int asked) {
  const int newest = newest_protocol_of(connection.server_version());
  if (asked == 0) return newest;
  if (asked <= newest) return asked;
  throw Error(ErrorKind::configuration,
              fmt::format("{} has no protocol version {}: its newest is {}", connection.where(), asked, newest),
              remedy("Ask for {} or leave it out.", SetOption{RemedyOption::protocol, std::to_string(newest)}));
}

void check_carries_prepared(const std::optional<SlotState>& slot, int protocol) {
  if (!slot || !slot->two_phase || protocol >= first_protocol_of_prepared) return;
  throw Error(ErrorKind::source_not_ready,
              fmt::format("slot {} has two_phase: it sends prepared transactions, which protocol version {} lacks",
                          slot->name, protocol),
              remedy("Ask for {} or leave it out.",
                     SetOption{RemedyOption::protocol, std::to_string(first_protocol_of_prepared)}));
}

}  // namespace walbrook::postgres

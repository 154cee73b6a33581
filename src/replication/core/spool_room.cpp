#include "replication/core/spool_room.h"

#include <fmt/format.h>

#include "base/error.h"

namespace walbrook::replication {

OutputId copy_to_give_up(const Spool& spool, const SpoolFull& full) {
  const bool of_transaction = full.key().kind == SpoolKey::Kind::transaction;
  std::uint64_t of_transactions = of_transaction ? full.bytes() : 0;
  auto largest = full.key();  // if an output's first bytes do not fit, the spool has no key of it
  std::uint64_t most = 0;
  for (const auto& [key, bytes] : spool.keys()) {
    if (key.kind == SpoolKey::Kind::transaction) {
      of_transactions += bytes;
    } else if (bytes > most) {
      largest = key;
      most = bytes;
    }
  }
  if (largest.kind == SpoolKey::Kind::transaction || (of_transaction && of_transactions > spool.capacity())) {
    throw Error(ErrorKind::data,
                fmt::format("transaction {} is open and does not fit: {}", full.key().id, full.cause()),
                remedy("Give the spool more room ({}, {}), or end the transaction at the source.",
                       RemedyOption::max_spool_size, RemedyOption::spool_dir));
  }
  return OutputId{largest.id};
}

void discard_needless(Spool& spool, TableSync& sync) {
  for (const auto& [key, bytes] : spool.keys()) {
    if (key.kind != SpoolKey::Kind::output) continue;
    const auto* output = sync.find(OutputId{key.id}).output;
    if (output == nullptr || !needs_spooled(*output)) spool.discard(key);
  }
}

}  // namespace walbrook::replication

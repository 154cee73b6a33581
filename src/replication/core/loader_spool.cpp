// What the loader does with the spool: parts of open transactions go there, and where it is full the largest copy is
// given up.
#include <fmt/format.h>

#include <algorithm>

#include "base/fault.h"
#include "model/part_codec.h"
#include "replication/core/loader.h"

namespace walbrook::replication {

void Loader::spool(const LoadPackage& package) {
  const auto addition = destination_.begin({});  // before the rows' own transaction, which applies them from the spool
  alter_targets(*addition, package);
  addition->commit();
  const auto bytes = write_part(package.transactions, package.steps);
  fault::hit("before_spool");
  spool_.put(transaction_key(package.staged_xid), {}, bytes);  // the last step: what is tried again has put nothing
}

void Loader::make_room(const SpoolFull& full, std::stop_token stop) {
  const bool of_transaction = full.key().kind == SpoolKey::Kind::transaction;
  std::uint64_t of_transactions = of_transaction ? full.bytes() : 0;
  auto largest = full.key();  // of a table that is refused at once nothing is there yet
  std::uint64_t most = 0;
  for (const auto& [key, bytes] : spool_.keys()) {
    if (key.kind == SpoolKey::Kind::transaction) {
      of_transactions += bytes;
    } else if (bytes > most) {
      largest = key;
      most = bytes;
    }
  }
  if (largest.kind == SpoolKey::Kind::transaction || (of_transaction && of_transactions > spool_.capacity())) {
    throw Error(ErrorKind::data,
                fmt::format("transaction {} is open and does not fit: {}", full.key().id, full.cause()),
                remedy("Give the spool more room ({}, {}), or end the transaction at the source.",
                       RemedyOption::max_spool_size, RemedyOption::spool_dir));
  }
  postpone(*sync_.find(largest.id), {.reason = "its copy was given up: " + full.cause(), .remedy = full.remedy()},
           stop);
}

void Loader::discard_needless() {
  for (const auto& [key, bytes] : spool_.keys()) {
    if (key.kind != SpoolKey::Kind::table) continue;
    const auto* table = sync_.find(key.id);
    if (table == nullptr || table->record.state != TableState::copying) spool_.discard(key);
  }
}

}  // namespace walbrook::replication

// The spool: where changes wait that cannot be applied yet. Changes of an open transaction wait for its commit; changes
// of an output that is being copied wait until its copy is whole.
//
// The spool need not be durable. An open transaction comes again after a crash, since its commit was not confirmed. The
// changes of a copying output do not come again once the checkpoint has passed them; the output is copied again
// instead. Three rules make that safe:
//   1. The state `copying` is durable before the first load whose checkpoint passes a spooled change of that output.
//      The next run then copies the output again, under a snapshot that holds the change.
//   2. Changes that come again replace themselves. A load that fails is applied once more from its first commit, and
//      after a reconnect the stream comes again from the checkpoint; `discard_from` drops what was spooled from there
//      on, and it is put again. The bytes of a transaction are dropped as a whole when the stream is opened again.
//   3. An output leaves `copying` for `streaming` only in the load that swaps its copy in and applies its spooled
//      changes. They are discarded after that load is durable, so that the load can be tried again.
//
// One interleaving of rule 2: a load of commits 0/50 to 0/90 spools two batches of output t and fails at its commit.
// The loader calls discard_from(0/50) and applies the load again: the same two batches are put, and t has each change
// once.
//
// Threads: the loader's alone.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/lsn.h"
#include "destination/state.h"

namespace walbrook::replication {

// Names whose changes wait.
struct SpoolKey {
  enum class Kind : std::uint8_t {
    transaction,  // an open transaction
    output,       // an output that is being copied
  } kind = Kind::transaction;
  std::uint32_t id = 0;  // the transaction's top-level xid, or the id of the output
  friend auto operator<=>(const SpoolKey&, const SpoolKey&) = default;
};
[[nodiscard]] inline SpoolKey transaction_key(std::uint32_t xid) {
  return {.kind = SpoolKey::Kind::transaction, .id = xid};
}
[[nodiscard]] inline SpoolKey output_key(destination::OutputId output) {
  return {.kind = SpoolKey::Kind::output, .id = output.value};
}

// Bytes that were to be put do not fit: they exceed the capacity, or the disk is full. The spool is as it was before
// the put; discarding another key makes room.
class SpoolFull final : public Error {
 public:
  SpoolFull(std::string cause, const SpoolKey& key, std::uint64_t bytes)
      : Error(ErrorKind::data, std::move(cause),
              walbrook::remedy("Give the spool more room: {}, {}.", RemedyOption::max_spool_size,
                               RemedyOption::spool_dir)),
        key_(key),
        bytes_(bytes) {}
  [[nodiscard]] const SpoolKey& key() const { return key_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }  // bytes that were to be put

 private:
  SpoolKey key_;
  std::uint64_t bytes_;
};

class Spool {
 public:
  Spool() = default;
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  virtual ~Spool() = default;

  // Adds bytes after those that the key has. `first_commit` is the first commit of the load that spools them, by which
  // discard_from finds them; unset for a transaction. Throws SpoolFull; Error(destination) if the file cannot be
  // written. REQUIRES: for an output, `first_commit` is not below that of any earlier put.
  virtual void put(const SpoolKey& key, Lsn first_commit, std::string_view bytes) = 0;
  // Calls `sink` with the bytes of each put, in their order. The view is valid until `sink` returns. `sink` may put
  // under other keys; it must not discard.
  virtual void for_each(const SpoolKey& key, const std::function<void(std::string_view)>& sink) = 0;

  // Discards everything under the key. The room is free when it returns.
  virtual void discard(const SpoolKey& key) = 0;
  // Discards everything of all transactions.
  virtual void discard_transactions() = 0;
  // Discards, for every output, what was put with this first_commit or a later one.
  virtual void discard_from(Lsn first_commit) = 0;

  // Bytes that were put and not discarded: the total, and for each key that has any.
  [[nodiscard]] virtual std::uint64_t bytes() const = 0;
  [[nodiscard]] virtual std::vector<std::pair<SpoolKey, std::uint64_t>> keys() const = 0;
  // The most bytes that fit.
  [[nodiscard]] virtual std::uint64_t capacity() const = 0;
};

}  // namespace walbrook::replication

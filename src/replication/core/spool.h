// The spool: where changes wait that cannot be applied yet. Those of an open transaction wait for its commit, those of
// an output that is being copied wait until its copy is whole.
//
// It need not be durable. An open transaction comes again after a crash, since its commit was not confirmed. The
// changes of a copying output do not come again once the checkpoint has passed them; its copy starts over. Three rules
// make that safe:
//   1. The state `copying` is durable before the first load whose checkpoint passes a spooled change of that output.
//   The
//      next run then copies it again, under a snapshot that holds the change.
//   2. What comes again replaces itself. A load that fails is applied once more from the commit with which it begins,
//      and so is the stream after a reconnect; `discard_from` drops what was spooled of it, and it is put again. Bytes
//      of a transaction are dropped as a whole when the stream is opened again.
//   3. An output leaves `copying` for `streaming` only in the load that swaps its copy in and applies its spooled
//   changes.
//      They are discarded after that load is durable, so that it can be tried again.
//
// One interleaving of rule 2: a load of commits 0/50 to 0/90 spools two batches of output t and fails at its commit.
// The loader calls discard_from(0/50) and applies it again: the same two batches are put, and t has each change once.
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

// Whose changes wait.
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

// There is no room for bytes that were to be put: they exceed the capacity, or the disk is full. The spool is as it was
// before; discarding another key makes room.
class SpoolFull final : public Error {
 public:
  SpoolFull(std::string cause, const SpoolKey& key, std::uint64_t bytes)
      : Error(ErrorKind::data, std::move(cause),
              walbrook::remedy("Give the spool more room: {}, {}.", RemedyOption::max_spool_size,
                               RemedyOption::spool_dir)),
        key_(key),
        bytes_(bytes) {}
  [[nodiscard]] const SpoolKey& key() const { return key_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }  // that were to be put

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

  // Adds bytes behind those that the key has. `first_commit`: the commit with which the load begins that spools them,
  // by which discard_from finds them; unset for a transaction. Throws SpoolFull; Error(destination) where the file
  // cannot be written.
  // REQUIRES: of an output, `first_commit` is not below that of what was put before.
  virtual void put(const SpoolKey& key, Lsn first_commit, std::string_view bytes) = 0;
  // Calls `sink` with the bytes of each put, in their order. The view ends with the call. `sink` may put under other
  // keys and discards nothing.
  virtual void for_each(const SpoolKey& key, const std::function<void(std::string_view)>& sink) = 0;

  // The room is free again when it returns.
  virtual void discard(const SpoolKey& key) = 0;
  virtual void discard_transactions() = 0;
  // Of every output, what was put with this commit or a later one.
  virtual void discard_from(Lsn first_commit) = 0;

  // Bytes as they were put, in all and under each key that has any.
  [[nodiscard]] virtual std::uint64_t bytes() const = 0;
  [[nodiscard]] virtual std::vector<std::pair<SpoolKey, std::uint64_t>> keys() const = 0;
  // How many bytes fit in at most.
  [[nodiscard]] virtual std::uint64_t capacity() const = 0;
};

}  // namespace walbrook::replication

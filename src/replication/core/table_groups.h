// The table that a relation's changes belong to, itself or its partition root, and the columns by which the rows of
// that table are found. Changes of one table must keep their order even if they come from several leaves. Table sync
// writes it, the assembler's thread reads it; a mutex guards it.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "model/source_type.h"
#include "postgres/catalog/replica_identity.h"

namespace walbrook::replication {

// By table. Tables that are not in it have the identity that the stream announces.
using RowIdentities = std::unordered_map<Oid, postgres::RowIdentity>;

class TableGroups {
 public:
  void set(std::unordered_map<Oid, Oid> groups, RowIdentities identities = {});
  [[nodiscard]] Oid group(Oid relation) const;  // the relation itself if it is in no group
  [[nodiscard]] postgres::RowIdentity identity(Oid table) const;
  // Grows when an identity changes; relations are then described again.
  [[nodiscard]] std::uint64_t identities_version() const { return identities_version_; }

 private:
  mutable std::mutex mutex_;  // guards groups_ and identities_
  std::unordered_map<Oid, Oid> groups_;
  RowIdentities identities_;
  std::atomic<std::uint64_t> identities_version_ = 0;
};

}  // namespace walbrook::replication

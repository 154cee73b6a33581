// Which table of the destination a relation's changes belong to: itself, or its partition root; and by what that
// table's rows are found. Changes of one table must keep their order even where they come from several leaves. Written
// by table sync, read by the assembler's thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "model/source_type.h"
#include "postgres/catalog/replica_identity.h"

namespace walbrook::replication {

// By table; those that are not in it are as announced.
using RowIdentities = std::unordered_map<Oid, postgres::RowIdentity>;

class TableGroups {
 public:
  void set(std::unordered_map<Oid, Oid> groups, RowIdentities identities = {});
  [[nodiscard]] Oid group(Oid relation) const;  // the relation itself when it is in no group
  [[nodiscard]] postgres::RowIdentity identity(Oid table) const;
  // Grows when an identity changes: relations are then described again.
  [[nodiscard]] std::uint64_t identities_version() const { return identities_version_; }

 private:
  mutable std::mutex mutex_;  // guards groups_ and identities_
  std::unordered_map<Oid, Oid> groups_;
  RowIdentities identities_;
  std::atomic<std::uint64_t> identities_version_ = 0;
};

}  // namespace walbrook::replication

// Which table of the destination a relation's changes belong to: itself, or its partition root. Changes of one table
// must keep their order even where they come from several leaves. Written by table sync, read by the assembler's
// thread.
#pragma once

#include <mutex>
#include <unordered_map>

#include "schema/source_type.h"

namespace walbrook::pipeline {

class TableGroups {
 public:
  void set(std::unordered_map<Oid, Oid> groups);
  [[nodiscard]] Oid group(Oid relation) const;  // the relation itself when it is in no group

 private:
  mutable std::mutex mutex_;  // guards groups_
  std::unordered_map<Oid, Oid> groups_;
};

}  // namespace walbrook::pipeline

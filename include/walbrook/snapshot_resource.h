// A table's initial load.
#pragma once

#include <memory>
#include <string>

#include "walbrook/export.h"

namespace walbrook {

// What init_replication returns for each table with .persist_snapshots = true. It holds no rows and nothing in the
// source: a pipeline that runs it copies the table as it is then, consistently with its stream of changes. It may be
// run more than once, by several pipelines, and as long as slot and publication are there; to run it in another
// process, call init_replication there in the same way (without .reset).
//
// Copies are cheap and share nothing that changes.
class WALBROOK_EXPORT SnapshotResource {
 public:
  struct Parts;  // the library's own
  explicit SnapshotResource(std::shared_ptr<const Parts> parts);
  ~SnapshotResource();
  SnapshotResource(const SnapshotResource&);
  SnapshotResource& operator=(const SnapshotResource&);
  SnapshotResource(SnapshotResource&&) noexcept;
  SnapshotResource& operator=(SnapshotResource&&) noexcept;

  [[nodiscard]] const std::string& name() const;         // the table's
  [[nodiscard]] const std::string& schema_name() const;  // in the source
  [[nodiscard]] const std::string& slot_name() const;
  [[nodiscard]] const std::string& pub_name() const;
  [[nodiscard]] const Parts& parts() const { return *parts_; }

 private:
  std::shared_ptr<const Parts> parts_;
};

}  // namespace walbrook

// The initial load of a table.
#pragma once

#include <memory>
#include <string>

#include "walbrook/export.h"

namespace walbrook {

// init_replication returns one for each table if .persist_snapshots is true. A resource holds no rows, and nothing in
// the source is kept for it. A pipeline that runs it copies the table as of the time of the run, consistently with its
// stream of changes. It may be run several times and by several pipelines, as long as slot and publication exist. To
// run it in another process, call init_replication there with the same options (without .reset).
//
// Copies of this object are cheap and share only what never changes.
class WALBROOK_EXPORT SnapshotResource {
 public:
  struct Parts;  // internal to the library
  explicit SnapshotResource(std::shared_ptr<const Parts> parts);
  ~SnapshotResource();
  SnapshotResource(const SnapshotResource&);
  SnapshotResource& operator=(const SnapshotResource&);
  SnapshotResource(SnapshotResource&&) noexcept;
  SnapshotResource& operator=(SnapshotResource&&) noexcept;

  [[nodiscard]] const std::string& name() const;         // of the table
  [[nodiscard]] const std::string& schema_name() const;  // of the table, in the source
  [[nodiscard]] const std::string& slot_name() const;
  [[nodiscard]] const std::string& pub_name() const;
  [[nodiscard]] const Parts& parts() const { return *parts_; }

 private:
  std::shared_ptr<const Parts> parts_;
};

}  // namespace walbrook

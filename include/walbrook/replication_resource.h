// The changes of a publication's tables, read from a slot.
//
//   auto changes = walbrook::replication_resource({.slot_name = "shop", .pub_name = "shop"});
//   pipeline.run(changes);   // everything that was committed before this call
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "walbrook/columns.h"
#include "walbrook/credentials.h"
#include "walbrook/export.h"
#include "walbrook/table_names.h"

namespace walbrook {

struct ReplicationResourceOptions {
  std::string slot_name{};
  std::string pub_name{};
  Credentials credentials{};
  IncludeColumns include_columns{};
  TableColumnHints columns{};
  TableNames table_names{};  // absent: all tables of the publication. Changes of others are dropped.
  std::uint32_t target_batch_size = 1000;
  // false: the slot keeps what was read, for as long as nobody reads it with true. What a pipeline has is in its
  // destination, so a later run applies nothing twice either way; but the server holds the write-ahead log.
  bool flush_slot = true;
};

// Copies are cheap and share nothing that changes. Nothing is connected before a pipeline runs it.
class WALBROOK_EXPORT ReplicationResource {
 public:
  struct Parts;  // the library's own
  explicit ReplicationResource(std::shared_ptr<const Parts> parts);
  ~ReplicationResource();
  ReplicationResource(const ReplicationResource&);
  ReplicationResource& operator=(const ReplicationResource&);
  ReplicationResource(ReplicationResource&&) noexcept;
  ReplicationResource& operator=(ReplicationResource&&) noexcept;

  [[nodiscard]] const std::string& name() const;  // "<slot>_<publication>"
  [[nodiscard]] const std::string& slot_name() const;
  [[nodiscard]] const std::string& pub_name() const;
  [[nodiscard]] const Parts& parts() const { return *parts_; }

 private:
  std::shared_ptr<const Parts> parts_;
};

WALBROOK_EXPORT ReplicationResource replication_resource(ReplicationResourceOptions options);

}  // namespace walbrook

// The changes of a publication's tables, read from a replication slot.
//
//   auto changes = walbrook::replication_resource({.slot_name = "shop", .pub_name = "shop"});
//   pipeline.run(changes);   // everything that was committed before this call
//
// Without a pipeline, the changes can be read as Arrow arrays (change_batches.h):
//
//   for (const auto& batch : changes.batches()) …
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "walbrook/change_batches.h"
#include "walbrook/columns.h"
#include "walbrook/credentials.h"
#include "walbrook/export.h"
#include "walbrook/table_names.h"

namespace walbrook {

struct ReplicationResourceOptions {
  std::string slot_name{};
  std::string pub_name{};  // or several publications: "sales,stock"; a name with a comma is put in double quotes
  Credentials credentials{};
  IncludeColumns include_columns{};
  TableColumnOverrides columns{};
  // The tables of the second publication (InitReplicationOptions::keyless_inserts) are read as well, and a pipeline
  // moves tables between the two as they lose or get a replica identity.
  bool keyless_inserts = false;
  TableNames table_names{};                // empty = all tables of the publication; changes of others are dropped
  std::uint32_t target_batch_size = 1000;  // maximum rows of a batch of batches(); a pipeline ignores it
  // With false, the slot keeps its position, and the server retains the write-ahead log until a reader with true has
  // read it. A pipeline stores its position in the destination, so a later run applies nothing twice in either case.
  // batches() then begins with the same change each time.
  bool flush_slot = true;
  // The source may be a standby of PostgreSQL 16 or later. It may also be a primary, for example after a promotion.
  bool standby = false;
};

// Copies are cheap and share only what never changes. Nothing connects before a pipeline runs it or batches() is
// called.
class WALBROOK_EXPORT ReplicationResource {
 public:
  struct Parts;  // internal to the library
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

  // Returns everything that was committed before this call, from the slot's position on, batch by batch. With
  // flush_slot, the slot advances past whole transactions once all of their batches were handed out and the next batch,
  // or the end, was requested. It never passes what the program has not seen, so each change is handed out at least
  // once: a change after which nothing more was requested (because of a `break`, a crash, or a connection that broke
  // after the last change) comes again in the next iteration. At the end, the slot's position is the server's position
  // at the time of this call, even if no change concerned these tables.
  //
  // A slot has one position: a pipeline can no longer read what was iterated with flush_slot, so give each its own
  // slot. Values of composite types are read by the types' current definitions. Throws Error as Pipeline::run does, and
  // Error(source_not_ready) for a slot that decodes prepared transactions (two_phase).
  [[nodiscard]] ChangeBatches batches(std::stop_token stop = {}) const;

 private:
  std::shared_ptr<const Parts> parts_;
};

// Returns a resource with these options. Throws Error(configuration) if an option has a value that is not allowed.
WALBROOK_EXPORT ReplicationResource replication_resource(ReplicationResourceOptions options);

}  // namespace walbrook

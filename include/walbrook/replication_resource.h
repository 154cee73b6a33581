// The changes of a publication's tables, read from a slot.
//
//   auto changes = walbrook::replication_resource({.slot_name = "shop", .pub_name = "shop"});
//   pipeline.run(changes);   // everything that was committed before this call
//
// or, without a pipeline, as Arrow arrays (change_batches.h):
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
  std::string pub_name{};
  Credentials credentials{};
  IncludeColumns include_columns{};
  TableColumnOverrides columns{};
  TableNames table_names{};                // absent: all tables of the publication. Changes of others are dropped.
  std::uint32_t target_batch_size = 1000;  // rows of a batch that is iterated, at most; a pipeline packs by memory
  // false: the slot keeps what was read, for as long as nobody reads it with true. What a pipeline has is in its
  // destination, so a later run applies nothing twice either way; but the server holds the write-ahead log. Batches
  // that are iterated begin with the same change each time.
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

  // Everything that was committed before this call, from the slot's position on, batch by batch. With flush_slot the
  // slot advances past whole transactions of which every batch was handed out and the next one, or the end, was asked
  // for; never past what the program has not seen. So each change is handed out at least once: one that was not asked
  // beyond (a `break`, a crash, a connection that broke behind the last change) comes again with the next iteration. At
  // the end the slot stands where the server stood at this call, also where nothing was of these tables.
  //
  // A slot has one position: what was iterated with flush_slot a pipeline cannot read any more, so give each its own.
  // Values of composite types are read as these types are now. Error: as Pipeline::run; a slot that decodes prepared
  // transactions (two_phase) is Error(source_not_ready).
  [[nodiscard]] ChangeBatches batches(std::stop_token stop = {}) const;

 private:
  std::shared_ptr<const Parts> parts_;
};

WALBROOK_EXPORT ReplicationResource replication_resource(ReplicationResourceOptions options);

}  // namespace walbrook

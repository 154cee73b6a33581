#include "api/resources.h"

#include <utility>

#include "api/source_access.h"
#include "base/publication_list.h"

namespace walbrook {

SnapshotResource::SnapshotResource(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
SnapshotResource::~SnapshotResource() = default;
SnapshotResource::SnapshotResource(const SnapshotResource&) = default;
SnapshotResource& SnapshotResource::operator=(const SnapshotResource&) = default;
SnapshotResource::SnapshotResource(SnapshotResource&&) noexcept = default;
SnapshotResource& SnapshotResource::operator=(SnapshotResource&&) noexcept = default;

const std::string& SnapshotResource::name() const {
  return parts_->table.name;
}
const std::string& SnapshotResource::schema_name() const {
  return parts_->table.schema;
}
const std::string& SnapshotResource::slot_name() const {
  return parts_->slot;
}
const std::string& SnapshotResource::pub_name() const {
  return parts_->publication;
}

ReplicationResource::ReplicationResource(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
ReplicationResource::~ReplicationResource() = default;
ReplicationResource::ReplicationResource(const ReplicationResource&) = default;
ReplicationResource& ReplicationResource::operator=(const ReplicationResource&) = default;
ReplicationResource::ReplicationResource(ReplicationResource&&) noexcept = default;
ReplicationResource& ReplicationResource::operator=(ReplicationResource&&) noexcept = default;

const std::string& ReplicationResource::name() const {
  return parts_->name;
}
const std::string& ReplicationResource::slot_name() const {
  return parts_->slot;
}
const std::string& ReplicationResource::pub_name() const {
  return parts_->publication;
}

ReplicationResource replication_resource(ReplicationResourceOptions options) {
  return api::with_facts({.slot = options.slot_name, .publication = options.pub_name}, [&options] {
    auto publications = publication_list(parse_publications("pub_name", options.pub_name));
    ReplicationResource::Parts parts{.name = options.slot_name + "_" + options.pub_name,
                                     .conninfo = api::connection_string(options.credentials),
                                     .slot = std::move(options.slot_name),
                                     .publication = std::move(publications),
                                     .include_columns = api::parse_included(options.include_columns),
                                     .columns = std::move(options.columns),
                                     .tables = api::parse_exact_names(options.table_names, "table_names"),
                                     .target_batch_size = options.target_batch_size,
                                     .flush_slot = options.flush_slot,
                                     .keyless = api::keyless_of(options.keyless_inserts),
                                     .standby = options.standby};
    return ReplicationResource(std::make_shared<const ReplicationResource::Parts>(std::move(parts)));
  });
}

}  // namespace walbrook

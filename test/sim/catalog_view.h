// What a catalog query of the engine finds in the model server: the publication, its tables and their fingerprints.
#pragma once

#include "postgres/catalog/catalog.h"
#include "test/sim/server.h"

namespace walbrook::sim {

// Returns the publication as of now, without anything that commits later.
[[nodiscard]] postgres::Publication read_publication(const Server& server);

// Returns the snapshot in the form of CatalogSource.
[[nodiscard]] std::string read_snapshot(const Server& server);

// Returns the table's columns as a copy of it has them, which are those that a Relation message would describe.
[[nodiscard]] TableSchemaRef copied_schema(const Shape& shape, const ValueLimits& limits);
// Returns their attnum.
[[nodiscard]] std::vector<std::int32_t> attribute_numbers(const Shape& shape);

}  // namespace walbrook::sim

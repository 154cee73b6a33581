// What a catalog query of the engine finds in the model server: the publication, its tables and their fingerprints.
#pragma once

#include "postgres/catalog/catalog.h"
#include "test/sim/server.h"

namespace walbrook::sim {

// As of now. Nothing that commits later is in it.
[[nodiscard]] postgres::Publication read_publication(const Server& server);

// As CatalogSource has it.
[[nodiscard]] std::string read_snapshot(const Server& server);

// A table's columns as a copy of it has them: what a Relation message would describe.
[[nodiscard]] TableSchemaRef copied_schema(const Shape& shape, const ValueLimits& limits);

}  // namespace walbrook::sim

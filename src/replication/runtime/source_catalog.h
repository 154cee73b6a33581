// The queries of the catalog poll, on its own connection.
#pragma once

#include <optional>
#include <string>

#include "postgres/catalog/catalog_types.h"
#include "postgres/connection/known_server.h"
#include "postgres/publication/kept_publication.h"
#include "replication/core/catalog_poll.h"
#include "replication/core/column_selection.h"
#include "replication/core/statistics.h"

namespace walbrook::replication {

// Used by one thread.
class SourceCatalog final : public CatalogSource {
 public:
  // All are borrowed for the lifetime of the catalog.
  struct Parts {
    const postgres::Endpoint& endpoint;
    postgres::KnownServer& server;  // each connection is compared with it
    postgres::KeptPublication& publication;
    const ColumnSelection& selection;
    postgres::CatalogTypes& types;
    Statistics& statistics;
  };
  // `limits` apply to the types with which tables are described.
  SourceCatalog(const Parts& parts, std::string slot, const ValueLimits& limits)
      : parts_(parts), slot_(std::move(slot)), limits_(limits) {}

  // Also reports the server's position to the statistics.
  [[nodiscard]] std::string read_snapshot() override;
  [[nodiscard]] postgres::Publication read_publication() override;
  [[nodiscard]] postgres::CatalogMoment read_moment() override;
  [[nodiscard]] bool commits_wait() override;
  void forget_types() override { parts_.types.forget(); }
  void describe(std::vector<postgres::SourceTable>& tables,
                const std::function<bool(const postgres::SourceTable&)>& wanted) override;
  void disconnect() override { connection_.reset(); }

 private:
  postgres::Connection& connection();

  Parts parts_;
  std::string slot_;
  ValueLimits limits_;
  std::optional<postgres::Connection> connection_;
  std::uint64_t checked_ = 0;  // version of the known server that the connection was compared with
};

}  // namespace walbrook::replication

// User types, looked up in the catalog with everything that they consist of.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/source_type.h"
#include "postgres/connection/endpoint.h"
#include "postgres/connection/known_server.h"

namespace walbrook::postgres {

// Looks user types up on a connection of its own; answers are kept until `forget`. Safe to call from several threads.
class CatalogTypes : public TypeCatalog {
 public:
  // Borrows `server`, which each connection is compared with; nullptr: none.
  explicit CatalogTypes(Endpoint endpoint, KnownServer* server = nullptr)
      : endpoint_(std::move(endpoint)), server_(server) {}
  [[nodiscard]] SourceType find(Oid oid) override;
  [[nodiscard]] std::uint64_t version() const override { return version_; }
  // The next `find` asks the server again. To be called when a fingerprint has changed: of an altered composite type
  // that is the only sign.
  void forget();

 private:
  // A row of pg_type, and of a composite type its attributes.
  struct Row {
    char kind = 'b';                 // typtype
    char delimiter = ',';            //
    bool is_hstore = false;          //
    Oid inner = 0;                   // of a domain the type under it, of an array the element
    std::int32_t inner_typmod = -1;  // of a domain
    std::string name;
    struct Attribute {
      std::string name;
      Oid type;
      std::int32_t typmod;
    };
    std::vector<Attribute> attributes;
  };
  void look_up(Oid oid);
  // nullopt: it nests too deeply, or has too many parts.
  [[nodiscard]] std::optional<SourceType> build(Oid oid, int depth, int& parts) const;

  Endpoint endpoint_;
  KnownServer* server_;
  std::mutex mutex_;  // guards known_
  std::map<Oid, Row> known_;
  std::atomic<std::uint64_t> version_ = 0;
};

}  // namespace walbrook::postgres

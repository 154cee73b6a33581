// User types, looked up in the catalog together with all their parts.
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

// Looks up user types over its own connection and keeps the answers until `forget`. Safe to call from several threads.
class CatalogTypes : public TypeCatalog {
 public:
  // Borrows `server`, which must outlive this object; each connection is checked against it. nullptr = no check.
  explicit CatalogTypes(Endpoint endpoint, KnownServer* server = nullptr)
      : endpoint_(std::move(endpoint)), server_(server) {}
  [[nodiscard]] SourceType find(Oid oid) override;
  [[nodiscard]] std::uint64_t version() const override { return version_; }
  // Makes the next `find` ask the server again. Call it when a fingerprint has changed, because nothing else reveals
  // that a composite type was altered.
  void forget();

 private:
  // A row of pg_type, and the attributes of a composite type.
  struct Row {
    char kind = 'b';                                           // typtype
    char delimiter = ',';                                      // typdelim
    SourceType::Kind of_extension = SourceType::Kind::scalar;  // other than scalar: a type that its extension made
    Oid inner = 0;                                             // a domain's underlying type, an array's element
    std::int32_t inner_typmod = -1;                            // of a domain; -1 = none
    std::string name;
    struct Attribute {
      std::string name;
      Oid type;
      std::int32_t typmod;
    };
    std::vector<Attribute> attributes;
  };
  void look_up(Oid oid);
  // Returns nullopt if the type nests too deeply or has too many parts.
  [[nodiscard]] std::optional<SourceType> build(Oid oid, int depth, int& parts) const;

  Endpoint endpoint_;
  KnownServer* server_;
  std::mutex mutex_;  // guards known_
  std::map<Oid, Row> known_;
  std::atomic<std::uint64_t> version_ = 0;
};

}  // namespace walbrook::postgres

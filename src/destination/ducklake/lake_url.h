// Where a lake is: what the URL of its destination says.
//
//   ducklake:shop.ducklake?data_path=lake            the catalog is a DuckDB file
//   ducklake:sqlite:shop.sqlite?data_path=lake       … a SQLite file
//   ducklake:postgres:dbname=lake host=db?data_path=s3://bucket/lake   … a PostgreSQL database
//
// What stands between "ducklake:" and the last "?data_path=" is the catalog, as DuckDB's ATTACH takes it after
// "ducklake:". It may hold "?" and spaces itself. The options of a bucket follow the data path, as in
// "?data_path=s3://bucket/lake?endpoint=127.0.0.1:9000&use_ssl=false".
#pragma once

#include <cstdint>
#include <string>

#include "destination/duckdb/bucket_access.h"

namespace walbrook::destination::ducklake {

enum class CatalogKind : std::uint8_t {
  file,      // a DuckDB file: one process at a time
  sqlite,    // several processes of one machine
  postgres,  // any number of processes
};

struct LakeUrl {
  CatalogKind kind = CatalogKind::file;
  std::string catalog;       // as ATTACH takes it, with an absolute path and with passwords
  std::string catalog_file;  // its absolute path; "" for a server
  std::string data_path;     // an absolute folder, or "s3://bucket/prefix"; "" = the one that the catalog names
  bool in_bucket = false;
  duckdb::BucketAccess access{};
  std::string label;  // the catalog for people, without passwords: "ducklake:shop.ducklake"
};

// Throws Error(configuration), without passwords, for a URL that cannot be used.
[[nodiscard]] LakeUrl parse_lake_url(const std::string& url);

}  // namespace walbrook::destination::ducklake

// Where the files of a destination are, and in which format they are written: what its URL says.
//
//   file:///data/lake                             a folder of this machine, by its absolute path
//   file:lake, file:./lake                        relative to the current folder
//   s3://bucket/prefix                            a bucket, through DuckDB's extension httpfs
//   …?format=parquet|csv|jsonl                    default: parquet
//   …?layout=flat|date                            date: files are put into folders by the date of their commits
//   s3://ID:SECRET@bucket?endpoint=HOST:PORT&region=R&url_style=path&use_ssl=false
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "destination/duckdb/bucket_access.h"

namespace walbrook::destination::filesystem {

enum class Format : std::uint8_t { parquet, csv, jsonl };
enum class FolderLayout : std::uint8_t {
  flat,     // DATASET/TABLE/FILE
  by_date,  // DATASET/TABLE/commit_date=2026-11-29/FILE
};

struct Location {
  std::string root;  // "/data/lake" or "s3://bucket/prefix", without a slash at the end
  bool is_bucket = false;
  Format format = Format::parquet;
  FolderLayout layout = FolderLayout::flat;
  duckdb::BucketAccess access{};
};

// The name of the format, which is also the suffix of its files.
[[nodiscard]] std::string_view to_string(Format format);

// Throws Error(configuration) for a URL that cannot be used, without its credentials.
[[nodiscard]] Location parse_location(const std::string& url);

}  // namespace walbrook::destination::filesystem

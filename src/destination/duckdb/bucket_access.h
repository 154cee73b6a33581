// How DuckDB reaches a bucket of a store that speaks S3, through its extension httpfs.
#pragma once

#include <string>
#include <string_view>

#include "destination/duckdb/connection.h"

namespace walbrook::destination::duckdb {

// An empty text means what the environment says (AWS_ACCESS_KEY_ID and so on).
struct BucketAccess {
  std::string key_id, secret, session_token;
  std::string region, endpoint, url_style;
  std::string use_ssl;  // "true", "false"
};

// Takes the login out of what follows "s3:" in a URL, //ID:SECRET@bucket/prefix, and returns "s3://bucket/prefix"; ""
// if that names no bucket.
[[nodiscard]] std::string parse_bucket(BucketAccess& access, std::string_view rest);
// Sets what an option of a bucket's URL says. Returns false if there is no such option.
[[nodiscard]] bool set_bucket_option(BucketAccess& access, std::string_view name, const std::string& value);

// Lets the connection's database read and write the bucket. `root` is its name in messages. Throws Error.
void prepare_bucket_access(Connection& connection, const std::string& root, const BucketAccess& access,
                           const std::string& extension_folder);

// Returns the status that the store answered in DuckDB's message, "503 Service Unavailable" or only "503"; "" if it did
// not answer.
[[nodiscard]] std::string answered_status(std::string_view cause);
// Returns why the store did not answer, or that it cannot do its work now; "" for every other failure.
[[nodiscard]] std::string outage(std::string_view cause);

}  // namespace walbrook::destination::duckdb

// Every setting there is: its name, what it takes, what holds where it is not said, its flag, one line of help.
//
// This table is all that knows the names: the check of files and environment, `walbrook config`, the completion and
// docs/configuration.md (which a test compares) come from it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/value.h"

namespace walbrook::config {

enum class Kind {
  text,
  name,              // 1 to 63 bytes
  slot_name,         // [a-z0-9_]{1,63}
  publication_name,  // 1 to 63 bytes, no comma
  boolean,           // true or false
  count,             // least to most
  size,              // bytes: 65536, 512kB, 64MB; at least `least`
  postgres_memory,   // 256MB
  duckdb_memory,     // 512MB, 80%
  choice,            // one of `choices`
  texts,             // a list of texts, or one
  connection,        // a URL or key=value string, which may hold a password; in files also a table of fields
  secret,            // never shown
};

struct Key {
  std::string_view section;  // "load"; "pipelines.NAME" of what only a pipeline has
  std::string_view name;     // "batch_rows"
  Kind kind;
  std::string_view fallback;      // where nothing is said; "" = see help
  std::string_view flag;          // "--batch-rows"; "" = none
  std::string_view help;          // one line
  std::string_view choices = {};  // "auto|text|binary"
  std::uint64_t least = 0, most = 0;

  [[nodiscard]] std::string full_name() const;  // "load.batch_rows"
  // "LOAD__BATCH_ROWS"
  [[nodiscard]] std::string variable() const;
  // "pipelines.NAME.batch_rows": how it is said for one pipeline alone; "" = it is not.
  [[nodiscard]] std::string name_in_pipeline() const;
};

// In the order in which they are documented.
[[nodiscard]] std::span<const Key> keys();
// By its full name; it has to be there.
[[nodiscard]] const Key& key(std::string_view full_name);
[[nodiscard]] bool is_credential(const Key& key);  // a field of [sources.pg_replication.credentials]

// A key as it stands in a file.
struct Place {
  const Key* key = nullptr;
  std::string pipeline;  // whose; "" = of all
  std::string column;    // of [pipelines.NAME.tables.overrides.COLUMN]: which
};
// `path`: its parts, {"pipelines", "shop", "slot_name"}. nullopt: no such key.
[[nodiscard]] std::optional<Place> find_place(const std::vector<std::string>& path);
// What may have been meant by an unknown one; "" when none is near.
[[nodiscard]] std::string nearest_key(const std::vector<std::string>& path);

// Throws Error(configuration) that begins with the origin's label when the value is not one that the key takes.
void check_value(const Key& key, const Value& value);
// "auto|text|binary" → {"auto", "text", "binary"}
[[nodiscard]] std::vector<std::string> choices_of(const Key& key);

}  // namespace walbrook::config

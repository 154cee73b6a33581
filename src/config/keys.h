// Every setting: its name, the values that it takes, its default, its flag, and one line of help.
//
// The names of settings are written in this table only: the check of files and environment, `walbrook config`, the
// completion and docs/configuration.md (which a test compares) are derived from it.
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
  name,             // 1 to 63 bytes
  slot_name,        // [a-z0-9_]{1,63}
  publications,     // a list of names (base/publication_list.h): one text, or a list of texts
  boolean,          // true or false
  count,            // `least` to `most`
  size,             // bytes: 65536, 512kB, 64MB; at least `least`
  postgres_memory,  // 256MB
  duckdb_memory,    // 512MB, 80%
  choice,           // one of `choices`
  texts,            // a list of texts, or one text
  connection,       // a URL or key=value string, which may contain a password; in files also a table of fields
  secret,           // never shown
};

struct Key {
  std::string_view section;  // "load"; "pipelines.NAME" for what only a pipeline has
  std::string_view name;     // "batch_rows"
  Kind kind;
  std::string_view fallback;      // the default; "" = see `help`
  std::string_view flag;          // "--batch-rows"; "" = none
  std::string_view help;          // one line
  std::string_view choices = {};  // "auto|text|binary"
  std::uint64_t least = 0, most = 0;

  [[nodiscard]] std::string full_name() const;  // "load.batch_rows"
  // "LOAD__BATCH_ROWS"
  [[nodiscard]] std::string variable() const;
  // "pipelines.NAME.batch_rows": the key for one pipeline; "" if there is none.
  [[nodiscard]] std::string name_in_pipeline() const;
};

// All keys, in the order in which they are documented. A destination's credentials have the fields of the source's and
// are not listed again.
[[nodiscard]] std::span<const Key> keys();
// Returns a key by its full name. Throws Error(internal) if there is none.
[[nodiscard]] const Key& key(std::string_view full_name);
// A field of the credentials of the source or of a destination.
[[nodiscard]] bool is_credential(const Key& key);
// A key of [[pipelines.NAME.tables]].
[[nodiscard]] bool is_of_a_table(const Key& key);

inline constexpr std::string_view destination_key = "destination.duckdb.credentials";
inline constexpr std::string_view bucket_key = "destination.filesystem.bucket_url";
// Its value is a kind of destination, or says where a destination is.
[[nodiscard]] bool is_destination_name(const Key& key);
// Its value says where a destination is, and may hold a token or a key.
[[nodiscard]] bool is_place_with_secrets(const Key& key);

// A key as a file or a variable names it.
struct Place {
  const Key* key = nullptr;
  std::string pipeline;  // the pipeline; "" = all pipelines
  std::string column;    // the column, of [pipelines.NAME.tables.overrides.COLUMN]
};
// `path` has the parts of the name: {"pipelines", "shop", "slot_name"}. Returns nullopt if there is no such key.
[[nodiscard]] std::optional<Place> find_place(const std::vector<std::string>& path);
// Returns the known key that an unknown one was probably meant to be; "" if none is near.
[[nodiscard]] std::string nearest_key(const std::vector<std::string>& path);

// Throws Error(configuration), which begins with the origin's label, if the key does not take the value.
void check_value(const Key& key, const Value& value);
// "auto|text|binary" → {"auto", "text", "binary"}
[[nodiscard]] std::vector<std::string> choices_of(const Key& key);

}  // namespace walbrook::config

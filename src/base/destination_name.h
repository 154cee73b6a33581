// The names of destinations: a bare word is a kind of destination, and anything with a '.', '/' or ':' is a place.
//
// Flags, files, the environment and the library share this rule, so that `--destination postgres` never means a file in
// the current folder.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace walbrook {

// The words by which users name a kind of destination. destination/registry.cpp says what each of them is.
struct DestinationWords {
  std::string_view kind;                      // `--destination duckdb`, and the section [destination.duckdb]
  std::span<const std::string_view> schemes;  // of its URLs
  std::string_view example;                   // a URL
  std::string_view place;                     // what the bare word means, for people
  std::string_view secrets = {};              // what a project's secrets.toml contains for it; "" = nothing
};
[[nodiscard]] std::span<const DestinationWords> known_destinations();

inline constexpr std::string_view duckdb_destination = "duckdb";  // the kind of a path without a scheme
inline constexpr std::string_view motherduck_destination = "motherduck";
inline constexpr std::string_view filesystem_destination = "filesystem";
inline constexpr std::string_view ducklake_destination = "ducklake";

[[nodiscard]] bool is_destination_kind(std::string_view text);
// Returns the words of that kind; nullptr if there is none.
[[nodiscard]] const DestinationWords* find_destination_kind(std::string_view kind);
// Throws Error(configuration), which begins with `label`, for a kind that does not exist. `setting` is the library's
// option with that value, or "".
void check_destination_kind(std::string_view label, std::string_view text, std::string_view setting = {});

// Returns "duckdb" for "duckdb:///shop.duckdb"; "" for a bare path.
[[nodiscard]] std::string_view url_scheme(std::string_view url);
// Returns the words of the kind that the URL names, which is DuckDB for a bare path. Throws Error(configuration), which
// names the known ones, for an unknown scheme.
[[nodiscard]] const DestinationWords& destination_words(std::string_view url);

}  // namespace walbrook

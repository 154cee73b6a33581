#include "destination/destination.h"

#include <array>
#include <utility>

#include "base/error.h"
#include "destination/duckdb/duckdb_destination.h"
#include "destination/duckdb/file_claim.h"
#include "destination/duckdb/file_url.h"
#include "destination/duckdb/state.h"

namespace walbrook::destination {
namespace {

constexpr std::array<std::pair<TableState, std::string_view>, 7> state_names = {
    {{TableState::pending, "pending"},
     {TableState::copying, "copying"},
     {TableState::streaming, "streaming"},
     {TableState::quarantined, "quarantined"},
     {TableState::removed, "removed"},
     {TableState::loaded, "loaded"},
     {TableState::left_out, "left_out"}}};

void check_scheme(const std::string& url) {
  const auto scheme = duckdb::url_scheme(url);
  if (scheme.empty() || scheme == "duckdb") return;
  throw Error(ErrorKind::configuration, "unknown kind of destination \"" + std::string(scheme) + "\"",
              "Known: duckdb (duckdb:///shop.duckdb).");
}

}  // namespace

std::string_view to_string(TableState state) {
  for (const auto& [known, name] : state_names) {
    if (known == state) return name;
  }
  return "pending";
}

TableState parse_table_state(std::string_view text) {
  for (const auto& [state, name] : state_names) {
    if (name == text) return state;
  }
  throw Error(ErrorKind::destination, "unknown table state \"" + std::string(text) + "\" in the destination's state",
              "The state was written by another version of walbrook or changed by hand.");
}

Naming parse_naming(std::string_view text) {
  if (text.empty() || text == "exact") return Naming::exact;
  if (text == "snake_case") return Naming::snake_case;
  throw Error(ErrorKind::configuration, "unknown naming \"" + std::string(text) + "\"", "Known: exact, snake_case.",
              {.setting = "naming"});
}

Metadata parse_metadata(std::string_view text) {
  if (text.empty() || text == "none") return Metadata::none;
  if (text == "walbrook") return Metadata::walbrook;
  if (text == "dlt") return Metadata::dlt;
  throw Error(ErrorKind::configuration, "unknown metadata columns \"" + std::string(text) + "\"",
              "Known: none, walbrook, dlt.", {.setting = "metadata"});
}

bool is_state_schema(std::string_view name) {
  return duckdb::same_name(name, duckdb::state_schema);
}

CalledFrom::CalledFrom(std::thread::id caller) : before_(std::exchange(duckdb::caller_of_this_thread(), caller)) {}
CalledFrom::~CalledFrom() {
  duckdb::caller_of_this_thread() = before_;
}

std::string file_path(const std::string& url) {
  check_scheme(url);
  return duckdb::path_of(url);
}

std::unique_ptr<Destination> open_destination(const DestinationOptions& options) {
  check_scheme(options.url);
  return std::make_unique<duckdb::DuckDbDestination>(options);
}

}  // namespace walbrook::destination

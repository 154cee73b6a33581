// The kinds of destination. What is specific to a kind is in its own folder below this one; everything else reaches it
// through its entry here.
//
// A new destination has its words in base/destination_name.cpp and its entry in registry.cpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "destination/capabilities.h"
#include "destination/destination.h"
#include "destination/open_destination.h"
#include "destination/stored_state.h"

namespace walbrook::destination {

// Where a destination is, as far as its URL tells. Nothing is opened to find it out.
struct Place {
  std::string identity;              // URLs with one identity name one destination; no credentials
  std::string label;                 // for people: "shop.duckdb"
  std::string shown;                 // the whole of it for people, without credentials: "/data/shop.duckdb"
  std::string folder{};              // the folder of its files on this machine; "": it has none here
  std::vector<std::string> files{};  // its files on this machine, including those that exist only at times
  bool has_many_runs = false;        // each pipeline in it may have a run at the same time
  std::string users{};               // who can use it while a run is at work, if `check` has to say so
  std::string users_remedy{};        // what to do for more of them
};

// What walbrook knows of a kind of destination without having one at hand. All functions throw Error(configuration)
// for a URL that the kind cannot use.
struct Kind {
  std::string_view name;  // as in DestinationWords
  const Capabilities& (*capabilities)();
  std::unique_ptr<Destination> (*make)(const DestinationOptions& options);
  std::unique_ptr<StoredState> (*stored_state)(AskSql ask);
  Place (*place)(const std::string& url);
  // See place.h, which describes the functions of the same names.
  bool (*is_there)(const std::string& url);
  void (*check_creatable)(const std::string& url);
  void (*check_writable)(const std::string& url);
  void (*move_leftovers_aside)(const std::string& url);
};

// Returns the kind of destination that the URL names. Throws Error(configuration), which names the known schemes, for
// an unknown one.
[[nodiscard]] const Kind& kind_of(const std::string& url);

}  // namespace walbrook::destination

#include "destination/memory/memory_kind.h"

#include "base/error.h"
#include "destination/memory/memory_capabilities.h"
#include "destination/memory/memory_destination.h"

namespace walbrook::destination::memory {
namespace {

std::unique_ptr<StoredState> no_stored_state(AskSql) {
  throw Error(ErrorKind::configuration, "a destination in memory answers no queries");
}

}  // namespace

constinit const Kind kind_entry{
    .name = "memory",
    .capabilities = capabilities,
    .make = [](const DestinationOptions& options) -> std::unique_ptr<Destination> {
      return std::make_unique<MemoryDestination>(options);
    },
    .stored_state = no_stored_state,
    .place = [](const std::string& url) { return Place{.identity = url, .label = url, .shown = url}; },
    .is_there = [](const std::string&) { return true; },
    .check_creatable = [](const std::string&) {},
    .check_writable = [](const std::string&) {},
    .move_leftovers_aside = [](const std::string&) {},
};

bool is_memory_url(std::string_view url) {
  return url.starts_with("memory:");
}

}  // namespace walbrook::destination::memory

#include "destination/registry.h"

#include <algorithm>
#include <array>

#include "base/destination_name.h"
#include "base/error.h"
#include "destination/duckdb/duckdb_kind.h"
#include "destination/duckdb/motherduck_kind.h"
#include "destination/ducklake/ducklake_kind.h"
#include "destination/filesystem/filesystem_kind.h"
#include "destination/memory/memory_kind.h"
#include "destination/postgres/postgres_kind.h"

namespace walbrook::destination {
namespace {

constexpr std::array kinds = {
    &duckdb::kind_entry,     &postgresql::kind_entry, &duckdb::motherduck_entry,
    &filesystem::kind_entry, &ducklake::kind_entry,
};

}  // namespace

const Kind& kind_of(const std::string& url) {
  if (memory::is_memory_url(url)) return memory::kind_entry;
  const auto name = destination_words(url).kind;
  const auto* const found = std::ranges::find(kinds, name, [](const Kind* kind) { return kind->name; });
  if (found != kinds.end()) return **found;
  throw Error(ErrorKind::internal, "no folder implements the destination " + std::string(name));
}

}  // namespace walbrook::destination

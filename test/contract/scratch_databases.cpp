#include "test/contract/scratch_databases.h"

#include <map>

namespace walbrook::contract {
namespace {

std::map<std::string, std::unique_ptr<test::ScratchDatabase>>& databases() {
  static std::map<std::string, std::unique_ptr<test::ScratchDatabase>> all;
  return all;
}

}  // namespace

test::ScratchDatabase& scratch_database(const std::string& folder) {
  auto& database = databases()[folder];
  if (database == nullptr) database = std::make_unique<test::ScratchDatabase>(test::PostgresServer::shared());
  return *database;
}

std::string scratch_conninfo(const std::string& folder) {
  return test::PostgresServer::shared().conninfo(scratch_database(folder).name());
}

std::shared_ptr<void> keep_scratch_database(const destination::DestinationOptions& options) {
  static int nothing = 0;
  return {&nothing, [url = options.url](void*) {
            std::erase_if(databases(),
                          [&url](const auto& entry) { return url.find(entry.second->name()) != std::string::npos; });
          }};
}

}  // namespace walbrook::contract

// Every parameter of the installed libpq is a field of [sources.pg_replication.credentials].
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <memory>
#include <set>

#include "config/keys.h"

namespace walbrook::cli {
namespace {

TEST(LibpqParameters, are_all_fields_of_the_credentials) {
  std::set<std::string> known = {"dbname", "user"};  // database and username
  for (const auto& key : config::keys()) {
    if (config::is_credential(key)) known.insert(std::string(key.name));
  }
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconndefaults(), &PQconninfoFree);
  ASSERT_NE(options, nullptr);
  const std::set<std::string> of_no_use = {"replication", "authtype", "tty", "requiressl"};
  for (const auto* option = options.get(); option->keyword != nullptr; ++option) {
    // 'D': for debugging, never shown by clients.
    if (option->dispchar[0] == 'D' || of_no_use.contains(option->keyword)) continue;
    EXPECT_TRUE(known.contains(option->keyword)) << option->keyword;
  }
}

}  // namespace
}  // namespace walbrook::cli

// A new database on a real server, for tests of the source side.
#pragma once

#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <string>

#include "postgres/catalog/catalog.h"
#include "postgres/slot/slot.h"
#include "test/support/postgres_server.h"

namespace walbrook::postgres::test {

using walbrook::test::eventually;
using walbrook::test::PostgresServer;
using walbrook::test::ScratchDatabase;
using walbrook::test::Sql;

using std::chrono::milliseconds;

inline constexpr ValueLimits wide_limits{.min_timestamp = std::numeric_limits<std::int64_t>::min(),
                                         .max_timestamp = std::numeric_limits<std::int64_t>::max()};

// The kind and the whole text of what `action` throws.
struct Thrown {
  std::optional<ErrorKind> kind;
  std::string text;
};
template <class Action>
Thrown thrown_by(Action action) {
  try {
    action();
    return {};
  } catch (const Error& error) {
    return {error.kind(), error.what()};
  }
}

inline void expect_says(const Thrown& thrown, ErrorKind kind, const std::vector<std::string>& words) {
  ASSERT_TRUE(thrown.kind.has_value()) << "nothing was thrown";
  EXPECT_EQ(to_string(*thrown.kind), to_string(kind)) << thrown.text;
  for (const auto& word : words)
    EXPECT_NE(thrown.text.find(word), std::string::npos) << word << " is not in: " << thrown.text;
}

class SourceCase : public testing::Test {
 protected:
  explicit SourceCase(PostgresServer& server = PostgresServer::shared())
      : database(server),
        sql(database.conninfo()),
        catalog(Connection::open(database.conninfo(), ConnectionUse::catalog)) {}

  [[nodiscard]] std::string conninfo(const std::string& user = "postgres") const { return database.conninfo(user); }
  [[nodiscard]] Publication publication(const std::string& name = "p") {
    auto found = read_publication(catalog, name);
    if (!found) throw std::runtime_error("no publication " + name);
    return *std::move(found);
  }
  [[nodiscard]] SourceTable table(const std::string& name, const std::string& of = "p") {
    for (auto& found : publication(of).tables) {
      if (found.name == name) return found;
    }
    throw std::runtime_error("no table " + name + " in the publication");
  }
  // Roles belong to the cluster: this one is named after the database and dropped with it.
  [[nodiscard]] std::string role(const std::string& attributes) {
    const auto name = database.name() + "_role";
    sql.exec("CREATE ROLE " + name + " LOGIN " + attributes);
    role_ = name;
    return name;
  }
  void TearDown() override {
    if (role_.empty()) return;
    sql.exec("DROP OWNED BY " + role_);
    sql.exec("DROP ROLE " + role_);
  }

  ScratchDatabase database;
  Sql sql;
  Connection catalog;

 private:
  std::string role_;
};

}  // namespace walbrook::postgres::test

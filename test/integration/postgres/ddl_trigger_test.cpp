// walbrook's event triggers on every server: which commands they describe, and how. test/scenario/described_ddl.test
// shows what follows from it.
#include "postgres/catalog/ddl_trigger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "postgres/catalog/fingerprint.h"
#include "postgres/catalog/table_description.h"
#include "postgres/slot/ddl_trigger_setup.h"
#include "test/integration/postgres/source_case.h"

namespace walbrook::postgres::test {
namespace {

using walbrook::test::installed_bin_dir;
using Told = TableDescription::Kind;

constexpr int debian_server = 0;

struct Said {
  std::string order;  // of the transaction's messages: I for a row, M for a description, R for a rewrite
  std::vector<TableDescription> tables;
  std::vector<std::string> texts;
};

class DdlTrigger : public SourceCase, public testing::WithParamInterface<int> {
 protected:
  DdlTrigger() : SourceCase(PostgresServer::shared(GetParam() == debian_server ? "" : installed_bin_dir(GetParam()))) {
    sql.exec("CREATE TABLE t(id int PRIMARY KEY, v text); CREATE PUBLICATION p FOR ALL TABLES");
  }
  ~DdlTrigger() override { drop_slot(catalog, slot()); }

  [[nodiscard]] std::string slot() const { return "slot_" + database.name(); }
  void create() {
    create_ddl_trigger(catalog);
    complete_ddl_trigger(catalog);
    sql.exec("SELECT pg_create_logical_replication_slot('" + slot() + "', 'pgoutput')");
  }
  // What the slot sends since the last call.
  [[nodiscard]] Said said() {
    const auto rows = catalog.query(
        "SELECT pg_catalog.substr(data, 1, 1) = 'I', pg_catalog.encode(data, 'hex') FROM "
        "pg_catalog.pg_logical_slot_get_binary_changes('" +
        slot() +
        "', NULL, NULL, 'proto_version', '1', 'publication_names', 'p', 'messages', 'true') "
        "WHERE pg_catalog.substr(data, 1, 1) IN ('I', 'M')");
    Said found;
    for (int row = 0; row < rows.size(); ++row) {
      if (rows.boolean(row, 0)) {
        found.order += 'I';
        continue;
      }
      constexpr std::size_t before_prefix = 1 + 1 + 8;
      const auto content_at = before_prefix + description_prefix.size() + 1 + 4;
      const auto content = from_hex(rows.text(row, 1)).substr(content_at);
      if (content.empty()) continue;
      found.tables.push_back(parse_description(content));
      found.texts.push_back(content);
      found.order += found.tables.back().kind == Told::altered ? 'M' : 'R';
    }
    return found;
  }
  static std::string from_hex(const std::string& hex) {
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
      bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    }
    return bytes;
  }
  static std::string columns_of(const TableDescription& table) {
    std::string names;
    for (const auto& column : table.columns) names += (names.empty() ? "" : " ") + column.name;
    return names;
  }
};

TEST_P(DdlTrigger, a_description_is_the_fingerprint_of_its_moment) {
  create();
  const auto before = table("t").fingerprint;
  sql.exec("ALTER TABLE t ADD COLUMN at timestamptz DEFAULT '2024-02-29 12:00+02', DROP COLUMN v");
  const auto described = said();
  ASSERT_FALSE(described.tables.empty());
  const auto& last = described.tables.back();
  EXPECT_EQ(last.schema + "." + last.name, "public.t");
  EXPECT_EQ(columns_of(last), "id at");
  EXPECT_TRUE(last.columns.front().in_key);
  EXPECT_FALSE(last.columns.back().in_key);
  EXPECT_EQ(last.missing, (std::map<std::string, std::string>{{"at", "2024-02-29 10:00:00+00"}}));
  const auto now = nlohmann::json::parse(table("t").fingerprint);
  const auto followed = nlohmann::json::parse(with_description(before, described.texts.back()));
  for (const auto* part : {"columns", "attributes", "file", "written"})
    EXPECT_EQ(followed.at(part), now.at(part)) << part;
}

TEST_P(DdlTrigger, a_message_precedes_the_row_that_follows_the_command) {
  create();
  sql.exec(
      "BEGIN; INSERT INTO t VALUES (1); ALTER TABLE t ADD COLUMN a int; INSERT INTO t VALUES (2); SAVEPOINT s; "
      "ALTER TABLE t ADD COLUMN b int; RELEASE s; INSERT INTO t VALUES (3); SAVEPOINT s; "
      "ALTER TABLE t ADD COLUMN c int; ROLLBACK TO s; INSERT INTO t VALUES (4); COMMIT");
  EXPECT_EQ(said().order, "IMIMII");
}

TEST_P(DdlTrigger, commands_of_every_kind_and_role_are_described) {
  create();
  const auto owner = role("");
  sql.exec("GRANT CREATE ON SCHEMA public TO " + owner + "; ALTER TABLE t OWNER TO " + owner);
  sql.exec("CREATE TYPE shape AS (a int); CREATE TABLE typed OF shape; CREATE TYPE mood AS ENUM ('calm')");
  sql.exec("CREATE TABLE child(PRIMARY KEY (id)) INHERITS (t); ALTER TABLE child OWNER TO " + owner);
  static_cast<void>(said());
  struct Case {
    std::string statement, tables;
  };
  const std::vector<Case> cases = {
      {"SET ROLE " + owner + "; ALTER TABLE t RENAME COLUMN v TO w; RESET ROLE", "t child"},
      {"ALTER TABLE t ADD COLUMN m mood", "t child"},
      {"DROP TYPE mood CASCADE", "t child"},
      {"ALTER TYPE shape ADD ATTRIBUTE b int CASCADE", "typed"},
      {"ALTER TYPE shape RENAME ATTRIBUTE b TO c CASCADE", "typed"},
      {"ALTER VIEW t RENAME COLUMN w TO v", "t child"},
      {"SET session_replication_role = replica; ALTER TABLE ONLY t ALTER v SET DEFAULT 'x'; RESET "
       "session_replication_role",
       "t child"},
      {"ALTER TABLE t ALTER v TYPE text USING upper(v)", "t! child! t child"},
      {"CREATE TABLE made AS SELECT 1 AS a", "made"},
      {"CREATE TEMP TABLE brief(a int); ALTER TABLE brief ADD COLUMN b int; ALTER TABLE brief ALTER b TYPE bigint", ""},
      {"CREATE VIEW v AS SELECT 1 AS a; CREATE INDEX ON t(v); COMMENT ON TABLE t IS 'x'", "t child"},
      {"TRUNCATE t; CLUSTER t USING t_pkey", ""},
      {"ALTER TABLE t SET UNLOGGED", "t child"},
      {"ALTER TABLE t SET LOGGED", "t! t child"},
      {"DROP TABLE child", ""},
  };
  for (const auto& [statement, tables] : cases) {
    sql.exec(statement);
    std::string named;
    std::vector<std::string> words;
    for (const auto& table : said().tables) {
      const auto word = table.name + (table.kind == Told::rewritten ? "!" : "");
      // sql_drop and ddl_command_end both describe what loses a column.
      if (std::ranges::find(words, word) == words.end()) words.push_back(word);
    }
    for (const auto& word : words) named += (named.empty() ? "" : " ") + word;
    EXPECT_EQ(named, tables) << statement;
  }
  sql.exec("VACUUM FULL t");
  EXPECT_TRUE(said().tables.empty());
  sql.exec("ALTER TABLE t OWNER TO postgres");
}

TEST_P(DdlTrigger, only_complete_triggers_are_in_a_fingerprint) {
  EXPECT_EQ(read_ddl_trigger(catalog), DdlTriggerState::none);
  EXPECT_EQ(parse_fingerprint(table("t").fingerprint).ddl_trigger, "");
  Sql writer(conninfo());
  writer.exec("BEGIN; ALTER TABLE t ADD COLUMN early int");
  KnownServer server;
  const Endpoint endpoint(conninfo());
  const SlotWait brief{.longest = milliseconds(200)};
  EXPECT_THROW(make_ddl_trigger(catalog, endpoint, server, brief, {}), WritersStayOpen);
  EXPECT_EQ(read_ddl_trigger(catalog), DdlTriggerState::pending);
  writer.exec("COMMIT");
  EXPECT_EQ(parse_fingerprint(table("t").fingerprint).ddl_trigger, "");
  EXPECT_EQ(make_ddl_trigger(catalog, endpoint, server, {}, {}), MadeDdlTrigger::completed);
  EXPECT_EQ(make_ddl_trigger(catalog, endpoint, server, {}, {}), MadeDdlTrigger::nothing);
  const auto complete = parse_fingerprint(table("t").fingerprint).ddl_trigger;
  EXPECT_NE(complete, "");
  sql.exec("ALTER EVENT TRIGGER walbrook_ddl DISABLE");
  EXPECT_EQ(parse_fingerprint(table("t").fingerprint).ddl_trigger, "");
  sql.exec("ALTER EVENT TRIGGER walbrook_ddl ENABLE ALWAYS");
  EXPECT_NE(parse_fingerprint(table("t").fingerprint).ddl_trigger, complete) << "something may have been missed";
  EXPECT_TRUE(drop_ddl_trigger(catalog));
  EXPECT_FALSE(drop_ddl_trigger(catalog));
  EXPECT_EQ(sql.value("SELECT count(*) FROM pg_event_trigger"), "0");
  EXPECT_EQ(sql.value("SELECT count(*) FROM pg_proc WHERE proname = 'walbrook_ddl'"), "0");
}

TEST_P(DdlTrigger, a_failed_description_does_not_fail_the_command) {
  create();
  // Its function runs as a role that may not read what it needs.
  const auto weak = role("");
  sql.exec("ALTER FUNCTION public.walbrook_ddl() OWNER TO " + weak);
  sql.exec("REVOKE SELECT ON pg_catalog.pg_index FROM PUBLIC");
  sql.exec("ALTER TABLE t ADD COLUMN a int");
  sql.exec("GRANT SELECT ON pg_catalog.pg_index TO PUBLIC");
  sql.exec("ALTER FUNCTION public.walbrook_ddl() OWNER TO postgres");
  const auto found = said();
  ASSERT_EQ(found.tables.size(), 1U);
  EXPECT_EQ(found.tables.front().kind, Told::undescribed);
  EXPECT_EQ(found.tables.front().name, "t");
}

// The blocks of SQL in docs/ddl-trigger.md, in their order.
std::vector<std::string> documented_sql() {
  std::ifstream in(WALBROOK_SOURCE_DIR "/docs/ddl-trigger.md");
  std::vector<std::string> blocks;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("```")) {
      inside = line == "```sql";
      if (inside) blocks.emplace_back();
    } else if (inside) {
      blocks.back() += line + "\n";
    }
  }
  return blocks;
}

TEST_P(DdlTrigger, the_documents_have_the_statements) {
  const auto blocks = documented_sql();
  ASSERT_EQ(blocks.size(), 4U);
  EXPECT_EQ("\n" + blocks[0], ddl_trigger_sql("public"));
  sql.exec(blocks[0]);
  EXPECT_EQ(read_ddl_trigger(catalog), DdlTriggerState::pending);
  sql.exec(blocks[1]);
  sql.exec(blocks[2]);
  EXPECT_EQ(read_ddl_trigger(catalog), DdlTriggerState::complete);
  EXPECT_FALSE(drop_ddl_trigger(catalog)) << "walbrook did not create them";
  sql.exec(blocks[3]);
  EXPECT_EQ(read_ddl_trigger(catalog), DdlTriggerState::none);
}

TEST_P(DdlTrigger, only_a_superuser_creates_them) {
  auto weak = Connection::open(conninfo(role("")), ConnectionUse::catalog);
  expect_says(thrown_by([&] { create_ddl_trigger(weak); }), ErrorKind::permission_denied,
              {"Only a superuser", "docs/ddl-trigger.md"});
  EXPECT_EQ(read_ddl_trigger(catalog), DdlTriggerState::none);
}

INSTANTIATE_TEST_SUITE_P(Servers, DdlTrigger, testing::Values(debian_server, 14, 16, 17, 18), [](const auto& server) {
  return server.param == debian_server ? std::string("default") : std::to_string(server.param);
});

}  // namespace
}  // namespace walbrook::postgres::test

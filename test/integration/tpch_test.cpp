// A TPC-H database, made by DuckDB's own generator, loaded into PostgreSQL, replicated, and changed as the benchmark's
// refresh functions do: RF1 brings new orders with their lines, RF2 takes old ones away.
//
// The generator is DuckDB's extension tpch, which comes as a Python package; without it the test is skipped.
#include <fmt/format.h>

#include "test/support/duck_reader.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

constexpr double scale = 0.05;

struct TpchTable {
  const char* name;
  const char* columns;
};

constexpr TpchTable tables[] = {
    {"region", "r_regionkey int PRIMARY KEY, r_name char(25) NOT NULL, r_comment varchar(152)"},
    {"nation",
     "n_nationkey int PRIMARY KEY, n_name char(25) NOT NULL, n_regionkey int NOT NULL, n_comment varchar(152)"},
    {"part",
     "p_partkey bigint PRIMARY KEY, p_name varchar(55), p_mfgr char(25), p_brand char(10), p_type varchar(25), p_size "
     "int, "
     "p_container char(10), p_retailprice numeric(15,2), p_comment varchar(23)"},
    {"supplier",
     "s_suppkey bigint PRIMARY KEY, s_name char(25), s_address varchar(40), s_nationkey int, s_phone char(15), "
     "s_acctbal numeric(15,2), s_comment varchar(101)"},
    {"partsupp",
     "ps_partkey bigint, ps_suppkey bigint, ps_availqty int, ps_supplycost numeric(15,2), ps_comment varchar(199), "
     "PRIMARY KEY (ps_partkey, ps_suppkey)"},
    {"customer",
     "c_custkey bigint PRIMARY KEY, c_name varchar(25), c_address varchar(40), c_nationkey int, c_phone char(15), "
     "c_acctbal numeric(15,2), c_mktsegment char(10), c_comment varchar(117)"},
    {"orders",
     "o_orderkey bigint PRIMARY KEY, o_custkey bigint, o_orderstatus char(1), o_totalprice numeric(15,2), o_orderdate "
     "date, "
     "o_orderpriority char(15), o_clerk char(15), o_shippriority int, o_comment varchar(79)"},
    {"lineitem",
     "l_orderkey bigint, l_partkey bigint, l_suppkey bigint, l_linenumber bigint, l_quantity numeric(15,2), "
     "l_extendedprice numeric(15,2), l_discount numeric(15,2), l_tax numeric(15,2), l_returnflag char(1), l_linestatus "
     "char(1), l_shipdate date, l_commitdate date, l_receiptdate date, l_shipinstruct char(25), l_shipmode char(10), "
     "l_comment varchar(44), PRIMARY KEY (l_orderkey, l_linenumber)"},
};

// The extension's file, installed into `folder`; WALBROOK_TPCH_EXTENSION names one that is there already. "" and the
// reason when it cannot be had.
std::filesystem::path install_extension(const std::filesystem::path& folder, std::string& reason) {
  if (const char* named = std::getenv("WALBROOK_TPCH_EXTENSION"); named != nullptr && *named != '\0') return named;
  const auto result = run({.argv = {"python3", "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary",
                                    ":all:", "--target", folder.string(), "duckdb-extension-tpch==1.5.5"}},
                          milliseconds(120'000));
  if (!result.succeeded()) {
    reason = result.describe();
    return {};
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().filename() == "tpch.duckdb_extension") return entry.path();
  }
  reason = "the package holds no tpch.duckdb_extension";
  return {};
}

void generate(const std::filesystem::path& extension, const std::filesystem::path& folder) {
  DuckReader duck(folder / "tpch.duckdb", DuckReader::Access::read_write);
  duck.exec("LOAD '" + extension.string() + "'");
  duck.exec(fmt::format("CALL dbgen(sf = {})", scale));
  for (const auto& table : tables) {
    duck.exec(fmt::format("COPY {0} TO '{1}/{0}.csv' (FORMAT csv, HEADER false)", table.name, folder.string()));
  }
}

void load(const ReplicatedDatabase& db, const std::filesystem::path& folder) {
  Sql sql(db.conninfo());
  for (const auto& table : tables) {
    sql.exec(fmt::format("CREATE TABLE {}({})", table.name, table.columns));
    sql.copy_in(table.name, "(FORMAT csv)", read_file(folder / (std::string(table.name) + ".csv")));
  }
}

// RF1: a thousandth of the orders again, under new keys, with their lines; half of them in a transaction each.
void refresh_new(const ReplicatedDatabase& db) {
  Sql sql(db.conninfo());
  sql.exec(
      "CREATE TEMP TABLE fresh AS SELECT o_orderkey AS old, row_number() OVER (ORDER BY o_orderkey) AS n FROM orders "
      "ORDER BY o_orderkey LIMIT (SELECT count(*) / 1000 FROM orders)");
  const auto count = std::stoi(sql.value("SELECT count(*) FROM fresh"));
  for (int begin = 1; begin <= count;) {
    const int end = begin <= count / 2 ? begin : count;
    sql.exec(
        fmt::format("BEGIN; INSERT INTO orders SELECT 10000000 + n, o_custkey, 'O', o_totalprice + 0.01, o_orderdate + "
                    "1, o_orderpriority, o_clerk, "
                    "o_shippriority, o_comment FROM orders JOIN fresh ON o_orderkey = old AND n BETWEEN {0} AND {1}; "
                    "INSERT INTO lineitem SELECT 10000000 + n, l_partkey, l_suppkey, l_linenumber, l_quantity, "
                    "l_extendedprice, l_discount, l_tax, "
                    "l_returnflag, l_linestatus, l_shipdate, l_commitdate, l_receiptdate, l_shipinstruct, l_shipmode, "
                    "l_comment FROM lineitem "
                    "JOIN fresh ON l_orderkey = old AND n BETWEEN {0} AND {1}; COMMIT",
                    begin, end));
    begin = end + 1;
  }
}

// RF2: a thousandth of the oldest orders goes, lines first.
void refresh_old(const ReplicatedDatabase& db) {
  db.exec(
      "CREATE TEMP TABLE stale AS SELECT o_orderkey FROM orders ORDER BY o_orderdate, o_orderkey LIMIT (SELECT "
      "count(*) / 1000 FROM "
      "orders); DELETE FROM lineitem USING stale WHERE l_orderkey = o_orderkey; DELETE FROM orders USING stale WHERE "
      "orders.o_orderkey = stale.o_orderkey");
}

TEST(Tpch, copied_and_refreshed_it_equals_the_source) {
  const TempFolder folder("tpch");
  std::string reason;
  const auto extension = install_extension(folder.path(), reason);
  if (extension.empty()) GTEST_SKIP() << "DuckDB's extension tpch cannot be had:\n" << reason;
  const ReplicatedDatabase db;
  generate(extension, folder.path());
  load(db, folder.path());
  for (const auto& step :
       {std::pair{"copied", &refresh_new}, {"new orders came", &refresh_old}, {"old orders went", nullptr}}) {
    const auto result = db.pipeline.run();
    ASSERT_EQ(result.exit_code, 0) << step.first << "\n" << result.describe();
    EXPECT_EQ(db.differences(), "") << step.first << "\n" << result.describe();
    if (step.second != nullptr) step.second(db);
  }
  EXPECT_GT(std::stol(db.copied_value("SELECT count(*) FROM public.lineitem")), 290'000);
}

}  // namespace
}  // namespace walbrook::test

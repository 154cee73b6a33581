// One row sent in five ways gives five identical rows, and PostgreSQL decides what is right. Every value of
// value_cases.cpp is fetched from a real server as text, as binary, by COPY binary, and by pgoutput in both of its
// forms.
#include "postgres/values/values.h"

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "postgres/catalog/catalog.h"
#include "postgres/catalog/catalog_types.h"
#include "postgres/protocol/decoder.h"
#include "test/differential/value_cases.h"
#include "test/support/postgres_server.h"
#include "test/unit/postgres/parsing.h"

namespace walbrook::postgres {
namespace {

using test::PostgresServer;
using test::ScratchDatabase;
using test::Sql;

using Cells = std::vector<std::optional<std::string>>;

// The settings of postgres/connection/connection.h.
constexpr auto session_settings =
    "SET DateStyle = 'ISO, YMD'; SET IntervalStyle = postgres; SET TimeZone = 'UTC'; SET bytea_output = hex;"
    "SET extra_float_digits = 3; SET client_encoding = 'UTF8'";

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
  void operator()(char* buffer) const { PQfreemem(buffer); }
};
using Result = std::unique_ptr<PGresult, Clear>;

struct Fetched {
  Oid type_oid;  // the server resolves domains
  std::int32_t typmod;
  Cells cells;
};

Fetched fetch(Sql& sql, const std::string& query, Form form) {
  const Result result(
      PQexecParams(sql.raw(), query.c_str(), 0, nullptr, nullptr, nullptr, nullptr, form == Form::binary ? 1 : 0));
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) throw std::runtime_error(PQerrorMessage(sql.raw()));
  Fetched fetched{PQftype(result.get(), 0), PQfmod(result.get(), 0), {}};
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    auto& cell = fetched.cells.emplace_back();
    if (PQgetisnull(result.get(), row, 0) != 0) continue;
    cell.emplace(PQgetvalue(result.get(), row, 0), static_cast<std::size_t>(PQgetlength(result.get(), row, 0)));
  }
  return fetched;
}

Cells copy_binary(Sql& sql, const std::string& query) {
  const Result started(PQexec(sql.raw(), ("COPY (" + query + ") TO STDOUT (FORMAT binary)").c_str()));
  if (PQresultStatus(started.get()) != PGRES_COPY_OUT) throw std::runtime_error(PQerrorMessage(sql.raw()));
  std::string stream;
  char* received = nullptr;
  for (int size = 0; (size = PQgetCopyData(sql.raw(), &received, 0)) > 0;) {
    const std::unique_ptr<char, Clear> owned(received);
    stream.append(received, static_cast<std::size_t>(size));
  }
  for (Result rest(PQgetResult(sql.raw())); rest; rest.reset(PQgetResult(sql.raw()))) {
  }
  ByteReader in(stream);
  in.bytes(11 + 4);  // signature and flags
  in.bytes(in.u32());
  Cells cells;
  while (in.i16() == 1) {
    const auto length = in.i32();
    auto& cell = cells.emplace_back();
    if (length >= 0) cell.emplace(in.bytes(static_cast<std::size_t>(length)));
  }
  EXPECT_TRUE(in.at_end() && !in.failed());
  return cells;
}

// Returns the second column of every table's inserts, as pgoutput sends them.
std::map<std::string, Cells> stream_cells(Sql& sql, Form form) {
  const auto frames =
      fetch(sql,
            std::string("SELECT data FROM pg_logical_slot_peek_binary_changes('diff', NULL, NULL, 'proto_version', "
                        "'1', 'publication_names', 'diff', 'binary', '") +
                (form == Form::binary ? "true" : "false") + "')",
            Form::binary);
  std::map<std::string, Cells> cells;
  std::map<Oid, std::string> names;
  for (const auto& frame : frames.cells) {
    const auto message = decode(*frame);
    if (!message) {
      ADD_FAILURE() << message.error().message << " at " << message.error().offset;
      continue;
    }
    EXPECT_FALSE(decode(*frame + "x"));
    if (const auto* relation = std::get_if<Relation>(&*message)) names[relation->oid] = relation->name;
    const auto* insert = std::get_if<Insert>(&*message);
    if (insert == nullptr) continue;
    auto cursor = insert->after.cells();
    EXPECT_EQ(insert->after.size(), 2);
    (void)cursor.next();
    const auto cell = cursor.next();
    auto& sent = cells[names[insert->relation]].emplace_back();
    if (cell.kind != CellKind::null) {
      EXPECT_EQ(cell.kind == CellKind::binary, form == Form::binary) << names[insert->relation];
      sent.emplace(cell.bytes);
    }
  }
  return cells;
}

// A binary value that needs its text must be a value whose text is an overflow.
Column column_of(const Cells& cells, const ValueParser& parser, const PhysicalType& type, const std::string& way,
                 const Column* by_text = nullptr) {
  Column column(type);
  for (const auto& cell : cells) {
    const auto row = column.size();
    if (!cell) {
      column.append_null();
      continue;
    }
    const auto status = parser(*cell, {.limits = no_limits}, column);
    if (status == ParseStatus::ok) continue;
    EXPECT_EQ(column.size(), row);
    const auto* overflow = by_text == nullptr ? nullptr : by_text->overflow_at(row);
    if (status == ParseStatus::needs_text && overflow != nullptr && is_nested(type.layout)) {
      column.append_overflow(*overflow);
    } else {
      ADD_FAILURE() << way << " refused: " << cell->substr(0, 200);
      column.append_null();
    }
  }
  return column;
}

void expect_same(const Column& got, const Column& wanted, const Cells& texts, const std::string& way) {
  ASSERT_EQ(got.size(), wanted.size()) << way;
  for (std::size_t row = 0; row < got.size(); ++row) {
    const std::string where = way + ", row " + std::to_string(row) + ": " + texts[row].value_or("NULL").substr(0, 200);
    EXPECT_TRUE(got.same_value(row, wanted, row)) << where;
    const auto* overflow = got.overflow_at(row);
    const auto* wanted_overflow = wanted.overflow_at(row);
    ASSERT_EQ(overflow == nullptr, wanted_overflow == nullptr) << where;
    if (overflow != nullptr) {
      EXPECT_EQ(*overflow, *wanted_overflow) << where;
    }
  }
  EXPECT_EQ(got.data(), wanted.data()) << way;
  EXPECT_EQ(got.offsets(), wanted.offsets()) << way;
  EXPECT_EQ(got.validity(), wanted.validity()) << way;
  ASSERT_EQ(got.children().size(), wanted.children().size()) << way;
  for (std::size_t i = 0; i < got.children().size(); ++i) {
    const auto& child = got.children()[i];
    const Cells no_texts(child.size());
    expect_same(child, wanted.children()[i], no_texts, way + ", child " + std::to_string(i));
  }
}

std::string integer_of(const Column& column, std::size_t row) {
  switch (value_width(column.type().layout)) {
    case 1:
      return std::to_string(column.value<std::uint8_t>(row));
    case 2:
      return std::to_string(column.value<std::int16_t>(row));
    case 4:
      return column.type().layout == Layout::uint32 ? std::to_string(column.value<std::uint32_t>(row))
                                                    : std::to_string(column.value<std::int32_t>(row));
    case 8:
      return column.type().layout == Layout::uint64 ? std::to_string(column.value<std::uint64_t>(row))
                                                    : std::to_string(column.value<std::int64_t>(row));
    default:
      return print_int128(column.value<Int128>(row));
  }
}

// Compares the column with PostgreSQL's own answer: with `integers` if the case has them, where NULL means an overflow.
void expect_right(const Column& column, const Cells& texts, const Cells& integers, const ValueCase& item) {
  const bool asked_whether_held = item.integer.empty();
  ASSERT_EQ(column.size(), texts.size());
  for (std::size_t row = 0; row < texts.size(); ++row) {
    const std::string where = "row " + std::to_string(row) + ": " + texts[row].value_or("NULL").substr(0, 200);
    const auto* overflow = column.overflow_at(row);
    if (overflow != nullptr) {
      EXPECT_EQ(*overflow, texts[row]) << where;
    }
    if (!texts[row]) {
      EXPECT_TRUE(column.is_null(row) && overflow == nullptr) << where;
    } else if (asked_whether_held) {
      EXPECT_EQ(overflow == nullptr, integers[row] == "t") << where;
    } else if (integers[row]) {
      ASSERT_FALSE(column.is_null(row)) << where;
      EXPECT_EQ(integer_of(column, row), *integers[row]) << where;
    } else {
      EXPECT_NE(overflow, nullptr) << where;
    }
  }
}

class Differential : public testing::TestWithParam<ValueCase> {
 public:
  static void SetUpTestSuite() {
    database = std::make_unique<ScratchDatabase>(PostgresServer::shared());
    sql = std::make_unique<Sql>(database->conninfo());
    sql->exec(session_settings);
    sql->exec(value_case_types);
    for (const auto& item : value_cases()) {
      sql->exec("CREATE TABLE " + item.name + "(id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v " + item.type + ")");
    }
    sql->exec("CREATE PUBLICATION diff FOR ALL TABLES");
    sql->exec("SELECT pg_create_logical_replication_slot('diff', 'pgoutput')");
    for (const auto& item : value_cases()) sql->exec("INSERT INTO " + item.name + "(v) " + item.values);
    text_stream = stream_cells(*sql, Form::text);
    binary_stream = stream_cells(*sql, Form::binary);
  }
  static void TearDownTestSuite() {
    sql->exec("SELECT pg_drop_replication_slot('diff')");
    sql.reset();
    database.reset();
  }

 protected:
  static std::unique_ptr<ScratchDatabase> database;
  static std::unique_ptr<Sql> sql;
  static std::map<std::string, Cells> text_stream;
  static std::map<std::string, Cells> binary_stream;
};

std::unique_ptr<ScratchDatabase> Differential::database;
std::unique_ptr<Sql> Differential::sql;
std::map<std::string, Cells> Differential::text_stream;
std::map<std::string, Cells> Differential::binary_stream;

TEST_P(Differential, every_way_gives_the_same_bits) {
  const auto& item = GetParam();
  const std::string query = "SELECT v FROM " + item.name + " ORDER BY id";
  const auto text = fetch(*sql, query, Form::text);
  ASSERT_GT(text.cells.size(), 1U);
  const auto source = postgres::CatalogTypes(database->conninfo()).find(text.type_oid);
  const auto type = physical_type(source, text.typmod, no_limits);
  const auto parsers = parsers_for(source, type);
  const auto wanted = column_of(text.cells, parsers.text, type, "text");

  if (item.name == "chars") {  // printed as the raw byte up to version 15
    EXPECT_TRUE(wanted.overflow().empty());
  } else {
    const auto integers = fetch(
        *sql, "SELECT " + (item.integer.empty() ? item.held : item.integer) + " FROM " + item.name + " ORDER BY id",
        Form::text);
    expect_right(wanted, text.cells, integers.cells, item);
  }
  const auto expect_way = [&](const Cells& cells, const ValueParser& parser, const std::string& way) {
    expect_same(column_of(cells, parser, type, way, &wanted), wanted, text.cells, way);
  };
  expect_way(text_stream[item.name], parsers.text, "pgoutput text");
  ASSERT_EQ(parsers.binary != nullptr, has_binary_parser(source));
  if (parsers.binary == nullptr) return;
  expect_way(fetch(*sql, query, Form::binary).cells, parsers.binary, "binary");
  expect_way(copy_binary(*sql, query), parsers.binary, "COPY binary");
  expect_way(binary_stream[item.name], parsers.binary, "pgoutput binary");
}

INSTANTIATE_TEST_SUITE_P(Types, Differential, testing::ValuesIn(value_cases()),
                         [](const auto& param) { return param.param.name; });

// A server with encoding SQL_ASCII converts nothing; with UTF8 it refuses to send text that is not valid.
TEST(DifferentialEncodings, bytes_that_are_no_utf8_go_to_the_overflow_column_in_both_forms) {
  auto& server = PostgresServer::shared();
  Sql(server.conninfo())
      .exec("CREATE DATABASE ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
  {
    Sql sql(server.conninfo("ascii"));
    sql.exec(session_settings);
    sql.exec("SET client_encoding = 'SQL_ASCII'");
    sql.exec("CREATE TABLE t(id serial, v text)");
    sql.exec("INSERT INTO t(v) VALUES ('plain'), (E'caf\\xe9 \\\\'), (E'\\xc3\\xa9'), (E'\\xff\\xfe'), (NULL)");
    const auto parsers = parsers_for(type_oid::text, false, {Layout::utf8});
    const auto text = fetch(sql, "SELECT v FROM t ORDER BY id", Form::text);
    const auto wanted = column_of(text.cells, parsers.text, {Layout::utf8}, "text");
    EXPECT_EQ(wanted.bytes_at(0), "plain");
    EXPECT_EQ(*wanted.overflow_at(1), "\\x636166e9205c");
    EXPECT_EQ(wanted.bytes_at(2), "\xC3\xA9");
    EXPECT_EQ(*wanted.overflow_at(3), "\\xfffe");
    EXPECT_EQ(wanted.overflow().size(), 2U);
    const auto binary = fetch(sql, "SELECT v FROM t ORDER BY id", Form::binary);
    expect_same(column_of(binary.cells, parsers.binary, {Layout::utf8}, "binary"), wanted, text.cells, "binary");

    sql.exec("SET client_encoding = 'UTF8'");
    EXPECT_THROW((void)fetch(sql, "SELECT v FROM t ORDER BY id", Form::text), std::runtime_error);
  }
  server.drop_database("ascii");
}

}  // namespace
}  // namespace walbrook::postgres

#include "test/contract/postgres_kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "destination/target_shape.h"
#include "postgres/values/values.h"
#include "test/contract/scratch_databases.h"
#include "test/support/postgres_server.h"

namespace walbrook::contract {
namespace {

using destination::DestinationOptions;

DestinationOptions options_in(const std::string& folder) {
  return {.url = test::PostgresServer::shared().url(scratch_database(folder).name())};
}

SourceType scalar(Oid oid) {
  return {.oid = oid, .base_oid = oid};
}

// Returns the source type whose values have the layout.
SourceType source_type_of(const PhysicalType& type) {
  const auto nested = [&type](SourceType::Kind kind) {
    SourceType out{.kind = kind};
    for (std::size_t i = 0; i < type.children.size(); ++i) {
      out.fields.push_back({.name = type.names.empty() ? "" : type.names[i], .type = source_type_of(type.children[i])});
    }
    return out;
  };
  constexpr std::array<std::pair<Layout, Oid>, 20> scalars = {
      {{Layout::boolean, type_oid::boolean},     {Layout::int16, type_oid::int2},
       {Layout::int32, type_oid::int4},          {Layout::int64, type_oid::int8},
       {Layout::uint32, type_oid::oid},          {Layout::uint64, type_oid::xid8},
       {Layout::float32, type_oid::float4},      {Layout::float64, type_oid::float8},
       {Layout::decimal, type_oid::numeric},     {Layout::utf8, type_oid::text},
       {Layout::json, type_oid::json},           {Layout::binary, type_oid::bytea},
       {Layout::uuid, type_oid::uuid},           {Layout::date, type_oid::date},
       {Layout::time, type_oid::time},           {Layout::time_tz, type_oid::timetz},
       {Layout::timestamp, type_oid::timestamp}, {Layout::timestamp_tz, type_oid::timestamptz},
       {Layout::interval, type_oid::interval},   {Layout::bit, type_oid::varbit}}};
  switch (type.layout) {
    case Layout::list:
      return nested(SourceType::Kind::list);
    case Layout::structure:
      return nested(SourceType::Kind::composite);
    case Layout::map:
      return nested(SourceType::Kind::hstore);
    default:
      break;
  }
  const auto* const found = std::ranges::find(scalars, type.layout, &std::pair<Layout, Oid>::first);
  return scalar(found->second);
}

Cell parse_text(const PhysicalType& type, const std::string& printed) {
  Column column(type);
  const auto parser = postgres::parsers_for(source_type_of(type), type).text;
  const auto status = parser(printed, {}, column);
  if (status != postgres::ParseStatus::ok || column.overflow_at(0) != nullptr) {
    throw Error(ErrorKind::internal, fmt::format("\"{}\" is not a value of {}", printed, to_string(type)));
  }
  return cell_of(column, 0);
}

// The value as its type's output function prints it. (A cast to text prints a boolean differently.)
std::string printed(const std::string& column) {
  return fmt::format("CASE WHEN num_nulls({0}) = 0 THEN format('%s', {0}) END", test::quote_name(column));
}

std::vector<std::vector<Cell>> read_from_postgres(destination::Destination& destination,
                                                  const destination::OutputRecord& table) {
  auto& server = test::PostgresServer::shared();
  const auto name = destination.name();
  test::Sql sql(server.conninfo(name.substr(name.rfind('/') + 1)));
  sql.exec("SET TimeZone = 'UTC'; SET extra_float_digits = 3");
  const auto target = test::quote_name(table.target_schema) + "." + test::quote_name(table.target_name);
  std::vector<std::string> has;
  const auto there = sql.query("SELECT to_regclass(" + test::quote_literal(target) + ")");
  if (!there[0][0]) throw Error(ErrorKind::destination, "there is no table " + target);
  for (const auto& row : sql.query("SELECT attname FROM pg_attribute WHERE attnum > 0 AND attrelid = " +
                                   test::quote_literal(target) + "::regclass")) {
    has.push_back(*row[0]);
  }
  const auto& columns = table.columns->columns;
  const auto names = destination::target_column_names(destination.capabilities().names, table.style, *table.columns);
  std::string asked;
  for (const auto& column : names) {
    const auto overflow = column + "__v_text";
    const bool is_there = std::ranges::find(has, overflow) != has.end();
    asked += printed(column) + ", " + (is_there ? test::quote_name(overflow) : "NULL") + ", ";
  }
  // A target list has at most 1,664 entries; a wide table without overflow columns is read without them.
  const bool is_wide = columns.size() > 800;
  if (is_wide) {
    asked.clear();
    for (const auto& column : names) asked += printed(column) + ", ";
  }
  std::vector<std::vector<Cell>> rows;
  for (const auto& row : sql.query("SELECT " + asked + "NULL FROM " + target)) {
    auto& cells = rows.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto& printed = row[is_wide ? i : 2 * i];
      if (!is_wide && row[2 * i + 1]) {
        cells.emplace_back(OverflowText{*row[2 * i + 1]});
      } else if (printed) {
        cells.push_back(parse_text(columns[i].type, *printed));
      } else {
        cells.emplace_back(Null{});
      }
    }
  }
  return rows;
}

void drop_in_postgres(const DestinationOptions& options, const destination::TargetName& target) {
  test::Sql(options.url).exec("DROP TABLE " + test::quote_name(target.schema) + "." + test::quote_name(target.table));
}

}  // namespace

DestinationKind postgres_kind() {
  return {.name = "postgresql",
          .options = options_in,
          .read = read_from_postgres,
          .drop_table = drop_in_postgres,
          .keep = keep_scratch_database};
}

}  // namespace walbrook::contract

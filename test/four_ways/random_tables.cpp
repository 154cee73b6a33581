#include "test/four_ways/random_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace walbrook::test {
namespace {

constexpr std::size_t columns_in_all = 800;
constexpr std::size_t fewest_columns = 20;
constexpr std::size_t most_columns = 60;
constexpr std::size_t user_types_of_each_kind = 6;
constexpr unsigned null_percent = 10;
constexpr std::size_t rows_of_a_transaction = 500;

void append_copied(std::string& lines, const std::string& value) {
  for (const char c : value) {
    switch (c) {
      case '\\':
        lines += "\\\\";
        break;
      case '\n':
        lines += "\\n";
        break;
      case '\r':
        lines += "\\r";
        break;
      case '\t':
        lines += "\\t";
        break;
      default:
        lines.push_back(c);
    }
  }
}

void append_row(std::string& lines, const RandomTable& table, std::size_t id, Selection selection, Random& random) {
  lines += std::to_string(id);
  for (const auto& column : table.columns) {
    lines.push_back('\t');
    if (random.chance(null_percent)) {
      lines += "\\N";
      continue;
    }
    const bool held = selection == Selection::binary && column.nested;
    append_copied(lines, column.value(random, held ? Extent::held : Extent::any));
  }
  lines.push_back('\n');
}

}  // namespace

RandomTables::RandomTables(std::uint64_t seed, Selection selection, const ServerTypes& server)
    : seed_(seed), selection_(selection), random_(seed) {
  for (const auto& [name, generator] : type_generators(server)) {
    Random probe(0);
    if (selection == Selection::all || generator(probe).binary) generators_.push_back(generator);
  }
  draw_user_types();
  draw_column_types();
  deal_columns();
}

ColumnType RandomTables::draw_part() {
  const auto type = random_.pick(generators_)(random_);
  return random_.chance(15) ? array_of(type) : type;
}

ColumnType RandomTables::define(ColumnType type, const std::string& definition) {
  definitions_.push_back(definition);
  types_.push_back(type);
  types_.push_back(array_of(type));
  return type;
}

void RandomTables::draw_user_types() {
  std::vector<ColumnType> earlier;  // which later types may contain
  const auto part = [&] { return earlier.empty() || random_.chance(70) ? draw_part() : random_.pick(earlier); };
  for (std::size_t n = 1; n <= user_types_of_each_kind; ++n) {
    std::vector<std::string> labels = {"", "a b", fmt::format("é\"'\\{}", n), "NULL"};
    std::string listed;
    for (auto& label : labels) listed += (listed.empty() ? "" : ", ") + quote_literal(label);
    const auto mood = fmt::format("public.mood{}", n);
    ColumnType mood_type{
        .sql = mood, .value = [labels](Random& random, Extent) { return random.pick(labels); }, .binary = true};
    earlier.push_back(define(mood_type, fmt::format("CREATE TYPE {} AS ENUM ({})", mood, listed)));

    auto domain = part();
    const auto definition = fmt::format("CREATE DOMAIN public.domain{} AS {}", n, domain.sql);
    domain.sql = fmt::format("public.domain{}", n);
    earlier.push_back(define(domain, definition));

    std::vector<ColumnType> attributes;
    std::string described;
    for (auto count = random_.between(1, 5); count > 0; --count) {
      attributes.push_back(part());
      described += fmt::format("{}\"F {}\" {}", described.empty() ? "" : ", ", count, attributes.back().sql);
    }
    const auto name = fmt::format("public.\"Pair {}\"", n);
    earlier.push_back(define(composite_of(name, attributes), fmt::format("CREATE TYPE {} AS ({})", name, described)));
  }
  if (selection_ == Selection::binary) return;
  const Bounds words = [](Random& random) {
    auto low = random_text(random, 5);
    auto high = random_text(random, 5);
    return low < high ? std::pair(low, high) : std::pair(high, low);
  };
  define(
      range_of("public.words", words),
      "CREATE TYPE public.words AS RANGE (subtype = text, collation = \"C\", multirange_type_name = public.phrases)");
  types_.push_back(multirange_of("public.phrases", words));
  types_.push_back(array_of(multirange_of("public.phrases", words)));
}

// Each type occurs, and so does the array of each type.
void RandomTables::draw_column_types() {
  for (const auto& generator : generators_) {
    types_.push_back(generator(random_));
    types_.push_back(array_of(generator(random_)));
  }
  while (types_.size() < columns_in_all) types_.push_back(draw_part());
  for (std::size_t i = types_.size() - 1; i > 0; --i) std::swap(types_[i], types_[random_.below(i + 1)]);
}

void RandomTables::deal_columns() {
  std::size_t next = 0;
  while (next < types_.size()) {
    const auto wanted = random_.between(fewest_columns, most_columns);
    const auto rest = types_.size() - next;
    const auto count = rest < wanted + fewest_columns ? rest : wanted;
    RandomTable table{.name = fmt::format("t{}", tables_.size() + 1), .columns = {}};
    for (std::size_t i = 0; i < count; ++i) table.columns.push_back(types_[next++]);
    tables_.push_back(std::move(table));
  }
}

void RandomTables::create(Sql& sql) const {
  for (const auto& definition : definitions_) sql.exec(definition);
  for (const auto& table : tables_) {
    std::string columns = "id bigint PRIMARY KEY";
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      columns += fmt::format(", c{} {}", i + 1, table.columns[i].sql);
    }
    sql.exec(fmt::format("CREATE TABLE public.{} ({})", table.name, columns));
  }
}

void RandomTables::fill(Sql& sql, std::size_t values) const {
  const auto rows = values / types_.size();
  Random random(seed_ ^ 0x5EED);
  for (std::size_t first = 0; first < rows; first += rows_of_a_transaction) {
    sql.exec("BEGIN");
    for (const auto& table : tables_) {
      std::string lines;
      for (auto id = first; id < std::min(first + rows_of_a_transaction, rows); ++id) {
        append_row(lines, table, id, selection_, random);
      }
      sql.copy_in("public." + table.name, "", lines);
    }
    sql.exec("COMMIT");
  }
}

}  // namespace walbrook::test

// Tables of random types with random rows, from one seed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "test/four_ways/type_generators.h"
#include "test/support/sql.h"

namespace walbrook::test {

// Which columns and values a set of tables has.
enum class Selection {
  binary,  // of which walbrook can read everything in binary form
  all,
};

struct RandomTable {
  std::string name;                 // in the schema public
  std::vector<ColumnType> columns;  // c1, c2, …, after the key `id`
};

class RandomTables {
 public:
  RandomTables(std::uint64_t seed, Selection selection, const ServerTypes& server);

  // Creates the types and the empty tables. REQUIRES: the database has the extensions.
  void create(Sql& sql) const;
  // Loads about `values` values in all, in several transactions. Throws if the server refuses a value.
  void fill(Sql& sql, std::size_t values) const;

  [[nodiscard]] const std::vector<RandomTable>& tables() const { return tables_; }

 private:
  void draw_column_types();
  void draw_user_types();
  void deal_columns();
  [[nodiscard]] ColumnType draw_part();
  ColumnType define(ColumnType type, const std::string& definition);

  std::uint64_t seed_;
  Selection selection_;
  Random random_;
  std::vector<TypeGenerator> generators_;  // those of the selection
  std::vector<std::string> definitions_;   // CREATE TYPE and CREATE DOMAIN
  std::vector<ColumnType> types_;          // for the columns, before they are dealt
  std::vector<RandomTable> tables_;
};

}  // namespace walbrook::test

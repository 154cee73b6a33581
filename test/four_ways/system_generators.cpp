#include <fmt/format.h>

#include <algorithm>

#include "test/four_ways/type_generators.h"

namespace walbrook::test {
namespace {

// An object of the catalog by its name, or a number, behind which there may be none. 0 is printed as "-".
TextValue object(const std::vector<std::string>& names) {
  return [names](Random& random) {
    return random.chance(50) ? random.pick(names) : std::to_string(random_unsigned(random, 32));
  };
}

std::string list_of_numbers(Random& random, unsigned bits) {
  std::string out;
  for (auto count = random.below(5); count > 0; --count) {
    out += (out.empty() ? "" : " ") + std::to_string(random_integer(random, bits));
  }
  return out;
}

std::string oidvector(Random& random) {
  std::string out;
  for (auto count = random.below(5); count > 0; --count) {
    out += (out.empty() ? "" : " ") + std::to_string(random_unsigned(random, 32));
  }
  return out;
}

// xmin:xmax:the transactions that are in progress between them. None has 32 zeros at its end, which is no transaction.
std::string snapshot(Random& random) {
  std::vector<std::uint64_t> numbers;
  while (numbers.size() < 5) numbers.push_back(random_unsigned(random, 62) | 1U);
  std::ranges::sort(numbers);
  numbers.erase(std::ranges::unique(numbers).begin(), numbers.end());
  std::string out = fmt::format("{}:{}:", numbers.front(), numbers.back());
  for (std::size_t i = 1; i + 1 < numbers.size(); ++i) out += (i > 1 ? "," : "") + std::to_string(numbers[i]);
  return out;
}

std::string grants(Random& random) {
  static const std::vector<std::string> items = {"=r/postgres", "postgres=arwdDxt/postgres", "postgres=U*C/postgres",
                                                 "=/postgres"};
  return random.pick(items);
}

std::string row_position(Random& random) {
  const auto block = random_unsigned(random, 32);
  return fmt::format("({},{})", block, random_unsigned(random, 16));
}

std::string lsn(Random& random) {
  const auto high = random_unsigned(random, 32);
  return fmt::format("{:X}/{:X}", high, random_unsigned(random, 32));
}

}  // namespace

void add_system_types(TypeGenerators& types) {
  add_text_only(types, "pg_catalog.aclitem", grants);
  add_text_only(types, "pg_catalog.tid", row_position);
  add_text_only(types, "pg_catalog.xid", [](Random& random) { return std::to_string(random_unsigned(random, 32)); });
  add_text_only(types, "pg_catalog.cid", [](Random& random) { return std::to_string(random_unsigned(random, 32)); });
  add_text_only(types, "pg_catalog.pg_lsn", lsn);
  add_text_only(types, "pg_catalog.pg_snapshot", snapshot);
  add_text_only(types, "pg_catalog.txid_snapshot", snapshot);
  add_text_only(types, "pg_catalog.int2vector", [](Random& random) { return list_of_numbers(random, 16); });
  add_text_only(types, "pg_catalog.oidvector", oidvector);
  add_text_only(types, "pg_catalog.regclass", object({"pg_class", "pg_type"}));
  add_text_only(types, "pg_catalog.regcollation", object({"\"C\"", "\"default\""}));
  add_text_only(types, "pg_catalog.regconfig", object({"english", "simple"}));
  add_text_only(types, "pg_catalog.regdictionary", object({"simple", "english_stem"}));
  add_text_only(types, "pg_catalog.regnamespace", object({"pg_catalog", "information_schema"}));
  add_text_only(types, "pg_catalog.regoper", object({"||/", "|/"}));
  add_text_only(types, "pg_catalog.regoperator", object({"+(integer,integer)", "-(NONE,bigint)"}));
  add_text_only(types, "pg_catalog.regproc", object({"now", "pg_sleep"}));
  add_text_only(types, "pg_catalog.regprocedure", object({"abs(integer)", "now()"}));
  add_text_only(types, "pg_catalog.regrole", object({"postgres", "pg_monitor"}));
  add_text_only(types, "pg_catalog.regtype", object({"integer", "character varying[]", "\"char\""}));
}

}  // namespace walbrook::test

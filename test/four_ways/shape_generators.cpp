#include <fmt/format.h>

#include "test/four_ways/type_generators.h"

namespace walbrook::test {
namespace {

// Many are small, so that boxes, lines and circles of finite size occur.
std::string coordinate(Random& random) {
  if (random.chance(3)) return "-0";
  return random.chance(60) ? std::to_string(random_integer(random, 12)) : random_float8(random);
}

std::string point(Random& random) {
  const auto x = coordinate(random);
  return fmt::format("({},{})", x, coordinate(random));
}

std::string points(Random& random, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += (i > 0 ? "," : "") + point(random);
  return out;
}

std::string path(Random& random) {
  const auto inside = points(random, random.between(1, 4));
  return random.chance(50) ? "[" + inside + "]" : "(" + inside + ")";
}

std::string polygon(Random& random) {
  return "(" + points(random, random.between(1, 4)) + ")";
}

// A and B are not both zero.
std::string line(Random& random) {
  const auto b = coordinate(random);
  return fmt::format("{{{},{},{}}}", random.between(1, 9), b, coordinate(random));
}

std::string circle(Random& random) {
  const auto center = point(random);
  return fmt::format("<{},{}>", center, random.chance(5) ? "Infinity" : std::to_string(random_unsigned(random, 12)));
}

std::string ipv4(std::uint64_t address) {
  return fmt::format("{}.{}.{}.{}", address >> 24 & 255, address >> 16 & 255, address >> 8 & 255, address & 255);
}

std::string ipv6(std::uint64_t high, std::uint64_t low) {
  std::string out;
  for (int shift = 48; shift >= 0; shift -= 16) out += fmt::format("{:x}:", high >> shift & 0xFFFF);
  for (int shift = 48; shift >= 0; shift -= 16) {
    out += fmt::format("{:x}", low >> shift & 0xFFFF);
    if (shift > 0) out += ":";
  }
  return out;
}

std::string inet(Random& random) {
  if (random.chance(60)) {
    const auto address = ipv4(random_unsigned(random, 32));
    return random.chance(50) ? address : fmt::format("{}/{}", address, random.below(33));
  }
  const auto high = random_unsigned(random, 64);
  const auto address = ipv6(high, random_unsigned(random, 64));
  return random.chance(50) ? address : fmt::format("{}/{}", address, random.below(129));
}

// The bits after the prefix are zero.
std::string cidr(Random& random) {
  if (random.chance(60)) {
    const auto bits = random.below(33);
    const auto mask = bits == 0 ? 0 : 0xFFFFFFFFU << (32 - bits);
    return fmt::format("{}/{}", ipv4(random_unsigned(random, 32) & mask), bits);
  }
  const auto bits = random.below(65);
  const auto mask = bits == 0 ? 0 : ~std::uint64_t{0} << (64 - bits);
  return fmt::format("{}/{}", ipv6(random_unsigned(random, 64) & mask, 0), bits);
}

std::string hexadecimal(Random& random, int bytes) {
  return fmt::format("{:0{}x}", random_unsigned(random, static_cast<unsigned>(bytes) * 8), bytes * 2);
}

std::string lexeme(Random& random) {
  static const std::vector<std::string> lexemes = {"cat", "Fat", "it''s", "a b", "é", "\\\\", "1", ":", "&", "x,y"};
  return "'" + random.pick(lexemes) + "'";
}

std::string tsvector(Random& random) {
  std::string out;
  for (auto count = random.below(5); count > 0; --count) {
    out += lexeme(random);
    if (random.chance(60)) {
      out += fmt::format(":{}{}", random.between(1, 17000), random.pick<std::string>({"", "A", "B", "C", "D"}));
    }
    out += " ";
  }
  return out;
}

std::string tsquery_of(Random& random, int depth) {
  if (depth > 2 || random.chance(40)) {
    return lexeme(random) + random.pick<std::string>({"", ":A", ":*", ":BC*"});
  }
  if (random.chance(20)) return "!" + tsquery_of(random, depth + 1);
  static const std::vector<std::string> operators = {" & ", " | ", " <-> ", " <3> "};
  const auto left = tsquery_of(random, depth + 1);
  const auto between = random.pick(operators);
  return "(" + left + between + tsquery_of(random, depth + 1) + ")";
}

std::string tsquery(Random& random) {
  return random.chance(5) ? "" : tsquery_of(random, 0);
}

std::string jsonpath(Random& random) {
  static const std::vector<std::string> forms = {"$",
                                                 "$.a[*] ? (@.b > {})",
                                                 "strict $.\"a b\"[{} to last]",
                                                 "lax $.** {{2 to {}}}.c",
                                                 "$.a.size() + {}",
                                                 "-$.x * {}",
                                                 "$ ? (@ like_regex \"^é\" flag \"i\")",
                                                 "exists($.a ? (@ == {}))",
                                                 "$.d.datetime(\"YYYY\")"};
  return fmt::format(fmt::runtime(random.pick(forms)), random.between(2, 1000));
}

}  // namespace

void add_networks_and_shapes(TypeGenerators& types) {
  constexpr char semicolon = ';';  // the one type whose array elements a comma does not separate
  add_text_only(types, "pg_catalog.point", point);
  add_text_only(types, "pg_catalog.lseg", [](Random& random) { return "[" + points(random, 2) + "]"; });
  add_text_only(
      types, "pg_catalog.box", [](Random& random) { return points(random, 2); }, semicolon);
  add_text_only(types, "pg_catalog.path", path);
  add_text_only(types, "pg_catalog.polygon", polygon);
  add_text_only(types, "pg_catalog.line", line);
  add_text_only(types, "pg_catalog.circle", circle);
  add_text_only(types, "pg_catalog.inet", inet);
  add_text_only(types, "pg_catalog.cidr", cidr);
  add_text_only(types, "pg_catalog.macaddr", [](Random& random) { return hexadecimal(random, 6); });
  add_text_only(types, "pg_catalog.macaddr8", [](Random& random) { return hexadecimal(random, 8); });
  add_text_only(types, "pg_catalog.tsvector", tsvector);
  add_text_only(types, "pg_catalog.tsquery", tsquery);
  add_text_only(types, "pg_catalog.jsonpath", jsonpath);
}

}  // namespace walbrook::test

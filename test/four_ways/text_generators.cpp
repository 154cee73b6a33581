#include <fmt/format.h>

#include "test/four_ways/type_generators.h"

namespace walbrook::test {
namespace {

void append_utf8(std::string& out, std::uint32_t point) {
  if (point < 0x80) {
    out.push_back(static_cast<char>(point));
    return;
  }
  const int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  constexpr std::uint32_t leads[] = {0, 0xC0, 0xE0, 0xF0};
  out.push_back(static_cast<char>(leads[more] | (point >> (6 * more))));
  for (int i = more - 1; i >= 0; --i) out.push_back(static_cast<char>(0x80 | ((point >> (6 * i)) & 0x3F)));
}

std::uint32_t random_point(Random& random) {
  static const std::vector<std::uint32_t> special = {
      '\t', '\n', '\r', '\b',  0x01,  0x1B,  0x7F, '"',    '\'',   '\\',   ',',    '{',    '}',     '(',     ')',
      ';',  ' ',  0x80, 0x7FF, 0x800, 0x301, 0xA0, 0xD7FF, 0xE000, 0xFEFF, 0xFFFD, 0xFFFF, 0x10000, 0x1F600, 0x10FFFF};
  if (random.chance(70)) return static_cast<std::uint32_t>(random.between('a', 'z'));
  if (random.chance(60)) return random.pick(special);
  const auto point = static_cast<std::uint32_t>(random.between(0x20, 0x2FFFF));
  return point >= 0xD800 && point < 0xE000 ? 0xE9 : point;
}

std::string printable(Random& random, std::size_t most) {
  std::string out;
  for (auto count = random.below(most + 1); count > 0; --count) {
    out.push_back(static_cast<char>(random.between('a', 'z')));
  }
  return out;
}

std::string json_string(Random& random) {
  static const std::vector<std::string> parts = {"\\n", "\\u00e9",        "\\\\", "\\\"",   "\\/",
                                                 "é",   "\\ud83d\\ude00", " ",    "\\u0001"};
  std::string out = "\"" + printable(random, 5);
  for (auto count = random.below(3); count > 0; --count) out += random.pick(parts);
  return out + "\"";
}

std::string json_value(Random& random, int depth) {
  static const std::vector<std::string> plain = {
      "null", "true", "false", "0",     "-0", "1.10", "1E3", "12345678901234567890.10", "9007199254740993",
      "\"\"", "[]",   "{}",    "1e-400"};
  const auto kind = depth > 2 ? random.below(2) : random.below(4);
  if (kind == 0) return random.pick(plain);
  if (kind == 1) return json_string(random);
  std::string out;
  for (auto count = random.below(4); count > 0; --count) {
    if (!out.empty()) out += random.chance(50) ? "," : " ,  ";
    if (kind == 2) out += json_string(random) + (random.chance(50) ? ":" : " : ");
    out += json_value(random, depth + 1);
  }
  return kind == 2 ? "{" + out + "}" : "[" + out + "]";
}

std::string xml(Random& random) {
  static const std::vector<std::string> forms = {"",
                                                 "<a/>",
                                                 "<a b=\"c\">{}</a>",
                                                 "text &amp; {}",
                                                 "<!-- {} --><b/>",
                                                 "<x xmlns=\"urn:y\"><![CDATA[{}]]></x>",
                                                 "<é>{}</é>"};
  return fmt::format(fmt::runtime(random.pick(forms)), printable(random, 6));
}

ColumnType text(const std::string& sql, std::size_t most, bool binary = true) {
  return {.sql = sql,
          .value =
              [most](Random& random, Extent) {
                if (random.chance(1) && most >= 20) return std::string(random.between(100, 3000), 'x');
                return random_text(random, most);
              },
          .binary = binary};
}

// One byte. Bytes above 127 are not UTF-8 before version 16; values_test.cpp has them.
ColumnType single_byte(Random& /*random*/) {
  return {.sql = "\"char\"",
          .value =
              [](Random& random, Extent) {
                const auto text = random_text(random, 1);
                return text.size() == 1 ? text : std::string();
              },
          .binary = true};
}

ColumnType with_length(Random& random, const std::string& name) {
  const auto length = random.pick<std::size_t>({1, 3, 10, 40});
  return {.sql = fmt::format("{}({})", name, length),
          .value = [length](Random& of_value, Extent) { return random_text(of_value, length); },
          .binary = true};
}

std::string hex(Random& random) {
  std::string out = "\\x";
  const auto size = random.chance(1) ? random.between(100, 4000) : random.below(12);
  for (std::size_t i = 0; i < size; ++i) out += fmt::format("{:02x}", random.below(256));
  return out;
}

std::string uuid(Random& random) {
  if (random.chance(5)) return "00000000-0000-0000-0000-000000000000";
  if (random.chance(5)) return "ffffffff-ffff-ffff-ffff-ffffffffffff";
  const auto high = random.next();
  const auto low = random.next();
  return fmt::format("{:016x}{:016x}", high, low);
}

}  // namespace

std::string random_text(Random& random, std::size_t most_characters) {
  static const std::vector<std::string> special = {"NULL", "null", "\\N", "{}", "\\.", "NaN",
                                                   "''",   "\"\"", "a ",  " ",  "()"};
  if (random.chance(8)) {
    const auto& picked = random.pick(special);
    if (picked.size() <= most_characters) return picked;
  }
  std::string out;
  for (auto count = random.below(most_characters + 1); count > 0; --count) append_utf8(out, random_point(random));
  return out;
}

void add_texts(TypeGenerators& types) {
  types["pg_catalog.text"] = [](Random&) { return text("text", 20); };
  types["pg_catalog.varchar"] = [](Random& random) {
    return random.chance(30) ? text("varchar", 20) : with_length(random, "varchar");
  };
  types["pg_catalog.bpchar"] = [](Random& random) {
    return random.chance(20) ? text("bpchar", 20) : with_length(random, "char");
  };
  types["pg_catalog.name"] = [](Random&) { return text("name", 70); };
  types["pg_catalog.refcursor"] = [](Random&) { return text("refcursor", 10, false); };
  types["pg_catalog.char"] = single_byte;
  types["pg_catalog.json"] = [](Random&) {
    return ColumnType{
        .sql = "json", .value = [](Random& random, Extent) { return json_value(random, 0); }, .binary = true};
  };
  types["pg_catalog.jsonb"] = [](Random&) {
    return ColumnType{
        .sql = "jsonb", .value = [](Random& random, Extent) { return json_value(random, 0); }, .binary = true};
  };
  types["pg_catalog.xml"] = [](Random&) {
    return ColumnType{.sql = "xml", .value = [](Random& random, Extent) { return xml(random); }};
  };
  types["pg_catalog.bytea"] = [](Random&) {
    return ColumnType{.sql = "bytea", .value = [](Random& random, Extent) { return hex(random); }, .binary = true};
  };
  types["pg_catalog.uuid"] = [](Random&) {
    return ColumnType{.sql = "uuid", .value = [](Random& random, Extent) { return uuid(random); }, .binary = true};
  };
}

}  // namespace walbrook::test

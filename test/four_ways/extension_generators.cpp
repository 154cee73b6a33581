#include <fmt/format.h>

#include "test/four_ways/type_generators.h"

namespace walbrook::test {
namespace {

std::string quoted_key(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + '"';
}

std::string hstore(Random& random) {
  std::string out;
  for (auto count = random.below(5); count > 0; --count) {
    if (!out.empty()) out += ", ";
    out += quoted_key(random_text(random, 4)) + "=>";
    out += random.chance(20) ? "NULL" : quoted_key(random_text(random, 8));
  }
  return out;
}

std::string label(Random& random) {
  static const std::vector<std::string> labels = {"Top", "a", "b_2", "99", "Ä", "x"};
  return random.pick(labels);
}

std::string ltree(Random& random) {
  std::string out;
  for (auto count = random.below(5); count > 0; --count) out += (out.empty() ? "" : ".") + label(random);
  return out;
}

std::string lquery(Random& random) {
  static const std::vector<std::string> levels = {"*", "*{1,3}", "*{,2}", "a|b", "!x", "Top*@", "b%", "a*@%|b*"};
  std::string out;
  for (auto count = random.between(1, 4); count > 0; --count) {
    out += (out.empty() ? "" : ".") + (random.chance(50) ? random.pick(levels) : label(random));
  }
  return out;
}

std::string formula(Random& random, const TextValue& leaf, int depth) {
  if (depth > 2 || random.chance(40)) return leaf(random);
  if (random.chance(20)) return "!" + formula(random, leaf, depth + 1);
  const auto left = formula(random, leaf, depth + 1);
  const std::string between = random.chance(50) ? " & " : " | ";
  return "(" + left + between + formula(random, leaf, depth + 1) + ")";
}

std::string cube(Random& random) {
  const auto dimensions = random.between(1, 4);
  const auto corner = [&] {
    std::string out = "(";
    for (std::size_t i = 0; i < dimensions; ++i) out += (i > 0 ? "," : "") + random_float8(random);
    return out + ")";
  };
  const auto first = corner();
  return random.chance(50) ? first : first + "," + corner();
}

std::string seg(Random& random) {
  static const std::vector<std::string> forms = {"{}.50", "{}",   "~{}",      "<{}",       ">{}",
                                                 "{}..",  "..{}", "{} .. {}", "{}(+-)1.5", "{}e5"};
  const auto low = random.between(0, 500);
  const auto high = random.between(501, 1000);
  return fmt::format(fmt::runtime(random.pick(forms)), low, high);
}

// `digits` and their check digit, as in EAN-13: weights 1 and 3.
std::string with_check_digit(std::string digits) {
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) sum += (digits[i] - '0') * ((digits.size() - i) % 2 == 1 ? 3 : 1);
  digits.push_back(static_cast<char>('0' + (10 - sum % 10) % 10));
  return digits;
}

// A number of 13 digits that begins with `prefix` and ends with `suffix` and the check digit.
TextValue number(const std::string& prefix, const std::string& suffix = "") {
  return [prefix, suffix](Random& random) {
    return with_check_digit(prefix + random_digits(random, 12 - prefix.size() - suffix.size()) + suffix);
  };
}

}  // namespace

void add_extension_types(TypeGenerators& types) {
  types["public.hstore"] = [](Random&) {
    return ColumnType{.sql = "public.hstore",
                      .value = [](Random& random, Extent) { return hstore(random); },
                      .binary = true,
                      .nested = true};
  };
  add_text_only(types, "public.citext", [](Random& random) { return random_text(random, 20); });
  add_text_only(types, "public.ltree", ltree);
  add_text_only(types, "public.lquery", lquery);
  add_text_only(types, "public.ltxtquery", [](Random& random) { return formula(random, label, 0); });
  add_text_only(types, "public.query_int", [](Random& random) {
    return formula(
        random, [](Random& of_leaf) { return std::to_string(of_leaf.below(1000)); }, 0);
  });
  add_text_only(types, "public.cube", cube);
  add_text_only(types, "public.seg", seg);
  add_text_only(types, "public.ean13", number(""));
  add_text_only(types, "public.upc", number("0"));
  for (const char* name : {"public.isbn", "public.isbn13"}) add_text_only(types, name, number("978"));
  for (const char* name : {"public.ismn", "public.ismn13"}) add_text_only(types, name, number("9790"));
  for (const char* name : {"public.issn", "public.issn13"}) add_text_only(types, name, number("977", "00"));
}

}  // namespace walbrook::test

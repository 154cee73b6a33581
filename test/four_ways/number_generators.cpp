#include <fmt/format.h>

#include <bit>
#include <cmath>

#include "test/four_ways/type_generators.h"

namespace walbrook::test {
namespace {

ColumnType integer(const std::string& sql, unsigned bits) {
  return {.sql = sql,
          .value = [bits](Random& random, Extent) { return std::to_string(random_integer(random, bits)); },
          .binary = true};
}

ColumnType unsigned_integer(const std::string& sql, unsigned bits) {
  return {.sql = sql,
          .value = [bits](Random& random, Extent) { return std::to_string(random_unsigned(random, bits)); },
          .binary = true};
}

// Without -0: DuckDB's compression may give zeros next to each other one sign (docs/gotchas.md). values_test.cpp has
// it.
std::string random_float4(Random& random) {
  static const std::vector<std::string> extremes = {
      "-0",       "0",      "NaN",           "Infinity",      "-Infinity",
      "1e-45",    "-1e-45", "1.1754942e-38", "3.4028235e+38", "-3.4028235e+38",
      "16777217", "0.1"};
  if (random.chance(30)) return random.pick(extremes);
  const auto number = std::bit_cast<float>(static_cast<std::uint32_t>(random.next()));
  return std::isfinite(number) ? fmt::format("{}", number) : "1.5";
}

// A number with at most `before` digits before the point and `after` after it; `after` may be negative.
std::string decimal(Random& random, int before, int after) {
  const auto sign = random.chance(40) ? "-" : "";
  if (random.chance(10)) return "0";
  const auto whole = random.chance(30) ? before : static_cast<int>(random.below(static_cast<std::size_t>(before) + 1));
  if (after < 0) {
    const auto kept = std::max(whole + after, 0);
    return kept == 0 ? "0" : sign + random_digits(random, static_cast<std::size_t>(kept)) + std::string(-after, '0');
  }
  const auto fraction = random.chance(50) ? after : static_cast<int>(random.below(static_cast<std::size_t>(after) + 1));
  auto text = sign + (whole == 0 ? "0" : random_digits(random, static_cast<std::size_t>(whole)));
  if (fraction > 0) text += "." + random_digits(random, static_cast<std::size_t>(fraction));
  return text;
}

// The digits of DECIMAL(38,9), which holds numerics without a precision or with one that DuckDB lacks.
constexpr int digits_before = 29;
constexpr int digits_after = 9;

std::string any_numeric(Random& random, int major) {
  static const std::vector<std::string> extremes = {"NaN",
                                                    "1e-16383",
                                                    "1e131071",
                                                    "-0.000",
                                                    "1.0000000000",
                                                    "99999999999999999999999999999.999999999",
                                                    "-99999999999999999999999999999.9999999991",
                                                    "100000000000000000000000000000"};
  if (random.chance(1)) return random.pick(extremes);
  if (major >= 14 && random.chance(3)) return random.chance(50) ? "Infinity" : "-Infinity";
  return random.chance(70) ? decimal(random, digits_before, digits_after) : decimal(random, 45, 30);
}

ColumnType numeric_without_precision(int major) {
  return {.sql = "numeric",
          .value =
              [major](Random& random, Extent extent) {
                return extent == Extent::any ? any_numeric(random, major)
                                             : decimal(random, digits_before, digits_after);
              },
          .binary = true};
}

ColumnType numeric_with(int precision, int scale) {
  const bool fits = precision <= 38 && scale >= 0 && scale <= precision;
  return {.sql = fmt::format("numeric({},{})", precision, scale),
          .value = [=](Random& random, Extent extent) -> std::string {
            if (extent == Extent::any && random.chance(5)) return "NaN";
            if (scale > precision) {  // zeros after the point come first
              const auto digits = extent == Extent::any || scale <= digits_after ? precision : 0;
              if (digits == 0) return "0";
              return (random.chance(50) ? "-0." : "0.") + std::string(scale - digits, '0') +
                     random_digits(random, static_cast<std::size_t>(digits));
            }
            if (fits || extent == Extent::any) return decimal(random, precision - scale, scale);
            return decimal(random, std::min(precision - scale, digits_before), std::min(scale, digits_after));
          },
          .binary = true};
}

ColumnType numeric(Random& random, int major) {
  if (random.chance(25)) return numeric_without_precision(major);
  if (random.chance(60)) {
    const auto precision = random.chance(30) ? 38 : static_cast<int>(random.between(1, 38));
    return numeric_with(precision, static_cast<int>(random.below(static_cast<std::size_t>(precision) + 1)));
  }
  if (major < 15 || random.chance(40)) {
    const auto scale = static_cast<int>(random.below(30));
    return numeric_with(39 + static_cast<int>(random.below(40)), scale);
  }
  const auto precision = static_cast<int>(random.between(1, 20));
  const auto further = static_cast<int>(random.between(1, 5));
  return numeric_with(precision, random.chance(50) ? -further : precision + further);
}

ColumnType bits(Random& random) {
  const auto length = random.pick<std::size_t>({1, 7, 8, 9, 31, 64, 65});
  return {.sql = fmt::format("bit({})", length),
          .value =
              [length](Random& of_value, Extent) {
                std::string text;
                while (text.size() < length) text.push_back(of_value.chance(50) ? '1' : '0');
                return text;
              },
          .binary = true};
}

ColumnType varying_bits(Random& random) {
  const bool limited = random.chance(50);
  return {.sql = limited ? "bit varying(20)" : "bit varying",
          .value =
              [limited](Random& of_value, Extent extent) {
                auto length = of_value.below(limited ? 21 : 80);
                if (length == 0 && extent == Extent::held) length = 1;
                std::string text;
                while (text.size() < length) text.push_back(of_value.chance(50) ? '1' : '0');
                return text;
              },
          .binary = true};
}

ColumnType money(Random& /*random*/) {
  return {.sql = "money", .value = [](Random& random, Extent) {
            // In cents, between the ends of int8.
            if (random.chance(10)) return std::string("-92233720368547758.08");
            const auto cents = random_integer(random, 60);
            return fmt::format("{}{}.{:02}", cents < 0 ? "-" : "", std::abs(cents / 100), std::abs(cents % 100));
          }};
}

}  // namespace

std::uint64_t random_unsigned(Random& random, unsigned bits) {
  const auto most = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
  if (random.chance(10)) return most;
  if (random.chance(10)) return most / 2 + random.below(2);
  if (random.chance(10)) return 0;
  return random.next() >> (64 - random.between(1, bits));
}

std::int64_t random_integer(Random& random, unsigned bits) {
  const auto most = static_cast<std::int64_t>((std::uint64_t{1} << (bits - 1)) - 1);
  if (random.chance(10)) return most;
  if (random.chance(10)) return -most - 1;
  if (random.chance(10)) return static_cast<std::int64_t>(random.below(3)) - 1;
  const auto number = static_cast<std::int64_t>(random.next() >> (64 - random.between(1, bits - 1)));
  return random.chance(50) ? number : -number;
}

std::string random_digits(Random& random, std::size_t count) {
  const auto kind = random.below(10);  // all nines, a one with zeros, or random
  std::string digits;
  while (digits.size() < count) {
    digits.push_back(kind == 0 ? '9' : kind == 1 ? '0' : static_cast<char>('0' + random.below(10)));
  }
  if (count > 0 && digits[0] == '0') digits[0] = '1';
  return digits;
}

std::string random_float8(Random& random) {
  static const std::vector<std::string> extremes = {"0",
                                                    "NaN",
                                                    "Infinity",
                                                    "-Infinity",
                                                    "5e-324",
                                                    "-5e-324",
                                                    "2.2250738585072009e-308",
                                                    "1.7976931348623157e+308",
                                                    "-1.7976931348623157e+308",
                                                    "1e15",
                                                    "1e16",
                                                    "9007199254740993",
                                                    "0.1"};
  if (random.chance(30)) return random.pick(extremes);
  const auto number = std::bit_cast<double>(random.next());
  return std::isfinite(number) ? fmt::format("{}", number) : "1.5";
}

void add_numbers(TypeGenerators& types, int major) {
  types["pg_catalog.bool"] = [](Random&) {
    return ColumnType{.sql = "boolean",
                      .value = [](Random& random, Extent) { return random.chance(50) ? "t" : "f"; },
                      .binary = true};
  };
  types["pg_catalog.int2"] = [](Random&) { return integer("smallint", 16); };
  types["pg_catalog.int4"] = [](Random&) { return integer("integer", 32); };
  types["pg_catalog.int8"] = [](Random&) { return integer("bigint", 64); };
  types["pg_catalog.oid"] = [](Random&) { return unsigned_integer("oid", 32); };
  types["pg_catalog.xid8"] = [](Random&) { return unsigned_integer("xid8", 64); };
  types["pg_catalog.float4"] = [](Random&) {
    return ColumnType{
        .sql = "real", .value = [](Random& random, Extent) { return random_float4(random); }, .binary = true};
  };
  types["pg_catalog.float8"] = [](Random&) {
    return ColumnType{.sql = "double precision",
                      .value = [](Random& random, Extent) { return random_float8(random); },
                      .binary = true};
  };
  types["pg_catalog.numeric"] = [major](Random& random) { return numeric(random, major); };
  types["pg_catalog.bit"] = bits;
  types["pg_catalog.varbit"] = varying_bits;
  types["pg_catalog.money"] = money;
}

}  // namespace walbrook::test

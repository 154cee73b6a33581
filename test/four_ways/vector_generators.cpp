#include <fmt/format.h>

#include <bit>
#include <cmath>

#include "test/four_ways/type_generators.h"

namespace walbrook::test {
namespace {

constexpr std::size_t most_dimensions = 40;

std::string number_of_vector(Random& random) {
  static const std::vector<std::string> extremes = {"-0",  "0",        "1e-45",         "-1e-45",
                                                    "0.1", "16777217", "3.4028235e+38", "-3.4028235e+38"};
  if (random.chance(30)) return random.pick(extremes);
  const auto number = std::bit_cast<float>(static_cast<std::uint32_t>(random.next()));
  return std::isfinite(number) ? fmt::format("{}", number) : "1.5";
}

std::string number_of_halfvec(Random& random) {
  static const std::vector<std::string> extremes = {"-0",         "0",     "6e-08",  "-6e-08", "6.097555e-05",
                                                    "6.1035e-05", "65504", "-65504", "0.1"};
  if (random.chance(30)) return random.pick(extremes);
  return fmt::format("{}", (static_cast<double>(random.below(131'009)) - 65'504) / std::exp2(random.below(24)));
}

std::string vector_of(const TextValue& number, std::size_t dimensions, Random& random) {
  std::string out;
  for (std::size_t i = 0; i < dimensions; ++i) out += (i == 0 ? "[" : ",") + number(random);
  return out + "]";
}

TypeGenerator vectors(const std::string& type, const TextValue& number) {
  return [=](Random& random) {
    const auto fixed = random.chance(50) ? random.between(1, most_dimensions) : 0;
    return ColumnType{.sql = fixed > 0 ? fmt::format("{}({})", type, fixed) : type,
                      .value =
                          [=](Random& of_value, Extent) {
                            return vector_of(number, fixed > 0 ? fixed : of_value.between(1, most_dimensions),
                                             of_value);
                          },
                      .binary = true,
                      .nested = true};
  };
}

// "{1:0.5,7:-2}/9", with ascending indexes.
std::string sparse(Random& random) {
  const auto dimensions = random.between(1, most_dimensions);
  std::string out = "{";
  for (std::size_t i = 1; i <= dimensions; ++i) {
    if (random.chance(80)) continue;
    out += fmt::format("{}{}:{}", out.size() > 1 ? "," : "", i, number_of_vector(random));
  }
  return fmt::format("{}}}/{}", out, dimensions);
}

}  // namespace

void add_vectors(TypeGenerators& types) {
  types["public.vector"] = vectors("public.vector", number_of_vector);
  types["public.halfvec"] = vectors("public.halfvec", number_of_halfvec);
  add_text_only(types, "public.sparsevec", sparse);
}

}  // namespace walbrook::test

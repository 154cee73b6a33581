#include "destination/capabilities.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace walbrook::destination {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::string NameRules::folded(std::string_view name) const {
  std::string out(name);
  if (folds_ascii_case) std::ranges::transform(out, out.begin(), lower);
  return out;
}

bool NameRules::same(std::string_view a, std::string_view b) const {
  return folds_ascii_case ? std::ranges::equal(a, b, {}, lower, lower) : a == b;
}

void check_dataset_name(const NameRules& rules, std::string_view name, std::string_view label) {
  for (const auto& reserved : rules.reserved_schemas) {
    if (!rules.same(name, reserved.name)) continue;
    throw Error(ErrorKind::configuration, fmt::format("{} \"{}\" {}", label, printable(name), reserved.why),
                "Choose another name.", {.setting = std::string(label)});
  }
}

}  // namespace walbrook::destination

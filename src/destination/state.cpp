#include "destination/state.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"

namespace walbrook::destination {
namespace {

constexpr std::array<std::pair<OutputState, std::string_view>, 7> state_names = {{{OutputState::pending, "pending"},
                                                                                  {OutputState::copying, "copying"},
                                                                                  {OutputState::streaming, "streaming"},
                                                                                  {OutputState::suspended, "suspended"},
                                                                                  {OutputState::removed, "removed"},
                                                                                  {OutputState::loaded, "loaded"},
                                                                                  {OutputState::left_out, "left_out"}}};

}  // namespace

std::string_view to_string(OutputState state) {
  for (const auto& [known, name] : state_names) {
    if (known == state) return name;
  }
  return "pending";
}

OutputState parse_output_state(std::string_view text) {
  for (const auto& [state, name] : state_names) {
    if (name == text) return state;
  }
  throw Error(ErrorKind::destination, "unknown output state \"" + std::string(text) + "\" in the destination's state",
              "The state was written by another version of walbrook or changed by hand.");
}

bool may_be_swapped_in(OutputState state) {
  return state == OutputState::copying || state == OutputState::streaming || state == OutputState::loaded;
}

OutputId next_output_id(const std::vector<OutputRecord>& known) {
  OutputId newest;
  for (const auto& output : known) newest = std::max(newest, output.id);
  return {newest.value + 1};
}

std::string_view to_string(Naming naming) {
  return naming == Naming::snake_case ? "snake_case" : "exact";
}

std::string_view to_string(Metadata metadata) {
  switch (metadata) {
    case Metadata::walbrook:
      return "walbrook";
    case Metadata::dlt:
      return "dlt";
    case Metadata::none:
      break;
  }
  return "none";
}

Naming parse_naming(std::string_view text) {
  if (text.empty() || text == "exact") return Naming::exact;
  if (text == "snake_case") return Naming::snake_case;
  throw Error(ErrorKind::configuration, "unknown naming \"" + std::string(text) + "\"", "Known: exact, snake_case.",
              {.setting = "naming"});
}

Metadata parse_metadata(std::string_view text) {
  if (text.empty() || text == "none") return Metadata::none;
  if (text == "walbrook") return Metadata::walbrook;
  if (text == "dlt") return Metadata::dlt;
  throw Error(ErrorKind::configuration, "unknown metadata columns \"" + std::string(text) + "\"",
              "Known: none, walbrook, dlt.", {.setting = "metadata"});
}

}  // namespace walbrook::destination

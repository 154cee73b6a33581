// Constructs a remedy (walbrook/remedy.h), and puts it into the words of the program that shows it.
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "walbrook/remedy.h"

namespace walbrook {

enum class Wording {
  command,  // flags and commands: "--slot", "walbrook run --reset"
  library,  // options and calls: "slot_name", "init_replication with .reset = true"
};
[[nodiscard]] std::string to_text(const Remedy& remedy, Wording wording);
[[nodiscard]] std::string to_text(RemedyOption option, Wording wording);

// Replaces every password in its parts by "***", as mask_secrets does.
[[nodiscard]] Remedy masked(const Remedy& remedy);

// Text with a "{}" for each argument; the compiler checks their number.
template <std::size_t arguments>
struct RemedyPattern {
  consteval RemedyPattern(const char* text) : words(text) {  // NOLINT(google-explicit-constructor)
    std::size_t places = 0;
    for (std::size_t at = words.find("{}"); at != std::string_view::npos; at = words.find("{}", at + 2)) ++places;
    if (places != arguments) throw "a remedy has one {} for each argument";
  }
  std::string_view words;
};

template <class Argument>
RemedyPart remedy_part(Argument&& argument) {
  if constexpr (std::same_as<std::remove_cvref_t<Argument>, RemedyOption>) {
    return SetOption{argument};
  } else if constexpr (std::same_as<std::remove_cvref_t<Argument>, RemedyAction>) {
    return TakeAction{argument};
  } else if constexpr (std::constructible_from<RemedyPart, Argument> && !std::convertible_to<Argument, std::string>) {
    return RemedyPart(std::forward<Argument>(argument));
  } else {
    return fmt::format("{}", std::forward<Argument>(argument));
  }
}

// remedy("Give another name by {}, or {}.", RemedyOption::slot, ExecuteSql{…}): options, actions and SQL become parts
// of their own, everything else text.
template <class... Arguments>
[[nodiscard]] Remedy remedy(RemedyPattern<sizeof...(Arguments)> pattern, Arguments&&... arguments) {
  std::vector<RemedyPart> parts;
  auto rest = pattern.words;
  const auto words = [&parts](std::string_view text) {
    if (!text.empty()) parts.emplace_back(std::string(text));
  };
  const auto add = [&](RemedyPart part) {
    const auto place = rest.find("{}");
    words(rest.substr(0, place));
    parts.push_back(std::move(part));
    rest.remove_prefix(place + 2);
  };
  (add(remedy_part(std::forward<Arguments>(arguments))), ...);
  words(rest);
  return Remedy(std::move(parts));
}

}  // namespace walbrook

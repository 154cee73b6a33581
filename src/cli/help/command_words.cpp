#include "cli/help/command_words.h"

#include <algorithm>

#include "cli/flags.h"
#include "config/keys.h"

namespace walbrook::cli {
namespace {

// Splits "off|on|parallel" from an option's type name. Without one, returns the configuration's choices.
std::vector<std::string> choices_for(const CLI::Option& option, const std::string& flag) {
  config::Key choices{.choices = {}};
  const auto type = option.get_type_name();
  if (type.find('|') != std::string::npos) {
    choices.choices = type;
    return config::choices_of(choices);
  }
  const auto keys = config::keys();
  const auto found = std::ranges::find_if(
      keys, [&flag](const config::Key& key) { return !flag.empty() && key.flag == flag && !key.choices.empty(); });
  return found == keys.end() ? std::vector<std::string>() : config::choices_of(*found);
}

ValueWords value_of(const CLI::Option& option, const std::string& flag, const std::string& operand) {
  using Kind = ValueWords::Kind;
  if (auto words = choices_for(option, flag); !words.empty()) return {.kind = Kind::words, .words = std::move(words)};
  if (flag == "--pipeline" || operand == "PIPELINE") return {.kind = Kind::pipelines, .words = {}};
  if (operand == "FOLDER") return {.kind = Kind::folders, .words = {}};
  if (operand == "FILE" || operand == "CAPTURE" || flag == "--destination") return {.kind = Kind::files, .words = {}};
  return {};
}

bool takes_many(const CLI::Option& option) {
  return option.get_expected_max() > 1;
}

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

void add_option_words(const CLI::Option& option, CommandWords& command) {
  const auto& long_names = option.get_lnames();
  if (option.get_positional()) {
    const auto name = option.get_name(true, false);
    command.positions.push_back({.name = name, .value = value_of(option, {}, name), .repeats = takes_many(option)});
  }
  if (long_names.empty()) return;
  const auto& short_names = option.get_snames();
  const auto flag = "--" + long_names.front();
  const auto& operand = option.get_option_text();
  command.flags.push_back({.name = flag,
                           .short_name = short_names.empty() ? "" : "-" + short_names.front(),
                           .operand = operand,
                           .help = one_line(option.get_description()),
                           .value = operand.empty() ? ValueWords{} : value_of(option, flag, operand),
                           .repeats = takes_many(option)});
}

}  // namespace

std::vector<CommandWords> command_words() {
  Flags flags;
  CLI::App top;
  std::vector<CommandWords> commands;
  for (const auto& entry : add_commands(top, flags)) {
    CommandWords command{
        .name = entry.app->get_name(), .summary = entry.app->get_description(), .positions = {}, .flags = {}};
    for (const auto& group : entry.app->get_groups()) {
      for (const auto* option : entry.app->get_options()) {
        if (option->get_group() == group) add_option_words(*option, command);
      }
    }
    commands.push_back(std::move(command));
  }
  return commands;
}

}  // namespace walbrook::cli

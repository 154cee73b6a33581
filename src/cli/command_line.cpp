#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <utility>

#include "base/mask_secrets.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/command_line_settings.h"
#include "cli/flags.h"
#include "cli/help/help_text.h"
#include "cli/process_arguments.h"

namespace walbrook::cli {
namespace {

std::vector<std::string> flag_names(const CLI::App& app) {
  std::vector<std::string> names = {"--help"};
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

const CommandEntry* parsed_of(const std::vector<CommandEntry>& entries) {
  for (const auto& entry : entries) {
    if (entry.app->parsed()) return &entry;
  }
  return nullptr;
}

std::string commands_of(const std::vector<CommandEntry>& entries) {
  std::string names;
  for (const auto& entry : entries) names += (names.empty() ? "" : ", ") + entry.app->get_name();
  return fmt::format("Commands: {}.", names);
}

[[noreturn]] void refuse_password(const std::string& flag) {
  throw Error(ErrorKind::configuration, fmt::format("walbrook accepts no password as a flag ({})", flag),
              "Everybody who lists processes can see arguments. Put it into PGPASSWORD, ~/.pgpass or "
              ".walbrook/secrets.toml.");
}

// Refuses what CLI11 could not place: a flag, or one word too many. Values are not printed, as they may hold a
// password.
void refuse_extras(const CLI::App& app) {
  auto extras = app.remaining();
  std::erase(extras, "--");  // CLI11 keeps the end-of-flags mark there as well
  if (extras.empty()) return;
  const std::string all = fmt::format("`walbrook {} --help` lists all.", app.get_name());
  if (!extras[0].starts_with('-') || extras[0] == "-") {
    throw Error(ErrorKind::configuration, fmt::format("unexpected argument \"{}\"", printable(mask_secrets(extras[0]))),
                all);
  }
  // CLI11 takes the rest after a single dash as a value: -psecret.
  const bool is_short = !extras[0].starts_with("--");
  const std::string flag = is_short ? extras[0].substr(0, 2) : extras[0].substr(0, extras[0].find('='));
  if (names_password(flag)) refuse_password(flag);
  const std::string meant = nearest(flag, flag_names(app));
  throw Error(ErrorKind::configuration,
              fmt::format("unknown flag {} of `walbrook {}`", printable(flag), app.get_name()),
              meant.empty() ? all : fmt::format("Did you mean {}? {}", meant, all));
}

// CLI11 would take an unknown word as an argument.
void check_command_word(const std::vector<std::string>& arguments, const std::vector<CommandEntry>& entries) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "--version") return;
  const auto& word = arguments[0];
  std::vector<std::string> names;
  for (const auto& entry : entries) names.push_back(entry.app->get_name());
  if (std::find(names.begin(), names.end(), word) != names.end()) return;
  if (word.starts_with('-')) {
    throw Error(ErrorKind::configuration,
                fmt::format("{} comes before the command", printable(word.substr(0, word.find('=')))),
                commands_of(entries));
  }
  const std::string meant = nearest(word, names);
  throw Error(ErrorKind::configuration, fmt::format("unknown command \"{}\"", printable(mask_secrets(word))),
              meant.empty() ? commands_of(entries) : fmt::format("Did you mean `walbrook {}`?", meant));
}

}  // namespace

CommandLineResult parse_command_line(std::vector<std::string> arguments) {
  Flags flags;
  CLI::App top;
  top.formatter(help_format());
  top.set_help_flag("-h,--help", "this text");
  bool version = false;
  top.add_flag("--version", version, "the version");
  const auto entries = add_commands(top, flags);
  check_command_word(arguments, entries);
  if (arguments.empty()) arguments = {"--help"};
  try {
    std::reverse(arguments.begin(), arguments.end());
    top.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    const auto* entry = parsed_of(entries);
    if (entry == nullptr) return {std::nullopt, help_of(top, walbrook_help, walbrook_examples)};
    return {std::nullopt, help_of(*entry->app, entry->help, entry->examples)};
  } catch (const CLI::ParseError& error) {
    // An unknown flag explains more than the error that follows from it.
    const auto* entry = parsed_of(entries);
    if (entry != nullptr) refuse_extras(*entry->app);
    throw Error(ErrorKind::configuration, mask_secrets(error.what()), "`walbrook COMMAND --help` shows the form.");
  }
  if (version) return {std::nullopt, fmt::format("walbrook {}\n", WALBROOK_VERSION)};
  const auto* entry = parsed_of(entries);
  if (entry == nullptr) throw Error(ErrorKind::configuration, "no command was given", commands_of(entries));
  refuse_extras(*entry->app);
  return {to_command_line(*entry, flags), {}};
}

bool asks_for_json(const std::vector<std::string>& arguments) {
  return std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
}

LogFormat wanted_log_format(const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool apart = arguments[i] == "--log-format" && i + 1 < arguments.size() && arguments[i + 1] == "json";
    if (apart || arguments[i] == "--log-format=json") return LogFormat::json;
  }
  return LogFormat::text;
}

}  // namespace walbrook::cli

#include "cli/help/manual_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "base/names.h"
#include "cli/help/help_text.h"
#include "config/keys.h"

namespace walbrook::cli {
namespace {

// One code point from the front of valid UTF-8.
char32_t take_code_point(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = first < 0x80U ? 1 : (first < 0xE0U ? 2 : (first < 0xF0U ? 3 : 4));
  char32_t point = length == 1 ? first : first & (0x7FU >> length);
  for (std::size_t i = 1; i < length && i < text.size(); ++i) {
    point = point << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  text.remove_prefix(std::min(length, text.size()));
  return point;
}

std::string roff(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto point = take_code_point(text);
    if (point == U'\\') {
      out += "\\(rs";
    } else if (point == U'-') {
      out += "\\-";
    } else if (point == U'\'') {
      out += "\\(aq";
    } else if (point == U'"') {
      out += "\\(dq";
    } else if (point == U'`') {
      out += "\\(ga";
    } else if (point < 0x80) {
      out += static_cast<char>(point);
    } else {
      out += fmt::format("\\[u{:04X}]", static_cast<std::uint32_t>(point));
    }
  }
  return out;
}

// A line of text: one that begins with a dot would be a request.
std::string roff_line(std::string_view text) {
  auto line = roff(text);
  if (line.starts_with('.')) line.insert(0, "\\&");
  return line + "\n";
}

std::string bold(std::string_view text) {
  return "\\fB" + roff(text) + "\\fR";
}
std::string italic(std::string_view text) {
  return "\\fI" + roff(text) + "\\fR";
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::string page_head(const std::string& name, std::string_view summary) {
  std::string title = name;
  std::ranges::transform(title, title.begin(), [](unsigned char c) { return std::toupper(c); });
  return fmt::format(".TH {} 1 \"\" \"walbrook {}\" \"walbrook\"\n.SH NAME\n{} \\- {}", roff(title), WALBROOK_VERSION,
                     roff(name), roff_line(summary));
}

// Help as --help has it: sentences flow, a line of a word, a gap and its meaning is an item.
std::string described(std::string_view help) {
  std::string text;
  bool in_items = false;
  for (auto line : lines_of(help)) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (line.empty()) continue;
    const auto gap = line.find("  ");
    if (gap != std::string_view::npos) {
      auto meaning = line.substr(gap);
      meaning.remove_prefix(meaning.find_first_not_of(' '));
      text += fmt::format(".TP 10\n{}\n{}", bold(line.substr(0, gap)), roff_line(meaning));
    } else {
      if (in_items) text += ".PP\n";
      text += roff_line(line);
    }
    in_items = gap != std::string_view::npos;
  }
  return text;
}

std::string shown_as_it_stands(std::string_view text) {
  std::string out = ".nf\n";
  for (const auto line : lines_of(text)) out += line.empty() ? ".sp\n" : roff_line(line);
  return out + ".fi\n";
}

std::string examples_of(std::string_view examples) {
  constexpr std::string_view heading = "Examples:\n";
  if (examples.starts_with(heading)) examples.remove_prefix(heading.size());
  return ".SH EXAMPLES\n" + shown_as_it_stands(examples);
}

std::string flag_item(const FlagWords& flag) {
  std::string tag = flag.short_name.empty() ? "" : bold(flag.short_name) + ", ";
  tag += bold(flag.name);
  if (!flag.operand.empty()) tag += " " + italic(flag.operand);
  return ".TP\n" + tag + "\n" + roff_line(flag.help);
}

std::string key_item(const config::Key& key) {
  std::string text = ".TP\n" + bold(key.name) + "\n" + roff_line(key.help);
  if (!key.choices.empty()) {
    text += fmt::format("One of {}.\n", roff(fmt::format("{}", fmt::join(config::choices_of(key), ", "))));
  }
  if (!key.fallback.empty()) text += fmt::format("Default: {}.\n", roff(key.fallback));
  if (!key.flag.empty()) text += fmt::format("Flag: {}.\n", bold(key.flag));
  return text;
}

std::string settings_sections() {
  std::string text =
      ".SH SETTINGS\n"
      "In \\fI.walbrook/config.toml\\fR and \\fI.walbrook/secrets.toml\\fR, or in the environment: the whole name in\n"
      "capitals with __ for each dot.\n";
  std::string_view section;
  for (const auto& key : config::keys()) {
    if (key.section != section) text += fmt::format(".SS [{}]\n", roff(key.section));
    section = key.section;
    text += key_item(key);
  }
  return text;
}

struct ExitCode {
  int code;
  std::string_view meaning;
};
constexpr std::array<ExitCode, 6> exit_codes = {{{0, "Done."},
                                                 {1, "Failed."},
                                                 {2, "Usage or configuration."},
                                                 {3, "The source is not ready."},
                                                 {4, "The destination is not ready."},
                                                 {5, "Data need attention: tables were set aside."}}};

std::string exit_section() {
  std::string text = ".SH EXIT STATUS\n";
  for (const auto& [code, meaning] : exit_codes) text += fmt::format(".TP 4\n{}\n{}", code, roff_line(meaning));
  return text;
}

}  // namespace

std::string main_manual(const std::vector<CommandWords>& commands) {
  auto text = page_head("walbrook", "keeps a DuckDB file identical to tables of a PostgreSQL database");
  text += ".SH SYNOPSIS\n" + bold("walbrook") + " " + italic("COMMAND") + " [" + italic("FLAGS") + "]\n";
  text += ".SH DESCRIPTION\n" + described(walbrook_help) + ".SH COMMANDS\n";
  for (const auto& command : commands)
    text += ".TP 12\n" + bold(command.name) + "\n" + roff_line(command.summary + ".");
  text += settings_sections() + exit_section() + examples_of(walbrook_examples) + ".SH SEE ALSO\n";
  for (std::size_t i = 0; i < commands.size(); ++i) {
    text += bold("walbrook-" + commands[i].name) + (i + 1 < commands.size() ? "(1),\n" : "(1)\n");
  }
  return text;
}

std::string command_manual(const CommandWords& command) {
  auto summary = command.summary;
  summary[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(summary[0])));
  auto text = page_head("walbrook-" + command.name, summary);
  text += ".SH SYNOPSIS\n" + roff_line(command.usage) + ".SH DESCRIPTION\n" + described(command.help);
  if (!command.positions.empty()) {
    text += ".SH ARGUMENTS\n";
    for (const auto& position : command.positions) {
      text += ".TP\n" + italic(position.name) + "\n" + roff_line(position.help);
    }
  }
  std::string_view group;
  text += ".SH FLAGS\n";
  for (const auto& flag : command.flags) {
    if (flag.group != group) text += ".SS " + roff(flag.group) + "\n";
    group = flag.group;
    text += flag_item(flag);
  }
  return text + exit_section() + examples_of(command.examples) + ".SH SEE ALSO\n" + bold("walbrook") + "(1)\n";
}

}  // namespace walbrook::cli

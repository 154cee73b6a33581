#include "cli/help/completion_script.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

namespace walbrook::cli {
namespace {

using ValueKind = ValueWords::Kind;

std::string single_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::vector<std::string> command_names(const std::vector<CommandWords>& commands) {
  std::vector<std::string> names;
  for (const auto& command : commands) names.push_back(command.name);
  return names;
}

// Returns the arguments of the script's function `_walbrook_offer`.
std::string bash_value(const ValueWords& value) {
  switch (value.kind) {
    case ValueKind::words:
      return fmt::format("words '{}'", fmt::join(value.words, " "));
    case ValueKind::files:
      return "files";
    case ValueKind::folders:
      return "folders";
    case ValueKind::pipelines:
      return "pipelines";
    case ValueKind::anything:
      break;
  }
  return "nothing";
}

// Maps each flag that takes a value to the kind of value. A flag takes the same kind in every command.
std::map<std::string, std::string> bash_flag_values(const std::vector<CommandWords>& commands) {
  std::map<std::string, std::string> values;
  for (const auto& command : commands) {
    for (const auto& flag : command.flags) {
      if (!flag.operand.empty()) values[flag.name] = bash_value(flag.value);
    }
  }
  return values;
}

constexpr std::string_view bash_head = R"bash(# walbrook's completion for bash; made by `walbrook completion bash`.

_walbrook_offer() {
  local kind=$1 words=$2 current=$3
  case $kind in
    words) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current") ;;
    files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    folders) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
    pipelines) mapfile -t COMPREPLY < <(compgen -W "$(walbrook completion pipelines 2>/dev/null)" -- "$current") ;;
    *) COMPREPLY=() ;;
  esac
}

# What the flag takes as its value; fails for a flag that takes none.
_walbrook_value_of() {
  case $1 in
)bash";

constexpr std::string_view bash_tail = R"bash(
_walbrook() {
  local current=${COMP_WORDS[COMP_CWORD]} before=$((COMP_CWORD - 1)) flags i
  local -a positions=() value=()
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    _walbrook_offer words "$(_walbrook_commands) --help --version" "$current"
    return
  fi
  # --flag=value are three words here.
  if [[ $current == '=' ]]; then
    current=
  elif [[ ${COMP_WORDS[before]} == '=' ]]; then
    before=$((before - 1))
  fi
  if ((before > 1)) && mapfile -t value < <(_walbrook_value_of "${COMP_WORDS[before]}") && ((${#value[@]} > 0)); then
    _walbrook_offer "${value[0]}" "${value[1]-}" "$current"
    return
  fi
  _walbrook_command "${COMP_WORDS[1]}" || return
  if [[ $current == -* ]]; then
    _walbrook_offer words "$flags" "$current"
    return
  fi
  local place=0
  for ((i = 2; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      -*)
        [[ ${COMP_WORDS[i + 1]} == '=' ]] && i=$((i + 2)) && continue
        _walbrook_value_of "${COMP_WORDS[i]}" >/dev/null && i=$((i + 1))
        ;;
      *) place=$((place + 1)) ;;
    esac
  done
  ((place < ${#positions[@]})) || return
  mapfile -t value <<<"${positions[place]}"
  _walbrook_offer "${value[0]}" "${value[1]-}" "$current"
}

complete -F _walbrook walbrook
)bash";

// In zsh's _arguments, brackets and colons end a part.
std::string zsh_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_value(const ValueWords& value) {
  switch (value.kind) {
    case ValueKind::words:
      return fmt::format("({})", fmt::join(value.words, " "));
    case ValueKind::files:
      return "_files";
    case ValueKind::folders:
      return "_files -/";
    case ValueKind::pipelines:
      return "_walbrook_pipelines";
    case ValueKind::anything:
      break;
  }
  return " ";
}

std::string zsh_flag(const FlagWords& flag) {
  const auto help = zsh_text(flag.help);
  if (flag.operand.empty()) {
    if (flag.short_name.empty()) return fmt::format("{}[{}]", flag.name, help);
    return fmt::format("({0} {1}){0}[{2}]", flag.name, flag.short_name, help);
  }
  return fmt::format("{}{}=[{}]:{}:{}", flag.repeats ? "*" : "", flag.name, help, zsh_text(flag.operand),
                     zsh_value(flag.value));
}

std::string fish_value(const ValueWords& value) {
  switch (value.kind) {
    case ValueKind::words:
      return fmt::format(" -x -a '{}'", fmt::join(value.words, " "));
    case ValueKind::files:
      return " -r -F";
    case ValueKind::folders:
      return " -x -a '(__fish_complete_directories)'";
    case ValueKind::pipelines:
      return " -x -a '(walbrook completion pipelines 2>/dev/null)'";
    case ValueKind::anything:
      break;
  }
  return " -x";
}

// In fish's single quotes, a backslash and a quote are escaped.
std::string fish_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

}  // namespace

std::string bash_completion(const std::vector<CommandWords>& commands) {
  std::string text(bash_head);
  for (const auto& [flag, value] : bash_flag_values(commands)) {
    const auto space = value.find(' ');
    text += fmt::format("    {}) printf '%s\\n' {}{} ;;\n", flag, value.substr(0, space),
                        space == std::string::npos ? "" : value.substr(space));
  }
  text += "    *) return 1 ;;\n  esac\n}\n\n";
  text += fmt::format("_walbrook_commands() {{\n  echo '{}'\n}}\n\n", fmt::join(command_names(commands), " "));
  text += "# Sets what belongs to a command; fails for an unknown one.\n_walbrook_command() {\n  case $1 in\n";
  for (const auto& command : commands) {
    std::vector<std::string> flags;
    for (const auto& flag : command.flags) flags.push_back(flag.name);
    text += fmt::format("    {})\n      flags='{}'\n", command.name, fmt::join(flags, " "));
    for (const auto& position : command.positions) {
      std::string value = bash_value(position.value);
      if (const auto space = value.find(" '"); space != std::string::npos) {
        value = fmt::format("$'{}\\n{}'", value.substr(0, space), value.substr(space + 2, value.size() - space - 3));
      }
      text += fmt::format("      positions+=({})\n", value);
    }
    text += "      ;;\n";
  }
  return text + "    *) return 1 ;;\n  esac\n}\n" + std::string(bash_tail);
}

std::string zsh_completion(const std::vector<CommandWords>& commands) {
  std::string text =
      "#compdef walbrook\n# walbrook's completion for zsh; made by `walbrook completion zsh`.\n\n"
      "_walbrook_pipelines() {\n  local -a names\n  names=(${(f)\"$(walbrook completion pipelines 2>/dev/null)\"})\n"
      "  compadd -a names\n}\n\n"
      "_walbrook() {\n  local context state state_descr line\n  typeset -A opt_args\n"
      "  _arguments -C '--help[this text]' '--version[the version]' '1:command:->command' '*::argument:->argument'\n"
      "  case $state in\n    command)\n      local -a commands\n      commands=(\n";
  for (const auto& command : commands) {
    text += fmt::format("        {}\n", single_quoted(zsh_text(command.name) + ":" + zsh_text(command.summary)));
  }
  text += "      )\n      _describe command commands\n      ;;\n    argument)\n      case $words[1] in\n";
  for (const auto& command : commands) {
    text += fmt::format("        {})\n          _arguments", command.name);
    for (const auto& flag : command.flags) text += " \\\n            " + single_quoted(zsh_flag(flag));
    std::size_t place = 0;
    for (const auto& position : command.positions) {
      ++place;
      text +=
          " \\\n            " + single_quoted(fmt::format("{}:{}:{}", position.repeats ? "*" : std::to_string(place),
                                                          zsh_text(position.name), zsh_value(position.value)));
    }
    text += "\n          ;;\n";
  }
  return text +
         "      esac\n      ;;\n  esac\n}\n\n"
         "if [ \"$funcstack[1]\" = _walbrook ]; then\n  _walbrook \"$@\"\nelse\n  compdef _walbrook walbrook\nfi\n";
}

std::string fish_completion(const std::vector<CommandWords>& commands) {
  std::string text =
      "# walbrook's completion for fish; made by `walbrook completion fish`.\n\n"
      "# Counts the words after the command that are not flags; a flag's value may be counted as one.\n"
      "function __walbrook_at\n  set -l words (commandline -opc)\n"
      "  test (count $words) -ge 2; and test \"$words[2]\" = $argv[1]; or return 1\n"
      "  set -l place (count (string match -v -- '-*' $words[3..-1]))\n  test $place -eq $argv[2]\nend\n\n"
      "function __walbrook_in\n  set -l words (commandline -opc)\n"
      "  test (count $words) -ge 2; and test \"$words[2]\" = $argv[1]\nend\n\n"
      "complete -c walbrook -f\n"
      "complete -c walbrook -n 'test (count (commandline -opc)) -eq 1' -l version -d 'the version'\n";
  for (const auto& command : commands) {
    text += fmt::format("\ncomplete -c walbrook -n 'test (count (commandline -opc)) -eq 1' -a {} -d {}\n", command.name,
                        fish_quoted(command.summary));
    for (const auto& flag : command.flags) {
      text += fmt::format("complete -c walbrook -n '__walbrook_in {}' -l {}{}{} -d {}\n", command.name,
                          flag.name.substr(2), flag.short_name.empty() ? "" : " -s " + flag.short_name.substr(1),
                          flag.operand.empty() ? "" : fish_value(flag.value), fish_quoted(flag.help));
    }
    std::size_t place = 0;
    for (const auto& position : command.positions) {
      if (position.value.kind != ValueKind::anything) {
        text += fmt::format("complete -c walbrook -n '__walbrook_at {} {}'{}\n", command.name, place,
                            fish_value(position.value));
      }
      ++place;
    }
  }
  return text;
}

}  // namespace walbrook::cli

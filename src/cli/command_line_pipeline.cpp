#include "cli/command_line_pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <ctime>
#include <string>

#include "base/names.h"
#include "base/text.h"

namespace walbrook::cli {
namespace {

constexpr std::string_view file_key = "destination.duckdb.credentials";

// Returns the configured pipelines with their files. Without a configuration, returns the one that flags describe.
std::vector<PipelineRequest::Listed> listed_pipelines(const config::Configuration& settings) {
  std::vector<PipelineRequest::Listed> listed;
  const auto by_default = config::pipeline_without_name(settings);
  for (const auto& name : settings.pipelines()) {
    auto chosen = settings;
    chosen.choose(name);
    const auto named = chosen.destination();
    listed.push_back({.name = name,
                      .destination = named ? named->text : chosen.fallback(config::key(file_key)),
                      .by_default = name == by_default});
  }
  return listed;
}

void check_belongs(bool given, const char* what, bool belongs, const char* action) {
  if (!given || belongs) return;
  throw Error(ErrorKind::configuration, fmt::format("{} belongs to `walbrook pipeline NAME {}`", what, action),
              "`walbrook pipeline --help` lists all.");
}

PipelineAction parse_pipeline_action(const Flags& flags) {
  if (flags.list) {
    if (!flags.pipeline) return PipelineAction::list;
    throw Error(ErrorKind::configuration, "--list shows all pipelines, but one was named", "Omit one of the two.");
  }
  if (flags.action.empty()) return PipelineAction::info;
  if (const auto action = find_pipeline_action(flags.action)) return *action;
  std::vector<std::string> known;
  for (const auto& [name, action] : pipeline_actions) known.emplace_back(name);
  const auto meant = nearest(flags.action, known);
  throw Error(ErrorKind::configuration,
              fmt::format("unknown action \"{}\" of `walbrook pipeline`", printable(flags.action)),
              fmt::format("{}Actions: {}.", meant.empty() ? "" : fmt::format("Did you mean {}? ", meant),
                          fmt::join(known, ", ")));
}

// Reads what utc_text and utc_json print, and the beginnings of it: a date, with a time or without. UTC.
std::optional<WallTime> parse_moment(std::string text) {
  for (const std::string_view zone : {" UTC", "Z", "+00"}) {
    if (text.ends_with(zone)) text.resize(text.size() - zone.size());
  }
  std::ranges::replace(text, 'T', ' ');
  constexpr std::array forms = {"%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"};
  for (const char* form : forms) {
    std::tm parsed{};
    const char* rest = strptime(text.c_str(), form, &parsed);
    if (rest == nullptr) continue;
    std::chrono::microseconds fraction{0};
    if (*rest == '.') {
      const auto digits = std::string_view(rest).substr(1, 6);
      std::int64_t value = 0;
      const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
      if (failed != std::errc{} || *end != '\0') return std::nullopt;
      for (auto size = digits.size(); size < 6; ++size) value *= 10;
      fraction = std::chrono::microseconds(value);
    } else if (*rest != '\0') {
      continue;
    }
    const std::chrono::seconds seconds(timegm(&parsed));
    if (seconds >= std::chrono::floor<std::chrono::seconds>(WallTime::max()).time_since_epoch()) return WallTime::max();
    if (seconds <= std::chrono::ceil<std::chrono::seconds>(WallTime::min()).time_since_epoch()) return WallTime::min();
    return WallTime(seconds + fraction);
  }
  return std::nullopt;
}

PipelineMoment moment_of(const std::string& text) {
  if (const auto lsn = Lsn::parse(text)) return {.lsn = lsn, .time = std::nullopt};
  if (const auto time = parse_moment(text)) return {.lsn = std::nullopt, .time = time};
  throw Error(ErrorKind::configuration, fmt::format("--at \"{}\" is neither an LSN nor a time", printable(text)),
              "Forms: 0/1A2B3C8, \"2026-11-23 00:51:02\" (UTC).");
}

}  // namespace

std::optional<PipelineAction> find_pipeline_action(std::string_view word) {
  const auto* const found =
      std::ranges::find(pipeline_actions, word, &std::pair<std::string_view, PipelineAction>::first);
  return found == pipeline_actions.end() ? std::nullopt : std::optional(found->second);
}

void read_pipeline_request(const Flags& flags, CommandLine& line) {
  constexpr std::uint64_t loads_shown = 20, traces_shown = 1, most_shown = 1'000'000;
  auto& request = line.pipeline;
  request.action = parse_pipeline_action(flags);
  const auto is = [&request](PipelineAction action) { return request.action == action; };
  check_belongs(!flags.tables.empty(), "a table's name", is(PipelineAction::drop), "drop");
  check_belongs(flags.yes, "--yes", is(PipelineAction::drop), "drop");
  check_belongs(flags.destination_only, "--destination-only", is(PipelineAction::drop), "drop");
  const bool counts = is(PipelineAction::loads) || is(PipelineAction::trace);
  check_belongs(flags.limit.has_value(), "--limit", counts, "loads (or trace)");
  check_belongs(flags.at.has_value(), "--at", is(PipelineAction::schema), "schema");
  check_belongs(flags.diff, "--diff", is(PipelineAction::schema), "schema");
  if (flags.at) request.at = moment_of(*flags.at);
  request.diff = flags.diff;
  for (const auto& table : flags.tables) {
    request.written.push_back(postgres::parse_written_name(table));
    request.tables.push_back(request.written.back().read);
  }
  request.yes = flags.yes;
  request.destination_only = flags.destination_only;
  request.limit = is(PipelineAction::loads) ? loads_shown : traces_shown;
  if (flags.limit) request.limit = parse_count("--limit", *flags.limit, 1, most_shown);
  if (is(PipelineAction::list)) request.listed = listed_pipelines(line.settings);
}

}  // namespace walbrook::cli

#include "cli/pipeline/pipeline_sync.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "base/mask_secrets.h"
#include "base/text.h"
#include "cli/pipeline/found_pipeline.h"
#include "cli/pipeline/pipeline_json.h"
#include "cli/pipeline/pipeline_text.h"
#include "cli/terminal.h"
#include "postgres/catalog/table_name.h"
#include "postgres/slot/slot.h"

namespace walbrook::cli {
namespace {

constexpr const char* written_folder = ".walbrook";
constexpr const char* written_file = ".walbrook/config.toml";

// A basic string in TOML has the syntax of a string in JSON.
std::string toml_text(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string toml_key(const std::string& name) {
  const bool bare =
      std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; });
  return bare && !name.empty() ? name : toml_text(name);
}

// Returns the one schema of all target tables; "": they keep their source's schemas, or there are several.
std::string dataset_of(const std::vector<destination::StoredTable>& tables) {
  std::string dataset;
  for (const auto& table : tables) {
    const auto& record = table.record;
    if (record.state == destination::OutputState::loaded) continue;
    if (record.target_schema == record.schema || (!dataset.empty() && record.target_schema != dataset)) return {};
    dataset = record.target_schema;
  }
  return dataset;
}

struct Agreement {
  std::string key, stored, configured;
};

struct SyncFacts {
  destination::StoredPipeline stored;
  std::string publication, destination, dataset, section;
  bool configured = false;
  std::map<std::string, std::size_t> states;  // the number of tables in each state
  std::vector<Agreement> differences;         // between the destination and the configuration
  std::string written;                        // the file that the section was added to
};

std::string section_of(const CommandLine& line, const SyncFacts& facts) {
  std::string text = fmt::format("[pipelines.{}]\n", toml_key(facts.stored.name));
  text += fmt::format("destination = {}\n", toml_text(mask_secrets(line.destination.url)));
  text += fmt::format("slot_name = {}\n", toml_text(facts.stored.checkpoint.slot));
  text += fmt::format("pub_name = {}\n", toml_text(facts.publication));
  if (!facts.dataset.empty()) text += fmt::format("dataset_name = {}\n", toml_text(facts.dataset));
  for (const auto& table : facts.stored.checkpoint.selection) {
    text += fmt::format("\n[[pipelines.{}.tables]]\nname = {}\n", toml_key(facts.stored.name),
                        toml_text(postgres::quoted_name(table.schema) + "." + postgres::quoted_name(table.name)));
    if (table.columns.empty()) continue;
    std::vector<std::string> columns;
    for (const auto& column : table.columns) columns.push_back(toml_text(column));
    text += fmt::format("columns = [{}]\n", fmt::join(columns, ", "));
  }
  return text;
}

// These differences would begin another pipeline, or make the next run fail.
std::vector<Agreement> compare_with_configuration(const CommandLine& line, const SyncFacts& facts) {
  std::vector<Agreement> differences;
  const auto& checkpoint = facts.stored.checkpoint;
  if (line.run.slot != checkpoint.slot) differences.push_back({"slot_name", checkpoint.slot, line.run.slot});
  if (!checkpoint.publication.empty() && line.run.publication != checkpoint.publication) {
    differences.push_back({"pub_name", checkpoint.publication, line.run.publication});
  }
  if (!facts.dataset.empty() && line.run.dataset != facts.dataset) {
    differences.push_back({"dataset_name", facts.dataset, line.run.dataset});
  }
  return differences;
}

std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void put_file_text(const std::string& text) {
  std::ofstream out(written_file, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (out) return;
  throw Error(ErrorKind::destination, fmt::format("{} cannot be written", written_file),
              "Give this user the right to write here, or name another folder with --project.");
}

// Returns the file's name; "" if the configuration read is not in .walbrook here, or would not be valid TOML with the
// section.
std::string add_section(const CommandLine& line, const std::string& section) {
  const auto& folder = line.settings.folder();
  if (!folder.empty() && folder != written_folder) return {};
  std::error_code failed;
  std::filesystem::create_directories(written_folder, failed);
  const auto before = file_text(written_file);
  put_file_text(before + (before.empty() ? "" : (before.ends_with('\n') ? "\n" : "\n\n")) + section);
  try {
    static_cast<void>(config::Configuration::read());
    return written_file;
  } catch (const Error&) {
    put_file_text(before);
    return {};
  }
}

SyncFacts sync_facts(const CommandLine& line) {
  const FoundPipeline found(line);
  if (!found.stored.checkpoint.lsn.is_set()) {
    throw Error(ErrorKind::destination,
                fmt::format("{} holds rows that a program wrote with pipeline {}, and no source: there is "
                            "nothing to sync",
                            found.reader.name(), printable(found.name())),
                "walbrook run creates the first copy.");
  }
  SyncFacts facts{.stored = found.stored,
                  .publication = found.publication(),
                  .destination = found.reader.name(),
                  .dataset = {},
                  .section = {},
                  .configured = line.settings.has_pipeline(found.name()),
                  .states = {},
                  .differences = {},
                  .written = {}};
  const auto tables = found.state->tables(found.name());
  facts.dataset = dataset_of(tables);
  for (const auto& table : tables) ++facts.states[std::string(destination::to_string(table.record.state))];
  facts.section = section_of(line, facts);
  if (facts.configured) {
    facts.differences = compare_with_configuration(line, facts);
  } else {
    facts.written = add_section(line, facts.section);
  }
  return facts;
}

std::string sync_text(const SyncFacts& facts) {
  const auto& checkpoint = facts.stored.checkpoint;
  std::string states;
  for (const auto& [state, count] : facts.states) {
    states += fmt::format("{}{} {}", states.empty() ? "" : ", ", counted(count, "table"), state);
  }
  std::string text = fmt::format("pipeline {} is at {} in {} ({})\n", printable(facts.stored.name),
                                 checkpoint.lsn.to_string(), facts.destination, utc_text(facts.stored.written));
  text +=
      fmt::format("{}; slot {}, publication {}{}\n", states.empty() ? "no tables" : states, checkpoint.slot,
                  printable(facts.publication), checkpoint.source.empty() ? "" : " at " + printable(checkpoint.source));
  if (facts.configured) {
    if (!facts.differences.empty()) return text;
    return text + fmt::format("the configuration agrees: walbrook run {} continues from there\n",
                              printable(facts.stored.name));
  }
  text += facts.written.empty() ? fmt::format("add this to your configuration:\n\n{}\n", facts.section)
                                : fmt::format("added to {}:\n\n{}\n", facts.written, facts.section);
  return text + fmt::format("next: the source's credentials, then walbrook check {}\n", printable(facts.stored.name));
}

std::string sync_json(const SyncFacts& facts) {
  auto differences = nlohmann::ordered_json::array();
  for (const auto& each : facts.differences) {
    differences.push_back({{"key", each.key}, {"destination", each.stored}, {"configuration", each.configured}});
  }
  const auto& checkpoint = facts.stored.checkpoint;
  return as_document({{"pipeline", facts.stored.name},
                      {"destination", facts.destination},
                      {"checkpoint", checkpoint.lsn.to_string()},
                      {"written", utc_json(facts.stored.written)},
                      {"source", or_null(checkpoint.source)},
                      {"slot", checkpoint.slot},
                      {"publication", facts.publication},
                      {"dataset", or_null(facts.dataset)},
                      {"tables", facts.states},
                      {"configured", facts.configured},
                      {"differences", differences},
                      {"added_to", or_null(facts.written)},
                      {"section", facts.section}});
}

}  // namespace

int sync_action(const CommandLine& line) {
  const auto facts = sync_facts(line);
  write_result(line.json ? sync_json(facts) : sync_text(facts));
  if (facts.differences.empty()) return 0;
  const auto& first = facts.differences.front();
  throw Error(
      ErrorKind::configuration,
      fmt::format("pipeline {} has {} \"{}\" in {}, but the configuration has \"{}\"", printable(facts.stored.name),
                  first.key, printable(first.stored), facts.destination, printable(first.configured)),
      fmt::format("Replace it with this:\n\n{}", facts.section));
}

}  // namespace walbrook::cli

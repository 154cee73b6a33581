#include "cli/pipeline/pipeline_drop.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/names.h"
#include "base/publication_list.h"
#include "base/text.h"
#include "cli/commands/confirmation.h"
#include "cli/pipeline/found_pipeline.h"
#include "cli/pipeline/pipeline_json.h"
#include "cli/terminal.h"
#include "model/same_table.h"
#include "postgres/catalog/table_name.h"
#include "replication/setup/drop.h"

namespace walbrook::cli {
namespace {

using destination::OutputRecord;

std::string dotted(const OutputRecord& record) {
  return record.schema + "." + record.name;
}

// What the destination holds, read before anything is dropped.
struct DropPlan {
  std::string pipeline, destination;
  destination::Checkpoint checkpoint;
  replication::SourceNames names;
  std::vector<OutputRecord> tables;  // all, or those that were named
};

const OutputRecord& find_table(const std::vector<OutputRecord>& all, const postgres::TableName& name,
                               const std::string& pipeline) {
  const auto found = std::ranges::find_if(all, same_table_as(name));
  if (found != all.end()) return *found;
  std::vector<std::string> known;
  for (const auto& table : all) known.push_back(dotted(table));
  const auto meant = nearest(name.full_name(), known);
  throw Error(
      ErrorKind::configuration,
      fmt::format("pipeline {} has no table {}", printable(pipeline), printable(name.full_name())),
      fmt::format("{}`walbrook pipeline {} info` lists all; a table is named as in the source.",
                  meant.empty() ? "" : fmt::format("Did you mean {}? ", printable(meant)), printable(pipeline)));
}

// Closes the file before it returns.
DropPlan make_plan(const CommandLine& given) {
  const FoundPipeline found(given);
  auto line = given;
  take_meant_tables(found, line.pipeline);
  if (const auto& run = found.reader.run()) {
    throw Error(ErrorKind::destination,
                fmt::format("nothing is dropped: a walbrook run holds {} ({}, checkpoint {})", found.reader.name(),
                            replication::to_string(run->phase), run->checkpoint.to_string()),
                "End that run first (after SIGTERM it finishes the load in progress), then drop.");
  }
  DropPlan plan{.pipeline = found.name(),
                .destination = found.reader.name(),
                .checkpoint = found.stored.checkpoint,
                .names = {.slot = found.stored.checkpoint.slot, .publication = found.publication()},
                .tables = {}};
  std::vector<OutputRecord> all;
  for (auto& table : found.state->tables(plan.pipeline)) all.push_back(std::move(table.record));
  if (line.pipeline.tables.empty()) {
    plan.tables = std::move(all);
    return plan;
  }
  for (const auto& name : line.pipeline.tables) plan.tables.push_back(find_table(all, name, plan.pipeline));
  return plan;
}

constexpr int not_meant = 1;  // the exit code if the user answers no

std::unique_ptr<destination::Destination> open_to_drop(const CommandLine& line, const DropPlan& plan) {
  auto options = line.destination;
  options.pipeline = plan.pipeline;
  options.read_only = false;
  auto destination = destination::open_destination(options);
  static_cast<void>(destination->open());
  return destination;
}

nlohmann::ordered_json names_of(const std::vector<OutputRecord>& tables) {
  auto names = nlohmann::ordered_json::array();
  for (const auto& table : tables) names.push_back(dotted(table));
  return names;
}

// Slot and publication stay in the source.
std::string dropped_in_destination(const DropPlan& plan) {
  return as_document({{"pipeline", plan.pipeline},
                      {"destination", plan.destination},
                      {"tables", names_of(plan.tables)},
                      {"slot", nullptr},
                      {"publication", nullptr}});
}

// Whether the next run copies a dropped table again.
bool is_wanted(const CommandLine& line, const OutputRecord& table) {
  if (line.run.tables.empty()) return true;
  return std::ranges::any_of(line.run.tables, same_table_as(table));
}

int drop_named_tables(const CommandLine& line, const DropPlan& plan) {
  std::string list;
  for (const auto& table : plan.tables) list += (list.empty() ? "" : ", ") + printable(dotted(table));
  if (!is_confirmed(fmt::format("Drop {} of pipeline {} from {}, with target table and state?", list,
                                printable(plan.pipeline), plan.destination),
                    line.pipeline.yes))
    return not_meant;
  open_to_drop(line, plan)->drop(destination::DropScope::outputs, plan.tables);
  if (line.json) {
    write_result(dropped_in_destination(plan));
    return 0;
  }
  std::string text;
  for (const auto& table : plan.tables) {
    if (table.state == destination::OutputState::loaded) {
      text += fmt::format("dropped {}\n", printable(dotted(table)));
      continue;
    }
    text += fmt::format("dropped {}: {}\n", printable(dotted(table)),
                        is_wanted(line, table)
                            ? fmt::format("the next run copies it again, as long as publication {} holds it",
                                          printable(plan.names.publication))
                            : std::string("the configuration does not list it, so it is not copied again"));
  }
  write_result(text);
  return 0;
}

// False if the pipeline holds only rows written by a program. A first run that was killed before it had a position has
// nevertheless claimed a slot of a cluster (slot_claim.h), and may have created publication and slot.
bool has_source(const DropPlan& plan) {
  return plan.checkpoint.lsn.is_set() || !plan.checkpoint.systemid.empty();
}

std::string copies_and_state(const DropPlan& plan) {
  return fmt::format("{} and the state of pipeline {} in {}", counted(plan.tables.size(), "table"),
                     printable(plan.pipeline), plan.destination);
}

int drop_in_destination(const CommandLine& line, const DropPlan& plan) {
  const auto stays = has_source(plan) ? fmt::format(" Slot {} and publication {} stay.", plan.names.slot,
                                                    printable(plan.names.publication))
                                      : std::string();
  if (!is_confirmed(fmt::format("Drop {}?{}", copies_and_state(plan), stays), line.pipeline.yes)) return not_meant;
  open_to_drop(line, plan)->drop(destination::DropScope::pipeline);
  if (line.json) {
    write_result(dropped_in_destination(plan));
  } else if (!has_source(plan)) {
    write_result(fmt::format("dropped {}\n", copies_and_state(plan)));
  } else {
    write_result(
        fmt::format("dropped {}\nslot {} keeps WAL at {} until it is dropped there: SELECT "
                    "pg_drop_replication_slot('{}');\n",
                    copies_and_state(plan), plan.names.slot, printable(plan.checkpoint.source), plan.names.slot));
  }
  return 0;
}

postgres::Connection open_source(const CommandLine& line) {
  try {
    return postgres::Connection::open(line.run.conninfo, postgres::ConnectionUse::catalog);
  } catch (const Error& error) {
    throw Error(error.kind(), error.cause(),
                fmt::format("{}{}Nothing was dropped. If the source no longer exists, use --destination-only.",
                            error.hint(), error.hint().empty() ? "" : "\n  "));
  }
}

int drop_all(const CommandLine& line, const DropPlan& plan) {
  auto catalog = open_source(line);
  const auto there = replication::find_in_source(catalog, line.run.conninfo, plan.names, plan.checkpoint);
  std::string in_source;
  const bool adopted = !plan.checkpoint.made_slot.value_or(true);
  if (there.slot) in_source += ", slot " + plan.names.slot + (adopted ? " (which it took over)" : "");
  if (!there.own.empty()) in_source += ", " + printable(named_publications(there.own));
  if (there.ddl_trigger) in_source += ", the event triggers for altered tables";
  if (!in_source.empty()) in_source += " at " + catalog.where();
  if (!is_confirmed(fmt::format("Drop {}{}?", copies_and_state(plan), in_source), line.pipeline.yes)) return not_meant;
  auto dropped = plan.names;
  dropped.publication = publication_list(there.own);
  replication::drop_pipeline(catalog, dropped, *open_to_drop(line, plan));
  if (line.json) {
    write_result(as_document({{"pipeline", plan.pipeline},
                              {"destination", plan.destination},
                              {"tables", names_of(plan.tables)},
                              {"slot", or_null(there.slot ? plan.names.slot : "")},
                              {"publication", or_null(publication_list(there.own))}}));
    return 0;
  }
  std::string text = fmt::format("dropped {}{}\n", copies_and_state(plan), in_source);
  if (!there.slot) text += fmt::format("slot {} did not exist any more\n", plan.names.slot);
  const auto add_kept = [&text](const std::vector<std::string>& names, std::string_view maker) {
    if (names.empty()) return;
    text += fmt::format("{} {} kept: {} did not create {}\n", printable(named_publications(names)),
                        names.size() == 1 ? "is" : "are", maker, names.size() == 1 ? "it" : "them");
  };
  add_kept(there.of_other_pipelines, "this pipeline");
  add_kept(there.of_others, "walbrook");
  write_result(text);
  return 0;
}

}  // namespace

int drop_action(const CommandLine& line) {
  const auto plan = make_plan(line);
  if (!line.pipeline.tables.empty()) return drop_named_tables(line, plan);
  return line.pipeline.destination_only || !has_source(plan) ? drop_in_destination(line, plan) : drop_all(line, plan);
}

}  // namespace walbrook::cli

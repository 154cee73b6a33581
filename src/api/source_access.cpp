#include "api/source_access.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <mutex>

#include "base/log.h"
#include "base/publication_list.h"
#include "config/configuration.h"
#include "config/credentials.h"
#include "postgres/catalog/table_name.h"
#include "postgres/connection/conninfo.h"
#include "postgres/publication/keyless.h"
#include "postgres/publication/publication_age.h"

namespace walbrook::api {
namespace {

constexpr std::string_view level_key = "runtime.log_level";

[[noreturn]] void refuse_name(const std::string& text, const std::string& setting) {
  throw Error(ErrorKind::configuration, fmt::format("{}: \"{}\" is not a table name", setting, text),
              "Write table or schema.table; a part with a dot in it goes in double quotes.", {.setting = setting});
}

// Takes one part from the front of `rest`.
std::string take_part(std::string_view& rest, const std::string& text, const std::string& setting) {
  std::optional<std::string> part;
  if (rest.starts_with('"')) {
    part = postgres::take_quoted_name(rest);
  } else {
    part = std::string(rest.substr(0, rest.find('.')));
    rest.remove_prefix(part->size());
  }
  if (!part || part->empty()) refuse_name(text, setting);
  return *std::move(part);
}

}  // namespace

std::string with_keyless(postgres::Connection& catalog, const std::string& publications, const std::string& slot) {
  auto second = postgres::find_keyless_publication(catalog, publications);
  if (second.empty() || !postgres::publications_younger_than_slot(catalog, {second}, slot).empty()) return publications;
  auto names = parse_publications(publications);
  names.push_back(std::move(second));
  return publication_list(names);
}

std::string connection_string(const Credentials& credentials) {
  auto text = credentials.reveal();
  std::string origin = "credentials";
  if (text.empty()) {
    auto settings = config::Configuration::read();
    settings.choose(config::pipeline_without_name(settings));
    if (const auto said = settings.source_credentials()) {
      text = said->text;
      origin = said->origin.label();
    }
  }
  text = config::without_driver(text);
  try {
    postgres::check_conninfo(text, origin);
  } catch (Error& error) {
    error.add_facts({.setting = origin});
    throw;
  }
  return text;
}

postgres::TableName parse_exact_name(const std::string& text, const std::string& setting) {
  std::string_view rest = text;
  postgres::TableName name{.schema = {}, .name = take_part(rest, text, setting), .columns = {}};
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    name.schema = std::move(name.name);
    name.name = take_part(rest, text, setting);
  }
  if (!rest.empty()) refuse_name(text, setting);
  return name;
}

std::vector<replication::TableOverrides> parse_overrides(const TableColumnOverrides& overrides) {
  std::vector<replication::TableOverrides> out;
  for (const auto& [text, of_table] : overrides) {
    auto name = parse_exact_name(text, "columns");
    out.push_back({std::move(name.schema), std::move(name.name), of_table});
  }
  return out;
}

std::vector<postgres::TableName> parse_exact_names(const TableNames& names, const std::string& setting) {
  std::vector<postgres::TableName> parsed;
  for (const auto& text : names) {
    auto name = parse_exact_name(text, setting);
    if (std::ranges::find(parsed, name) == parsed.end()) parsed.push_back(std::move(name));
  }
  return parsed;
}

std::vector<postgres::TableName> parse_included(const IncludeColumns& include) {
  std::vector<postgres::TableName> parsed;
  for (const auto& [text, columns] : include) {
    auto name = parse_exact_name(text, "include_columns");
    if (columns.empty()) {
      throw Error(ErrorKind::configuration, fmt::format("include_columns: no column of {} is named", text),
                  "Name columns, or leave the table out of include_columns: then all are copied.",
                  {.setting = "include_columns", .table = text});
    }
    name.columns = columns;
    parsed.push_back(std::move(name));
  }
  return parsed;
}

std::string dotted(const std::string& schema, const std::string& name) {
  return schema.empty() ? name : schema + "." + name;
}

const postgres::SourceTable& find_published(const postgres::Publication& publication, const postgres::TableName& name,
                                            const std::string& setting) {
  const postgres::SourceTable* found = nullptr;
  for (const auto& table : publication.tables) {
    if (table.name != name.name || (!name.schema.empty() && table.schema != name.schema)) continue;
    if (found != nullptr) {
      throw Error(ErrorKind::configuration,
                  fmt::format("{}: {} may be {} or {}", setting, name.name, dotted(found->schema, found->name),
                              dotted(table.schema, table.name)),
                  "Write schema.table.", {.setting = setting, .table = name.name});
    }
    found = &table;
  }
  if (found != nullptr) return *found;
  throw Error(
      ErrorKind::source_not_ready,
      fmt::format("{}: table {} is not in publication {}", setting, dotted(name.schema, name.name), publication.name),
      "init_replication adds it; names are exact, case counts.",
      {.setting = setting, .publication = publication.name, .table = dotted(name.schema, name.name)});
}

void check_included(const TableSchema& schema, const std::vector<std::string>& columns) {
  const auto refuse = [&schema](const std::string& column, const std::string& why, const std::string& hint) {
    throw Error(ErrorKind::configuration,
                fmt::format("include_columns: table {} {}", dotted(schema.schema, schema.name), why), hint,
                {.setting = "include_columns", .table = dotted(schema.schema, schema.name), .column = column});
  };
  for (const auto& column : columns) {
    if (schema.find(column) == nullptr) {
      refuse(column, fmt::format("has no column \"{}\" that is published", column), "Names are exact, case counts.");
    }
  }
  for (const auto& column : schema.columns) {
    if (!column.in_key || std::ranges::find(columns, column.name) != columns.end()) continue;
    refuse(column.name,
           fmt::format("needs column \"{}\": it belongs to the replica identity, and without it changed rows are not "
                       "found again",
                       column.name),
           fmt::format("Add \"{}\".", column.name));
  }
}

namespace {

// Without readable settings the default holds; the call that needs them reports the error.
std::string wanted_level() {
  try {
    return config::Configuration::read().text(level_key).value_or("warning");
  } catch (const Error&) {
    return "warning";
  }
}

}  // namespace

void set_up_library_logging() {
  static std::once_flag once;
  std::call_once(once, [] {
    // A program that has set up spdlog itself, as the command does, keeps its logger.
    if (!spdlog::default_logger()->name().empty()) return;
    set_up_logging(LogFormat::text, wanted_level());
  });
}

}  // namespace walbrook::api

#include "destination/filesystem/manifest.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "destination/filesystem/state_json.h"

namespace walbrook::destination::filesystem {
namespace {

using nlohmann::json;

constexpr int format_version = 3;  // increased whenever the documents change. No other version is read

std::string dump(const json& document) {
  return document.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

json to_json(const DataFile& file) {
  return {{"name", file.name}, {"rows", file.rows}, {"bytes", file.bytes}, {"columns", file.columns}};
}

DataFile file_of(const json& object) {
  return {.name = object.at("name"),
          .rows = object.at("rows"),
          .bytes = object.at("bytes"),
          .columns = object.at("columns")};
}

template <class Read>
auto reading(std::string_view what, const Read& read) {
  try {
    return read();
  } catch (const json::exception& failed) {
    throw Error(ErrorKind::destination, fmt::format("the pipeline's {} cannot be read: {}", what, failed.what()),
                "It was written by another version of walbrook, or changed by hand.");
  }
}

void check_format(const json& document) {
  const int version = document.at("format");
  if (version == format_version) return;
  throw Error(
      ErrorKind::destination,
      fmt::format("the manifest has format {}, this walbrook reads and writes format {}", version, format_version),
      "Use the version of walbrook that wrote it, or name another destination.");
}

void read_records(Manifest& manifest, const json& document) {
  manifest.generation = document.at("generation");
  for (const auto& each : document.at("tables")) manifest.put(table_of(each));
  for (const auto& each : document.at("outputs")) {
    auto output = output_of(each);
    manifest.outputs.insert_or_assign(output.id, std::move(output));
  }
  // Records of an older version have none.
  for (const auto& each : document.value("schema_versions", json::array())) {
    manifest.schema_versions[{each.at("output").get<std::uint32_t>()}].push_back(
        {.version = {.schema = each.at("schema"),
                     .name = each.at("name"),
                     .columns = each.at("columns").dump(),
                     .since = Lsn{each.at("since")}},
         .at = time_of(each.at("at_us"))});
  }
  for (const auto& each : document.at("targets")) {
    FileTarget target{.output = {each.at("output").get<std::uint32_t>()},
                      .has_source = each.at("has_source"),
                      .table = file_table_of(each),
                      .files = {}};
    for (const auto& file : each.at("files")) target.files.push_back(file_of(file));
    target.recorded = target.files.size();
    manifest.targets.insert_or_assign({target.table.schema, target.table.table}, std::move(target));
  }
  for (const auto& each : document.at("superseded")) {
    manifest.superseded.push_back({.name = each.at("name"), .since = time_of(each.at("since_us"))});
  }
}

}  // namespace

void Manifest::put(const OutputRecord& record) {
  auto stored = record;
  stored.load_id = 0;
  stored.altered.clear();
  outputs.insert_or_assign(record.id, std::move(stored));
  auto& known = schema_versions[record.id];
  for (auto& version : schema_versions_of(record, lsn_of(checkpoint))) {
    if (!known.empty() && known.back().version.columns == version.columns) continue;
    known.push_back({.version = std::move(version), .at = std::chrono::system_clock::now()});
  }
}

void Manifest::put(TableRecord record) {
  std::erase_if(tables, [&](const auto& entry) {
    return entry.second.schema == record.schema && entry.second.name == record.name;
  });
  const auto oid = record.oid;
  tables.insert_or_assign(oid, std::move(record));
}

void Manifest::put(LoadRecord load) {
  if (load.id == 0) load.id = newest_load + 1;
  newest_load = std::max(newest_load, load.id);
  const auto id_of = [](const FinishedLoad& known) { return known.record.id; };
  std::erase_if(loads, [&](const FinishedLoad& known) { return known.record.id == load.id; });
  const auto place = std::ranges::lower_bound(loads, load.id, {}, id_of);
  loads.insert(place, {.record = std::move(load), .finished = std::chrono::system_clock::now()});
  if (loads.size() > most_loads) loads.erase(loads.begin());
}

State Manifest::state() const {
  State state{.checkpoint = checkpoint, .tables = {}, .outputs = {}, .newest_load = newest_load};
  for (const auto& [oid, table] : tables) state.tables.push_back(table);
  for (const auto& [id, output] : outputs) state.outputs.push_back(output);
  state.checkpoints = checkpoint ? 1 : 0;
  state.targets = std::ranges::any_of(targets, [](const auto& entry) { return entry.second.has_source; });
  return state;
}

std::string manifest_text(const Manifest& manifest, const std::string& pipeline) {
  auto added = json::array();
  for (const auto& [name, target] : manifest.targets) {
    auto files = json::array();
    for (auto at = target.recorded; at < target.files.size(); ++at) files.push_back(to_json(target.files[at]));
    if (!files.empty()) added.push_back({{"schema", name.first}, {"table", name.second}, {"files", std::move(files)}});
  }
  auto prepared = json::array();
  for (const auto& [xid, files] : manifest.prepared) prepared.push_back({{"xid", xid}, {"files", files}});
  auto loads = json::array();
  for (const auto& load : manifest.loads) {
    loads.push_back(to_json(load.record));
    loads.back()["finished_us"] = microseconds_of(load.finished);
  }
  return dump({{"format", format_version},
               {"pipeline", pipeline},
               {"batch", manifest.batch},
               {"records", manifest.records},
               {"attempt", to_json(manifest.attempt)},
               {"written_us", microseconds_of(manifest.written)},
               {"checkpoint", manifest.checkpoint ? to_json(*manifest.checkpoint) : json()},
               {"newest_load", manifest.newest_load},
               {"loads", std::move(loads)},
               {"prepared", std::move(prepared)},
               {"added", std::move(added)}});
}

std::string records_text(const Manifest& manifest) {
  auto tables = json::array();
  for (const auto& [oid, table] : manifest.tables) tables.push_back(to_json(table));
  auto outputs = json::array();
  for (const auto& [id, output] : manifest.outputs) outputs.push_back(to_json(output));
  auto versions = json::array();
  for (const auto& [id, kept] : manifest.schema_versions) {
    for (const auto& [version, at] : kept) {
      versions.push_back({{"output", id.value},
                          {"schema", version.schema},
                          {"name", version.name},
                          {"columns", json::parse(version.columns)},
                          {"since", version.since.value},
                          {"at_us", microseconds_of(at)}});
    }
  }
  auto targets = json::array();
  for (const auto& [name, target] : manifest.targets) {
    auto object = to_json(target.table);
    object["output"] = target.output.value;
    object["has_source"] = target.has_source;
    auto files = json::array();
    for (const auto& file : target.files) files.push_back(to_json(file));
    object["files"] = std::move(files);
    targets.push_back(std::move(object));
  }
  auto superseded = json::array();
  for (const auto& file : manifest.superseded) {
    superseded.push_back({{"name", file.name}, {"since_us", microseconds_of(file.since)}});
  }
  return dump({{"format", format_version},
               {"generation", manifest.generation},
               {"tables", std::move(tables)},
               {"outputs", std::move(outputs)},
               {"schema_versions", std::move(versions)},
               {"targets", std::move(targets)},
               {"superseded", std::move(superseded)}});
}

std::int64_t records_of(std::string_view text) {
  return reading("manifest", [&] {
    const auto document = json::parse(text);
    check_format(document);
    return document.at("records").get<std::int64_t>();
  });
}

Manifest read_manifest(std::string_view text, std::string_view records) {
  return reading("manifest", [&] {
    const auto document = json::parse(text);
    check_format(document);
    Manifest manifest{.batch = document.at("batch"), .records = document.at("records")};
    manifest.written = time_of(document.at("written_us"));
    if (const auto& checkpoint = document.at("checkpoint"); !checkpoint.is_null()) {
      manifest.checkpoint = checkpoint_of(checkpoint);
    }
    for (const auto& load : document.at("loads")) {
      manifest.loads.push_back({.record = load_of(load), .finished = time_of(load.at("finished_us"))});
    }
    manifest.newest_load = document.at("newest_load");
    for (const auto& each : document.at("prepared")) manifest.prepared[each.at("xid")] = each.at("files");
    read_records(manifest, json::parse(records));
    for (const auto& each : document.at("added")) {
      auto& target = manifest.targets.at({each.at("schema"), each.at("table")});
      for (const auto& file : each.at("files")) target.files.push_back(file_of(file));
    }
    return manifest;
  });
}

}  // namespace walbrook::destination::filesystem

#include "destination/filesystem/manifest_store.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/fault.h"
#include "base/percent_encoding.h"
#include "destination/duckdb/connection.h"
#include "destination/filesystem/file_names.h"
#include "destination/filesystem/views.h"

namespace walbrook::destination::filesystem {
namespace {

// How long files stay that were replaced: longer than a query of the older views takes.
constexpr std::chrono::hours superseded_for{1};

std::string file_part(const std::string& name) {
  return name.substr(name.rfind('/') + 1);
}

}  // namespace

ManifestStore::ManifestStore(Storage& storage, std::string pipeline, Format format, std::string label)
    : storage_(storage), pipeline_(std::move(pipeline)), format_(format), label_(std::move(label)) {}

std::optional<Manifest> ManifestStore::read_of(const std::string& pipeline) const {
  // A batch that is committed meanwhile may remove the records that the manifest named: then it names others.
  for (std::int64_t before = 0;;) {
    const auto text = storage_.get(manifest_file(pipeline));
    if (!text) return std::nullopt;
    const auto number = records_of(*text);
    if (const auto records = storage_.get(records_file(pipeline, number))) return read_manifest(*text, *records);
    if (std::exchange(before, number) != number) continue;
    throw Error(ErrorKind::destination,
                fmt::format("{} names {}, which does not exist", storage_.path_of(manifest_file(pipeline)),
                            file_part(records_file(pipeline, number))),
                remedy("Restore the file, or copy everything again: {}.", RemedyAction::reset));
  }
}

Manifest ManifestStore::read() const {
  return read_of(pipeline_).value_or(Manifest{});
}

void ManifestStore::write(Manifest& manifest, bool records_changed) {
  manifest.written = std::chrono::system_clock::now();
  std::size_t added = 0;
  for (const auto& [name, target] : manifest.targets) added += target.files.size() - target.recorded;
  const auto older = manifest.records;
  if (records_changed || older == 0 || added > most_added_files) {
    storage_.put(records_file(pipeline_, manifest.batch), records_text(manifest));
    manifest.records = manifest.batch;
    for (auto& [name, target] : manifest.targets) target.recorded = target.files.size();
  }
  storage_.sync();
  fault::hit("before_manifest");
  storage_.put(manifest_file(pipeline_), manifest_text(manifest, pipeline_));
  if (older != 0 && older != manifest.records) storage_.remove(records_file(pipeline_, older));
}

void ManifestStore::write_views(const Manifest& manifest) noexcept {
  try {
    const auto path_of = [this](const std::string& name) { return storage_.path_of(name); };
    storage_.put(pipeline_views_file(pipeline_), views_text(manifest, pipeline_, format_, path_of));
    collect_views();
  } catch (const Error& failed) {
    spdlog::warn("{}: views.sql could not be written, it shows an older state: {}", label_, failed.cause());
  }
}

// The views of all pipelines are one file.
void ManifestStore::collect_views() const {
  std::string all =
      "-- The current state of the tables in this folder, as of the last whole batch. Written by walbrook.\n";
  auto pipelines = other_pipelines();
  pipelines.push_back(pipeline_);
  std::ranges::sort(pipelines);
  for (const auto& pipeline : pipelines) {
    if (const auto views = storage_.get(pipeline_views_file(pipeline))) all += *views;
  }
  storage_.put(std::string(views_file), all);
}

std::vector<std::string> ManifestStore::other_pipelines() const {
  std::set<std::string> found;
  for (const auto& file : storage_.list(std::string(state_folder))) {
    const auto rest = file.name.substr(std::min(file.name.size(), state_folder.size() + 1));
    const auto slash = rest.find('/');
    if (slash == std::string::npos || rest.substr(slash + 1) != "manifest.json") continue;
    found.insert(percent_decoded(rest.substr(0, slash)));
  }
  found.erase(pipeline_);
  return {found.begin(), found.end()};
}

OtherPipelines ManifestStore::others() const {
  OtherPipelines others;
  for (const auto& pipeline : other_pipelines()) {
    auto manifest = read_of(pipeline);
    if (!manifest) continue;
    for (const auto& [name, target] : manifest->targets) {
      others.folders.emplace(table_folder(name.first, name.second), pipeline);
      for (const auto& file : target.files) others.folders.emplace(table_folder_of(file.name), pipeline);
    }
    for (const auto& file : manifest->superseded) others.folders.emplace(table_folder_of(file.name), pipeline);
    others.manifests.emplace(pipeline, *std::move(manifest));
  }
  return others;
}

// Files keep the folder of the name that their table had when they were written: another pipeline's table of that name
// would overwrite them.
std::optional<NameConflict> ManifestStore::conflict(const Manifest& own, const OtherPipelines& others,
                                                    const TargetName& name) const {
  const auto is_named = [&](const auto& entry) {
    return duckdb::same_name(entry.first.first, name.schema) && duckdb::same_name(entry.first.second, name.table);
  };
  for (const auto& [pipeline, manifest] : others.manifests) {
    if (std::ranges::any_of(manifest.targets, is_named)) return name_conflict_of(name, label_, pipeline);
  }
  if (std::ranges::any_of(own.targets, is_named)) return std::nullopt;
  const auto folder = table_folder(name.schema, name.table);
  if (const auto found = others.folders.find(folder); found != others.folders.end()) {
    return name_conflict_of(name, label_, found->second);
  }
  for (const auto& file : storage_.list(folder)) {
    if (is_data_file(file_part(file.name))) continue;
    return NameConflict{.reason = fmt::format("{} in {} was not written by walbrook", file.name, label_),
                        .hint = remedy("It is not touched. Move it away, or use another schema for the target tables: "
                                       "{}.",
                                       SetOption{RemedyOption::dataset, "NAME"})};
  }
  return std::nullopt;
}

std::vector<std::string> ManifestStore::take_expired(Manifest& manifest) {
  const auto now = std::chrono::system_clock::now();
  std::vector<std::string> expired;
  std::erase_if(manifest.superseded, [&](const SupersededFile& file) {
    if (now - file.since < superseded_for) return false;
    expired.push_back(file.name);
    return true;
  });
  return expired;
}

void ManifestStore::remove_leftovers(Manifest& manifest) {
  std::set<std::string> kept;
  std::set<std::string> folders;
  for (const auto& [name, target] : manifest.targets) {
    folders.insert(table_folder(name.first, name.second));
    for (const auto& file : target.files) {
      kept.insert(file.name);
      folders.insert(table_folder_of(file.name));
    }
  }
  for (const auto& [id, output] : manifest.outputs) {
    folders.insert(table_folder(output.target_schema, output.target_name));
  }
  for (const auto& file : manifest.superseded) folders.insert(table_folder_of(file.name));
  static_cast<void>(take_expired(manifest));
  for (const auto& file : manifest.superseded) kept.insert(file.name);
  for (const auto& [folder, pipeline] : others().folders) folders.erase(folder);
  for (const auto& folder : folders) {
    for (const auto& file : storage_.list(folder)) {
      if (is_data_file(file_part(file.name)) && !kept.contains(file.name)) storage_.remove(file.name);
    }
  }
  kept.insert(records_file(pipeline_, manifest.records));
  for (const auto& [xid, files] : manifest.prepared) kept.insert(files.begin(), files.end());
  for (const auto& file : storage_.list(pipeline_folder(pipeline_))) {
    const auto name = file_part(file.name);
    const bool is_of_batch = name.starts_with("records-") || name.starts_with("prepared-");
    const bool is_temporary = file.name.starts_with(temporary_folder(pipeline_, ""));
    if ((is_of_batch || is_temporary) && !kept.contains(file.name)) storage_.remove(file.name);
  }
}

void ManifestStore::remove_all(const Manifest& manifest) {
  // The manifest goes first: without it, nothing names the others.
  storage_.remove(manifest_file(pipeline_));
  for (const auto& [name, target] : manifest.targets) {
    for (const auto& file : target.files) storage_.remove(file.name);
  }
  for (const auto& file : manifest.superseded) storage_.remove(file.name);
  for (const auto& file : storage_.list(pipeline_folder(pipeline_))) {
    if (file.name != lock_file(pipeline_)) storage_.remove(file.name);
  }
  collect_views();
}

}  // namespace walbrook::destination::filesystem

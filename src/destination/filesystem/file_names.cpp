#include "destination/filesystem/file_names.h"

#include <fmt/format.h>

#include "base/percent_encoding.h"

namespace walbrook::destination::filesystem {
namespace {

// "." and ".." lead to other folders.
std::string folder_name(std::string_view name) {
  if (name.find_first_not_of('.') != std::string_view::npos) return percent_encoded(name);
  std::string encoded;
  for (std::size_t i = 0; i < name.size(); ++i) encoded += "%2E";
  return encoded;
}

}  // namespace

std::string table_folder(std::string_view schema, std::string_view table) {
  return folder_name(schema) + "/" + folder_name(table);
}

std::string table_folder_of(std::string_view file) {
  const auto schema = file.find('/');
  return std::string(file.substr(0, file.find('/', schema + 1)));
}

std::string pipeline_folder(std::string_view pipeline) {
  return fmt::format("{}/{}", state_folder, folder_name(pipeline));
}

std::string manifest_file(std::string_view pipeline) {
  return pipeline_folder(pipeline) + "/manifest.json";
}

std::string records_file(std::string_view pipeline, std::int64_t batch) {
  return fmt::format("{}/records-{}.json", pipeline_folder(pipeline), batch);
}

std::string prepared_file(std::string_view pipeline, std::uint32_t xid, std::int64_t batch, std::size_t part) {
  return fmt::format("{}/prepared-{}-{}-{}", pipeline_folder(pipeline), xid, batch, part);
}

std::string temporary_folder(std::string_view pipeline, std::string_view use) {
  return fmt::format("{}/tmp-{}", pipeline_folder(pipeline), use);
}

std::string pipeline_views_file(std::string_view pipeline) {
  return fmt::format("{}/{}", pipeline_folder(pipeline), views_file);
}

std::string lock_file(std::string_view pipeline) {
  return pipeline_folder(pipeline) + "/lock";
}

std::string changes_stem(std::int64_t batch) {
  return fmt::format("changes-{:012}", batch);
}

std::string snapshot_stem(std::int64_t generation) {
  return fmt::format("snapshot-{:012}", generation);
}

std::string data_file(std::string_view folder, std::string_view date, std::string_view stem, std::size_t part,
                      Format format) {
  const auto subfolder = date.empty() ? std::string() : fmt::format("commit_date={}/", date);
  return fmt::format("{}/{}{}-{:04}.{}", folder, subfolder, stem, part, to_string(format));
}

bool is_data_file(std::string_view name) {
  return name.starts_with("changes-") || name.starts_with("snapshot-");
}

bool is_changes_file(std::string_view name) {
  return name.substr(name.rfind('/') + 1).starts_with("changes-");
}

}  // namespace walbrook::destination::filesystem

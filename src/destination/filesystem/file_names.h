// The names of a destination's files, relative to its root.
//
//   DATASET/TABLE/snapshot-000000000001-0001.parquet   the rows of copy 1, part 1
//   DATASET/TABLE/changes-000000000007-0001.parquet    changes of batch 7, part 1
//   _walbrook/PIPELINE/manifest.json                   see manifest.h; beside it: records-N.json, views.sql, lock,
//                                                      prepared-XID-N-PART
//   views.sql                                          the views of all pipelines
//
// Names of tables and pipelines are percent-encoded, so that none of them leads to another folder. A name depends on
// nothing but the attempt: one that is made again writes the same names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "destination/filesystem/location.h"

namespace walbrook::destination::filesystem {

inline constexpr std::string_view state_folder = "_walbrook";
inline constexpr std::string_view views_file = "views.sql";

[[nodiscard]] std::string table_folder(std::string_view schema, std::string_view table);
// The folder of the table that the file was written for. Files stay in it when their table gets another name.
[[nodiscard]] std::string table_folder_of(std::string_view file);
[[nodiscard]] std::string pipeline_folder(std::string_view pipeline);
[[nodiscard]] std::string manifest_file(std::string_view pipeline);
[[nodiscard]] std::string records_file(std::string_view pipeline, std::int64_t batch);
// The `part`th file that batch `batch` keeps of a prepared transaction.
[[nodiscard]] std::string prepared_file(std::string_view pipeline, std::uint32_t xid, std::int64_t batch,
                                        std::size_t part);
// A folder for rows that do not fit into memory. `use` distinguishes the databases that have one.
[[nodiscard]] std::string temporary_folder(std::string_view pipeline, std::string_view use);
[[nodiscard]] std::string pipeline_views_file(std::string_view pipeline);
[[nodiscard]] std::string lock_file(std::string_view pipeline);

// The common beginning of the names of one batch's or one copy's files.
[[nodiscard]] std::string changes_stem(std::int64_t batch);
[[nodiscard]] std::string snapshot_stem(std::int64_t generation);
// `date` "": the file is in the table's folder itself.
[[nodiscard]] std::string data_file(std::string_view folder, std::string_view date, std::string_view stem,
                                    std::size_t part, Format format);
// Whether the file, whose name is given without its folder, is one of rows that walbrook wrote, finished or not.
[[nodiscard]] bool is_data_file(std::string_view name);
// Whether the file, whose name is given with its folder, has changes.
[[nodiscard]] bool is_changes_file(std::string_view name);

}  // namespace walbrook::destination::filesystem

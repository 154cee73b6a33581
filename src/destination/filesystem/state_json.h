// Records of the state as JSON, and back. Readers throw nlohmann::json::exception for what is not such a record.
#pragma once

#include <nlohmann/json.hpp>

#include "destination/filesystem/file_table.h"
#include "destination/state.h"
#include "destination/transaction.h"

namespace walbrook::destination::filesystem {

[[nodiscard]] nlohmann::json to_json(const Checkpoint& checkpoint);
[[nodiscard]] nlohmann::json to_json(const LoadRecord& load);
[[nodiscard]] nlohmann::json to_json(const TableRecord& table);
[[nodiscard]] nlohmann::json to_json(const OutputRecord& output);
[[nodiscard]] nlohmann::json to_json(const FileTable& table);
[[nodiscard]] nlohmann::json to_json(const AttemptId& attempt);

[[nodiscard]] Checkpoint checkpoint_of(const nlohmann::json& json);
[[nodiscard]] LoadRecord load_of(const nlohmann::json& json);
[[nodiscard]] TableRecord table_of(const nlohmann::json& json);
[[nodiscard]] OutputRecord output_of(const nlohmann::json& json);
[[nodiscard]] FileTable file_table_of(const nlohmann::json& json);

// Microseconds since 1970, and back.
[[nodiscard]] std::int64_t microseconds_of(WallTime time);
[[nodiscard]] WallTime time_of(std::int64_t microseconds);

}  // namespace walbrook::destination::filesystem

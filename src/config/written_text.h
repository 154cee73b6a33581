// Names and values as files, variables and flags write them, and as they count.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/keys.h"
#include "config/toml_file.h"

namespace walbrook::config {

// ASCII letters alone.
[[nodiscard]] std::string lower(std::string_view text);

// SOURCES__PG_REPLICATION__SLOT_NAME → sources, pg_replication, slot_name
[[nodiscard]] std::vector<std::string> path_of_variable(std::string_view name);

// Whether a file may write the key's value in this form; if not, what it must be, for a message.
[[nodiscard]] bool takes(const Key& key, Form form);
[[nodiscard]] std::string_view wanted_form(const Key& key);

// A secret that an orchestrator or `$(cat FILE; echo)` passes often ends with a line break, and no setting ends with
// one. Around an address, spaces mean nothing either.
[[nodiscard]] std::string without_line_break(const Key& key, std::string text);
// The same, and lowers words that dlt writes in capitals, and maps its one level that walbrook lacks.
[[nodiscard]] std::string normalised(const Key& key, std::string text);

}  // namespace walbrook::config

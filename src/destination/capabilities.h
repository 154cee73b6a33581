// What a destination can do, as data, so that decisions can be made without opening a destination.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/physical_type.h"

namespace walbrook::destination {

// A schema that no target table can be in.
struct ReservedSchema {
  std::string_view name;
  std::string_view why;  // ends a sentence that begins with the name: "is where walbrook keeps its own state"
};

struct NameRules {
  std::size_t max_bytes = 0;                            // the longest name; 0 = no limit
  bool folds_ascii_case = false;                        // names that differ only in the case of ASCII letters are one
  std::string_view state_schema = {};                   // the schema of walbrook's state
  std::span<const std::string_view> state_tables = {};  // names that are taken in state_schema
  std::span<const ReservedSchema> reserved_schemas = {};

  [[nodiscard]] std::string folded(std::string_view name) const;          // the same text for all names that are one
  [[nodiscard]] bool same(std::string_view a, std::string_view b) const;  // the destination cannot tell a and b apart
};

// What Transaction::move can do with a target table.
enum class Moves : std::uint8_t {
  none,           // nothing
  within_schema,  // give it another name
  everywhere,     // give it another name or another schema
};

struct Capabilities {
  bool rows_change = true;         // remove and complete work; false: only append does
  bool atomic = true;              // all tables and the state become visible together; false: idempotent by AttemptId
  bool transactional_ddl = false;  // alter may follow row operations; false: it comes first, see Transaction::alter
  bool keeps_prepared = true;      // KeepPrepared and DropPrepared work
  Moves moves = Moves::everywhere;
  // A position that no transaction of the published tables has becomes the checkpoint at most this often.
  std::chrono::seconds idle_interval{2};
  ValueLimits values{};  // the values that each layout holds natively
  NameRules names{};
};

// Throws Error(configuration) if no target table can be in schema `name`. `label` is what the message calls the setting
// that the name came from.
void check_dataset_name(const NameRules& rules, std::string_view name, std::string_view label);

}  // namespace walbrook::destination

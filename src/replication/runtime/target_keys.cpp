#include "replication/runtime/target_keys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/quoting.h"
#include "destination/target_shape.h"

namespace walbrook::replication {

TargetKeys::TargetKeys(destination::Destination& destination, const destination::OutputRecord& output)
    : table_(quote_identifier(output.target_schema) + "." + quote_identifier(output.target_name)) {
  auto* engine = destination.query_engine();
  if (engine == nullptr) {
    throw Error(ErrorKind::data, destination.name() + " cannot be asked for the keys of its rows",
                fmt::format("walbrook resync {}.{} copies the whole table.", output.schema, output.name));
  }
  session_ = engine->open_session({.pipeline = {}, .limits = {.bytes = 0}});
  const auto& columns = *output.columns;
  const auto names = destination::target_column_names(destination.capabilities().names, output.style, columns);
  for (std::size_t c = 0; c < columns.columns.size(); ++c) {
    if (columns.columns[c].in_key) columns_.push_back(quote_identifier(names[c]));
  }
}

// The condition for keys after the last one: (a > 1) OR (a = 1 AND b > 2). A comparison of rows would compare texts.
std::string TargetKeys::after_last() const {
  std::string condition, same;
  for (std::size_t c = 0; c < last_.size(); ++c) {
    const auto value = quote_literal(last_[c]);
    condition += fmt::format("{}({}{} > {})", c == 0 ? "" : " OR ", same, columns_[c], value);
    same += fmt::format("{} = {} AND ", columns_[c], value);
  }
  return condition.empty() ? "true" : condition;
}

postgres::KeyTexts TargetKeys::next() {
  postgres::KeyTexts keys(columns_.size());
  if (ended_) return keys;
  std::vector<std::string> selected, present;
  for (const auto& column : columns_) {
    selected.push_back(fmt::format("CAST({} AS text)", column));
    present.push_back(column + " IS NOT NULL");
  }
  const auto found = session_->query(fmt::format("SELECT {} FROM {} WHERE {} AND ({}) ORDER BY {} LIMIT {}",
                                                 fmt::join(selected, ", "), table_, fmt::join(present, " AND "),
                                                 after_last(), fmt::join(columns_, ", "), keys_at_once));
  for (const auto& row : found.rows) {
    last_.clear();
    for (std::size_t c = 0; c < row.size(); ++c) {
      last_.push_back(row[c].value_or(""));
      keys[c].push_back(last_.back());
    }
  }
  ended_ = found.rows.size() < keys_at_once;
  return keys;
}

}  // namespace walbrook::replication

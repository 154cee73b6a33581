#include "test/sim/server.h"

#include <algorithm>
#include <utility>

namespace walbrook::sim {
namespace {

// Returns the columns in the order of their names.
std::vector<std::size_t> by_name(const Shape& shape) {
  std::vector<std::size_t> order(shape.columns.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, [&shape](std::size_t i) -> const std::string& { return shape.columns[i].name; });
  return order;
}

}  // namespace

std::string ledger_row(const Shape& shape, const Cells& cells) {
  std::string row;
  for (const auto i : by_name(shape)) row += shape.columns[i].name + "=" + cells[i].value_or("NULL") + ";";
  return row;
}

std::vector<std::string> ledger_columns(const Shape& shape) {
  std::vector<std::string> names;
  for (const auto i : by_name(shape)) names.push_back(shape.columns[i].name);
  return names;
}

std::vector<std::string> ledger_rows(const Shape& shape, const Rows& rows) {
  std::vector<std::string> lines;
  for (const auto& [id, cells] : rows) lines.push_back(ledger_row(shape, cells));
  return lines;
}

WalRecord& Server::write(WalRecord record, std::size_t bytes) {
  record.at = end;
  end = Lsn{end.value + bytes};
  record.end = end;
  time += 1000;
  record.time = time;
  return wal.emplace_back(std::move(record));
}

Xid Server::oldest_open_xid() const {
  return open.empty() ? next_xid : open.begin()->first;
}

}  // namespace walbrook::sim

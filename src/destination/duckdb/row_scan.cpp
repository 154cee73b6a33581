#include "destination/duckdb/row_scan.h"

#include <fmt/format.h>

#include <random>

#include "base/error.h"

namespace walbrook::destination::duckdb {
namespace {

constexpr const char* function_name = "_walbrook_rows";

std::uint64_t new_token() {
  std::random_device random;
  return (std::uint64_t{random()} << 32U) | random();
}

}  // namespace

void RowScan::register_with(duckdb_connection connection) {
  Owned<duckdb_table_function, duckdb_destroy_table_function> function(duckdb_create_table_function());
  const LogicalType token(duckdb_create_logical_type(DUCKDB_TYPE_UBIGINT));
  duckdb_table_function_set_name(function.get(), function_name);
  duckdb_table_function_add_parameter(function.get(), token.get());
  duckdb_table_function_set_extra_info(function.get(), this, nullptr);
  duckdb_table_function_set_bind(function.get(), bind);
  duckdb_table_function_set_init(function.get(), start);
  duckdb_table_function_set_function(function.get(), next);
  if (duckdb_register_table_function(connection, function.get()) == DuckDBError) {
    throw Error(ErrorKind::internal, "DuckDB did not take the function that scans rows in memory");
  }
}

void RowScan::bind(duckdb_bind_info info) {
  auto& self = *static_cast<RowScan*>(duckdb_bind_get_extra_info(info));
  Owned<duckdb_value, duckdb_destroy_value> parameter(duckdb_bind_get_parameter(info, 0));
  const std::scoped_lock lock(self.mutex_);
  const auto found = self.scans_.find(duckdb_get_uint64(parameter.get()));
  if (found == self.scans_.end()) {
    duckdb_bind_set_error(info, "this function is walbrook's own");
    return;
  }
  const ScannedRows& rows = *found->second.rows;
  for (const auto& column : rows.columns) duckdb_bind_add_result_column(info, column.name.c_str(), column.type.get());
  duckdb_bind_set_cardinality(info, rows.rows.rows.size(), true);
  duckdb_bind_set_bind_data(info, &found->second, nullptr);
}

void RowScan::start(duckdb_init_info info) {
  duckdb_init_set_max_threads(info, 1);
  static_cast<Scan*>(duckdb_init_get_bind_data(info))->at = 0;
}

void RowScan::next(duckdb_function_info info, duckdb_data_chunk out) {
  auto& scan = *static_cast<Scan*>(duckdb_function_get_bind_data(info));
  try {
    if (scan.at >= scan.rows->rows.rows.size()) {
      duckdb_data_chunk_set_size(out, 0);
      return;
    }
    scan.at += scan.rows->filler.fill(out, scan.rows->rows, scan.at);
  } catch (const std::exception& failed) {
    scan.failure = std::current_exception();
    duckdb_function_set_error(info, failed.what());
  }
}

std::uint64_t RowScan::execute(Connection& connection, const std::string& before, const std::string& after,
                               ScannedRows& rows, const std::string& doing) {
  const auto token = new_token();
  Scan* scan = nullptr;
  {
    const std::scoped_lock lock(mutex_);
    scan = &scans_[token];
    scan->rows = &rows;
  }
  const auto forget = [&] {
    const std::scoped_lock lock(mutex_);
    scans_.erase(token);
  };
  try {
    const auto changed =
        connection.execute(fmt::format("{}{}({}::UBIGINT){}", before, function_name, token, after), doing);
    forget();
    return changed;
  } catch (...) {
    const auto failure = scan->failure;
    forget();
    if (failure != nullptr) std::rethrow_exception(failure);
    throw;
  }
}

}  // namespace walbrook::destination::duckdb

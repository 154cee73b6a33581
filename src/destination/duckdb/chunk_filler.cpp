#include "destination/duckdb/chunk_filler.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "destination/duckdb/types.h"
#include "destination/duckdb/utf8.h"

namespace walbrook::destination::duckdb {

static_assert(std::endian::native == std::endian::little, "decimals and strings are copied as they lie in memory");
static_assert(sizeof(Interval) == sizeof(duckdb_interval) && sizeof(Int128) == sizeof(duckdb_hugeint));

namespace {

// Copies `count` bits from bit `from` of `source` to bit `to` of `target`.
void copy_bits(std::uint64_t* target, std::size_t to, const std::uint64_t* source, std::size_t from,
               std::size_t count) {
  while (count > 0) {
    const std::size_t take = std::min({count, 64 - to % 64, 64 - from % 64});
    const std::uint64_t mask = (take == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << take) - 1);
    const std::uint64_t bits = (source[from / 64] >> (from % 64)) & mask;
    target[to / 64] = (target[to / 64] & ~(mask << (to % 64))) | (bits << (to % 64));
    to += take;
    from += take;
    count -= take;
  }
}

std::uint64_t* writable_validity(duckdb_vector vector) {
  duckdb_vector_ensure_validity_writable(vector);
  return duckdb_vector_get_validity(vector);
}

void all_null(duckdb_vector vector, std::uint32_t size) {
  auto* validity = writable_validity(vector);
  std::fill_n(validity, (size + 63) / 64, 0);
}

// Values that must be converted one by one.
template <class From, class To, class Convert, class Runs>
void convert(const Runs& runs, std::uint32_t column, void* out, const Convert& to) {
  auto* target = static_cast<To*>(out);
  for (const auto& run : runs) {
    const char* source = run.batch->columns[column].data().data() + std::size_t{run.first} * sizeof(From);
    for (std::uint32_t i = 0; i < run.count; ++i) {
      From value;
      std::memcpy(&value, source + i * sizeof(From), sizeof(From));
      target[run.at + i] = to(value);
    }
  }
}

constexpr auto powers_of_ten = [] {
  std::array<Int128, 39> out{1};
  for (std::size_t i = 1; i < out.size(); ++i) out[i] = out[i - 1] * 10;
  return out;
}();

template <class To, class Runs>
void copy_decimals(const Runs& runs, std::uint32_t column, int precision, void* out) {
  const Int128 bound = powers_of_ten[static_cast<std::size_t>(precision)];
  convert<Int128, To>(runs, column, out, [=](Int128 value) {
    if (value >= bound || value <= -bound) {
      throw Error(ErrorKind::internal,
                  fmt::format("a decimal of more than {} digits reached the destination", precision));
    }
    return static_cast<To>(value);
  });
}

template <class Runs>
void copy_decimals(const Runs& runs, std::uint32_t column, int precision, void* out) {
  if (precision <= 4) return copy_decimals<std::int16_t>(runs, column, precision, out);
  if (precision <= 9) return copy_decimals<std::int32_t>(runs, column, precision, out);
  if (precision <= 18) return copy_decimals<std::int64_t>(runs, column, precision, out);
  return copy_decimals<Int128>(runs, column, precision, out);
}

template <std::size_t width, class Runs>
void copy_fixed(const Runs& runs, std::uint32_t column, void* out) {
  for (const auto& run : runs) {
    const char* source = run.batch->columns[column].data().data() + std::size_t{run.first} * width;
    char* target = static_cast<char*>(out) + std::size_t{run.at} * width;
    if (run.count == 1) {
      std::memcpy(target, source, width);  // of a known size: one or two moves
    } else {
      std::memcpy(target, source, run.count * width);
    }
  }
}

template <class Runs>
void copy_validity(const Runs& runs, std::uint32_t column, duckdb_vector vector) {
  std::uint64_t* validity = nullptr;
  for (const auto& run : runs) {
    const Column& source = run.batch->columns[column];
    if (source.null_count() == 0) continue;
    if (validity == nullptr) validity = writable_validity(vector);
    copy_bits(validity, run.at, source.validity().data(), run.first, run.count);
  }
}

}  // namespace

duckdb_string_t string_cell(std::string_view text) {
  duckdb_string_t cell{};
  cell.value.inlined.length = static_cast<std::uint32_t>(text.size());
  if (text.size() <= sizeof(cell.value.inlined.inlined)) {
    std::memcpy(cell.value.inlined.inlined, text.data(), text.size());
  } else {
    std::memcpy(cell.value.pointer.prefix, text.data(), sizeof(cell.value.pointer.prefix));
    cell.value.pointer.ptr = const_cast<char*>(text.data());  // read only: the appender copies
  }
  return cell;
}

ChunkFiller::ChunkFiller(std::vector<Feed> feeds, TableSchemaRef schema, std::string label)
    : feeds_(std::move(feeds)), schema_(std::move(schema)), label_(std::move(label)) {
  if (duckdb_vector_size() < chunk_rows) throw Error(ErrorKind::internal, "DuckDB was built with small vectors");
}

void ChunkFiller::find_runs(std::span<const RowRef> rows, std::vector<Run>& runs) {
  runs.clear();
  for (std::uint32_t at = 0; at < rows.size(); ++at) {
    const RowRef& row = rows[at];
    if (!runs.empty() && runs.back().batch == row.batch && runs.back().first + runs.back().count == row.row) {
      ++runs.back().count;
    } else {
      runs.push_back({row.batch, row.row, 1, at});
    }
  }
}

std::uint32_t ChunkFiller::fill(duckdb_data_chunk chunk, const SelectedRows& all, std::size_t first) {
  const auto size = static_cast<std::uint32_t>(std::min<std::size_t>(chunk_rows, all.rows.size() - first));
  find_runs(all.rows.subspan(first, size), runs_);
  if (!all.origins.empty()) find_runs(all.origins.subspan(first, size), origin_runs_);
  const auto counts = all.counts.empty() ? all.counts : all.counts.subspan(first, size);
  for (idx_t i = 0; i < feeds_.size(); ++i) {
    fill_column(feeds_[i], feeds_[i].of_origin ? origin_runs_ : runs_, counts, first, size,
                duckdb_data_chunk_get_vector(chunk, i));
  }
  duckdb_data_chunk_set_size(chunk, size);
  return size;
}

std::uint32_t ChunkFiller::fill(duckdb_data_chunk chunk, const RowBatch& batch, std::size_t first) {
  const Run run{.batch = &batch,
                .first = static_cast<std::uint32_t>(first),
                .count = static_cast<std::uint32_t>(std::min<std::size_t>(chunk_rows, batch.rows() - first)),
                .at = 0};
  for (idx_t i = 0; i < feeds_.size(); ++i) {
    fill_column(feeds_[i], {&run, 1}, {}, first, run.count, duckdb_data_chunk_get_vector(chunk, i));
  }
  duckdb_data_chunk_set_size(chunk, run.count);
  return run.count;
}

void ChunkFiller::fill_column(const Feed& feed, std::span<const Run> runs, std::span<const std::uint32_t> counts,
                              std::size_t first, std::uint32_t size, duckdb_vector vector) {
  void* data = duckdb_vector_get_data(vector);
  switch (feed.kind) {
    case Feed::Kind::value:
      fill_values(feed.column, runs, vector);
      copy_validity(runs, feed.column, vector);
      return;
    case Feed::Kind::variant:
      fill_variants(feed.column, runs, size, vector);
      return;
    case Feed::Kind::unchanged:
      for (const auto& run : runs) {
        for (std::uint32_t i = 0; i < run.count; ++i) {
          static_cast<bool*>(data)[run.at + i] = run.batch->unchanged(run.first + i, feed.column);
        }
      }
      return;
    case Feed::Kind::count:
      for (std::size_t i = 0; i < counts.size(); ++i) static_cast<std::int64_t*>(data)[i] = counts[i];
      return;
    case Feed::Kind::ordinal:
      for (std::size_t i = 0; i < size; ++i) static_cast<std::int64_t*>(data)[i] = static_cast<std::int64_t>(first + i);
      return;
    case Feed::Kind::null:
      all_null(vector, size);
      return;
  }
}

void ChunkFiller::fill_values(std::uint32_t column, std::span<const Run> runs, duckdb_vector vector) {
  void* data = duckdb_vector_get_data(vector);
  const PhysicalType type = schema_->columns[column].type;
  switch (type.layout) {
    case Layout::boolean:
      return copy_fixed<1>(runs, column, data);
    case Layout::int16:
      return copy_fixed<2>(runs, column, data);
    case Layout::int32:
    case Layout::uint32:
    case Layout::float32:
    case Layout::date:
      return copy_fixed<4>(runs, column, data);
    case Layout::int64:
    case Layout::uint64:
    case Layout::float64:
    case Layout::time:
    case Layout::timestamp:
    case Layout::timestamp_tz:
      return copy_fixed<8>(runs, column, data);
    case Layout::interval:
      return copy_fixed<16>(runs, column, data);
    case Layout::decimal:
      return copy_decimals(runs, column, type.precision, data);
    case Layout::time_tz:
      return convert<TimeTz, std::uint64_t>(runs, column, data, pack_time_tz);
    case Layout::uuid:
      return convert<std::array<char, 16>, duckdb_hugeint>(
          runs, column, data, [](const std::array<char, 16>& bytes) { return uuid_from_wire(bytes.data()); });
    case Layout::utf8:
    case Layout::json:
    case Layout::binary:
      return fill_texts(column, runs, vector);
  }
}

void ChunkFiller::fill_texts(std::uint32_t column, std::span<const Run> runs, duckdb_vector vector) {
  auto* cells = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector));
  const bool is_text = schema_->columns[column].type.layout != Layout::binary;
  for (const auto& run : runs) {
    const Column& source = run.batch->columns[column];
    const auto begin = static_cast<std::size_t>(source.offsets()[run.first]);
    const auto end = static_cast<std::size_t>(source.offsets()[run.first + run.count]);
    text_bytes_ += end - begin;
    // Many short texts are checked at one go; only where there is more than ASCII does each value matter.
    const bool check = is_text && !is_ascii(std::string_view(source.data()).substr(begin, end - begin));
    for (std::uint32_t i = 0; i < run.count; ++i) {
      const auto text = source.bytes_at(run.first + i);
      if (check && !is_utf8(text)) not_utf8(column);
      cells[run.at + i] = string_cell(text);
    }
  }
}

void ChunkFiller::fill_variants(std::uint32_t column, std::span<const Run> runs, std::uint32_t size,
                                duckdb_vector vector) {
  all_null(vector, size);
  auto* cells = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector));
  auto* validity = duckdb_vector_get_validity(vector);
  for (const auto& run : runs) {
    const auto& variants = run.batch->columns[column].variants();
    auto found = std::ranges::lower_bound(variants, run.first, {}, &Variant::row);
    for (; found != variants.end() && found->row < run.first + run.count; ++found) {
      if (!is_utf8(found->text)) not_utf8(column);
      const auto at = run.at + (found->row - run.first);
      cells[at] = string_cell(found->text);
      duckdb_validity_set_row_valid(validity, at);
      text_bytes_ += found->text.size();
      ++variants_;
    }
  }
}

void ChunkFiller::not_utf8(std::uint32_t column) const {
  throw Error(
      ErrorKind::data,
      fmt::format("a value of column \"{}\" of table {} is not UTF-8", schema_->columns[column].name, label_),
      "The source's database has an encoding that does not check its bytes (SQL_ASCII). Correct the value there.");
}

}  // namespace walbrook::destination::duckdb

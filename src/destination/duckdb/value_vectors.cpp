#include "destination/duckdb/value_vectors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/error.h"
#include "base/utf8.h"
#include "destination/duckdb/types.h"

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

constexpr auto powers_of_ten = [] {
  std::array<Int128, 39> out{1};
  for (std::size_t i = 1; i < out.size(); ++i) out[i] = out[i - 1] * 10;
  return out;
}();

}  // namespace

duckdb_string_t string_cell(std::string_view text) {
  duckdb_string_t cell{};
  cell.value.inlined.length = static_cast<std::uint32_t>(text.size());
  if (text.size() <= sizeof(cell.value.inlined.inlined)) {
    std::memcpy(cell.value.inlined.inlined, text.data(), text.size());
  } else {
    std::memcpy(cell.value.pointer.prefix, text.data(), sizeof(cell.value.pointer.prefix));
    cell.value.pointer.ptr = const_cast<char*>(text.data());  // only read: the appender makes a copy
  }
  return cell;
}

void set_all_null(duckdb_vector vector, std::size_t size) {
  auto* validity = writable_validity(vector);
  std::fill_n(validity, (size + 63) / 64, 0);
  const LogicalType type(duckdb_vector_get_column_type(vector));
  switch (duckdb_get_type_id(type.get())) {
    case DUCKDB_TYPE_STRUCT:
      for (idx_t i = 0; i < duckdb_struct_type_child_count(type.get()); ++i) {
        set_all_null(duckdb_struct_vector_get_child(vector, i), size);
      }
      return;
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_MAP:
      std::fill_n(static_cast<duckdb_list_entry*>(duckdb_vector_get_data(vector)), size, duckdb_list_entry{});
      return;
    default:
      return;
  }
}

void ValueVectors::set_labels(std::uint32_t column, const std::vector<std::string>& labels) {
  if (labels.empty()) return;
  auto& numbers = numbers_[column];
  for (const auto& label : labels) numbers.emplace(label, static_cast<std::uint32_t>(numbers.size()));
}

// DuckDB numbers the labels of a type with as few bytes as they need.
void ValueVectors::labels(const LabelNumbers& numbers, std::span<const RowRange> ranges, duckdb_vector vector) const {
  void* data = duckdb_vector_get_data(vector);
  const LogicalType type(duckdb_vector_get_column_type(vector));
  switch (duckdb_enum_internal_type(type.get())) {
    case DUCKDB_TYPE_UTINYINT:
      return label_numbers(numbers, ranges, static_cast<std::uint8_t*>(data));
    case DUCKDB_TYPE_USMALLINT:
      return label_numbers(numbers, ranges, static_cast<std::uint16_t*>(data));
    default:
      return label_numbers(numbers, ranges, static_cast<std::uint32_t*>(data));
  }
}

template <class Number>
void ValueVectors::label_numbers(const LabelNumbers& numbers, std::span<const RowRange> ranges, Number* out) const {
  for (const auto& range : ranges) {
    const Column& source = source_of(range, column_);
    for (std::size_t i = 0; i < range.count; ++i) {
      auto& number = out[range.at + i];
      number = 0;
      if (source.is_null(range.first + i)) continue;
      const auto text = source.bytes_at(range.first + i);
      const auto found = numbers.find(text);
      if (found == numbers.end()) no_label(text);
      number = static_cast<Number>(found->second);
    }
  }
}

void ValueVectors::no_label(std::string_view text) const {
  if (!is_utf8(text)) not_utf8(column_);
  throw Error(ErrorKind::internal, fmt::format("column \"{}\" of table {} was not given label \"{}\"",
                                               schema_.columns[column_].name, label_, text));
}

void ValueVectors::fill(std::uint32_t column, std::span<const RowRange> ranges, duckdb_vector vector) {
  column_ = column;
  if (const auto numbers = numbers_.find(column); numbers != numbers_.end()) {
    validity(ranges, column, vector);
    return labels(numbers->second, ranges, vector);
  }
  values(schema_.columns[column].type, ranges, column, vector);
}

template <class Ranges>
void ValueVectors::values(const PhysicalType& type, const Ranges& ranges, std::uint32_t index, duckdb_vector vector) {
  validity(ranges, index, vector);
  void* data = duckdb_vector_get_data(vector);
  switch (type.layout) {
    case Layout::boolean:
      return fixed<1>(ranges, index, data);
    case Layout::int16:
      return fixed<2>(ranges, index, data);
    case Layout::int32:
    case Layout::uint32:
    case Layout::float32:
    case Layout::date:
      return fixed<4>(ranges, index, data);
    case Layout::int64:
    case Layout::uint64:
    case Layout::float64:
    case Layout::time:
    case Layout::timestamp:
    case Layout::timestamp_tz:
      return fixed<8>(ranges, index, data);
    case Layout::interval:
      return fixed<16>(ranges, index, data);
    case Layout::decimal:
      return decimals(ranges, index, type.precision, data);
    case Layout::time_tz:
      return convert<TimeTz, std::uint64_t>(ranges, index, data, pack_time_tz);
    case Layout::uuid:
      return convert<std::array<char, 16>, duckdb_hugeint>(
          ranges, index, data, [](const std::array<char, 16>& bytes) { return uuid_from_wire(bytes.data()); });
    case Layout::utf8:
    case Layout::json:
    case Layout::binary:
    case Layout::bit:
      return texts(type.layout, ranges, index, vector);
    case Layout::list:
    case Layout::map:
      return lists(type, ranges, index, vector);
    case Layout::structure:
      return structures(type, ranges, index, vector);
  }
}

// Writes values that must be converted one by one.
template <class From, class To, class Ranges, class Convert>
void ValueVectors::convert(const Ranges& ranges, std::uint32_t index, void* out, const Convert& to) {
  auto* target = static_cast<To*>(out);
  for (const auto& range : ranges) {
    const char* source = source_of(range, index).data().data() + std::size_t{range.first} * sizeof(From);
    for (std::size_t i = 0; i < range.count; ++i) {
      From value;
      std::memcpy(&value, source + i * sizeof(From), sizeof(From));
      target[range.at + i] = to(value);
    }
  }
}

template <class To, class Ranges>
void ValueVectors::decimals_as(const Ranges& ranges, std::uint32_t index, int precision, void* out) {
  const Int128 bound = powers_of_ten[static_cast<std::size_t>(precision)];
  convert<Int128, To>(ranges, index, out, [=](Int128 value) {
    if (value >= bound || value <= -bound) {
      throw Error(ErrorKind::internal,
                  fmt::format("a decimal of more than {} digits reached the destination", precision));
    }
    return static_cast<To>(value);
  });
}

template <class Ranges>
void ValueVectors::decimals(const Ranges& ranges, std::uint32_t index, int precision, void* out) {
  if (precision <= 4) return decimals_as<std::int16_t>(ranges, index, precision, out);
  if (precision <= 9) return decimals_as<std::int32_t>(ranges, index, precision, out);
  if (precision <= 18) return decimals_as<std::int64_t>(ranges, index, precision, out);
  return decimals_as<Int128>(ranges, index, precision, out);
}

template <std::size_t width, class Ranges>
void ValueVectors::fixed(const Ranges& ranges, std::uint32_t index, void* out) {
  for (const auto& range : ranges) {
    const char* source = source_of(range, index).data().data() + std::size_t{range.first} * width;
    char* target = static_cast<char*>(out) + std::size_t{range.at} * width;
    if (range.count == 1) {
      std::memcpy(target, source, width);  // the size is known: one or two moves
    } else {
      std::memcpy(target, source, range.count * width);
    }
  }
}

template <class Ranges>
void ValueVectors::validity(const Ranges& ranges, std::uint32_t index, duckdb_vector vector) {
  std::uint64_t* target = nullptr;
  for (const auto& range : ranges) {
    const Column& source = source_of(range, index);
    if (source.null_count() == 0) continue;
    if (target == nullptr) target = writable_validity(vector);
    copy_bits(target, range.at, source.validity().data(), range.first, range.count);
  }
}

template <class Ranges>
void ValueVectors::texts(Layout layout, const Ranges& ranges, std::uint32_t index, duckdb_vector vector) {
  auto* cells = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector));
  const bool is_text = layout == Layout::utf8 || layout == Layout::json;
  for (const auto& range : ranges) {
    const Column& source = source_of(range, index);
    const auto begin = static_cast<std::size_t>(source.offsets()[range.first]);
    const auto end = static_cast<std::size_t>(source.offsets()[range.first + range.count]);
    bytes_ += end - begin;
    // Many short texts are checked at once; each value is checked only if there is more than ASCII.
    const bool check = is_text && !is_ascii(std::string_view(source.data()).substr(begin, end - begin));
    for (std::size_t i = 0; i < range.count; ++i) {
      const auto text = source.bytes_at(range.first + i);
      largest_ = std::max(largest_, text.size());
      if (check && !is_utf8(text)) not_utf8(column_);
      cells[range.at + i] = string_cell(text);
    }
  }
}

// A list's elements follow one another in its child vector; a map is a list of structures of key and value.
template <class Ranges>
void ValueVectors::lists(const PhysicalType& type, const Ranges& ranges, std::uint32_t index, duckdb_vector vector) {
  auto* entries = static_cast<duckdb_list_entry*>(duckdb_vector_get_data(vector));
  std::vector<Slice> elements;
  std::size_t total = 0;
  for (const auto& range : ranges) {
    const Column& source = source_of(range, index);
    const auto* offsets = source.offsets().data() + range.first;
    for (std::size_t i = 0; i < range.count; ++i) {
      entries[range.at + i] = {.offset = total + static_cast<std::size_t>(offsets[i] - offsets[0]),
                               .length = static_cast<std::size_t>(offsets[i + 1] - offsets[i])};
    }
    const auto count = static_cast<std::size_t>(offsets[range.count] - offsets[0]);
    if (count > 0) elements.push_back({&source, static_cast<std::size_t>(offsets[0]), count, total});
    total += count;
  }
  bytes_ += total * sizeof(std::int64_t) * type.children.size();
  duckdb_list_vector_reserve(vector, total);
  duckdb_list_vector_set_size(vector, total);
  const auto child = duckdb_list_vector_get_child(vector);
  if (type.layout == Layout::list) {
    values(type.children.front(), elements, 0, child);
  } else {
    for (std::uint32_t i = 0; i < type.children.size(); ++i) {
      values(type.children[i], elements, i, duckdb_struct_vector_get_child(child, i));
    }
  }
}

template <class Ranges>
void ValueVectors::structures(const PhysicalType& type, const Ranges& ranges, std::uint32_t index,
                              duckdb_vector vector) {
  std::vector<Slice> fields;
  fields.reserve(ranges.size());
  for (const auto& range : ranges) fields.push_back({&source_of(range, index), range.first, range.count, range.at});
  for (std::uint32_t i = 0; i < type.children.size(); ++i) {
    values(type.children[i], fields, i, duckdb_struct_vector_get_child(vector, i));
  }
}

void ValueVectors::not_utf8(std::uint32_t column) const {
  throw Error(
      ErrorKind::data,
      fmt::format("a value of column \"{}\" of table {} is not UTF-8", schema_.columns[column].name, label_),
      "The source's database has an encoding that does not check its bytes (SQL_ASCII). Correct the value there.");
}

}  // namespace walbrook::destination::duckdb

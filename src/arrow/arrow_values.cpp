#include "arrow/arrow_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "arrow/arrow_layout.h"
#include "base/error.h"
#include "base/utf8.h"

namespace walbrook {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are read as they lie in memory");

constexpr std::int64_t us_a_second = 1'000'000;
constexpr std::int64_t us_a_day = 86'400 * us_a_second;
constexpr std::int64_t ms_a_day = 86'400'000;

// IEEE 754: 1 bit of sign, 5 of exponent, 10 of fraction. Every half-precision number is a float.
float of_half(std::uint16_t half) {
  constexpr int fraction_bits = 10;
  const int exponent = half >> fraction_bits & 0x1F;
  const int fraction = half & 0x3FF;
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000U) << 16U;
  if (exponent == 0x1F) {
    return std::bit_cast<float>(sign | 0x7F800000U | static_cast<std::uint32_t>(fraction) << 13U);
  }
  const float size = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                                   : std::ldexp(static_cast<float>(fraction + 0x400), exponent - 25);
  return sign != 0 ? -size : size;
}

Int128 power_of_ten(int exponent) {
  Int128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

// Reads the number of `width` bytes. Returns false if it needs more than 128 bits.
bool read_decimal(const char* bytes, std::size_t width, Int128& value) {
  if (width == 4) {
    value = arrow_item<std::int32_t>(bytes, 0);
  } else if (width == 8) {
    value = arrow_item<std::int64_t>(bytes, 0);
  } else {
    value = arrow_item<Int128>(bytes, 0);
  }
  if (width <= sizeof(Int128)) return true;
  const auto above = arrow_item<Int128>(bytes, 1);
  return above == (value < 0 ? -1 : 0);
}

// In a map of DuckDB, each key occurs once.
bool has_equal_keys(const Column& keys, std::size_t begin, std::size_t end) {
  std::vector<std::pair<std::size_t, std::size_t>> hashes;
  for (auto at = begin; at < end; ++at) hashes.emplace_back(keys.hash_value(at), at);
  std::ranges::sort(hashes);
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    for (auto j = i + 1; j < hashes.size() && hashes[j].first == hashes[i].first; ++j) {
      if (keys.same_value(hashes[i].second, keys, hashes[j].second)) return true;
    }
  }
  return false;
}

}  // namespace

void ArrowValues::append(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end,
                         Column& into) {
  within_ = false;
  values(of, array, begin, end, into);
}

void ArrowValues::append_in_row(const ArrowColumn& of, const ArrowArray& array, std::int64_t at, Column& into) {
  within_ = true;
  values(of, array, at, at + 1, into);
  ++row_;
}

void ArrowValues::fail(const ArrowColumn& of, const std::string& why) const {
  throw Error(ErrorKind::data, fmt::format("column \"{}\" of the stream, row {}: {}", of.path, row_, why),
              "Nothing was written. Correct the value, or cast the column to a type that holds it.",
              {.column = of.path});
}

template <class One>
void ArrowValues::each(const ArrowArray& array, std::int64_t begin, std::int64_t end, Column& into, const One& one) {
  for (auto at = array.offset + begin; at < array.offset + end; ++at) {
    if (arrow_is_null(array, at)) {
      into.append_null();
    } else {
      one(at);
    }
    if (!within_) ++row_;
  }
}

template <class From, class To>
void ArrowValues::numbers(const ArrowArray& array, std::int64_t begin, std::int64_t end, Column& into) {
  each(array, begin, end, into,
       [&](std::int64_t at) { into.append(static_cast<To>(arrow_item<From>(array.buffers[1], at))); });
}

template <class Float>
Float ArrowValues::checked(const ArrowColumn& of, Float value) const {
  if (std::isnan(value) && !limits_.float_nan) fail(of, "the destination's numbers cannot be NaN");
  if (std::isinf(value) && !limits_.float_infinity) fail(of, "the destination's numbers cannot be infinite");
  if (value == 0 && std::signbit(value) && !limits_.float_negative_zero) {
    fail(of, "the destination's numbers cannot be negative zero");
  }
  return value;
}

template <class Float>
void ArrowValues::floats(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end,
                         Column& into) {
  each(array, begin, end, into,
       [&](std::int64_t at) { into.append(checked(of, arrow_item<Float>(array.buffers[1], at))); });
}

void ArrowValues::append_text(const ArrowColumn& of, std::string_view text, Column& into) {
  const bool is_text = of.type.layout == Layout::utf8 || of.type.layout == Layout::json;
  if (is_text && !is_ascii(text) && !is_utf8(text)) fail(of, "the text is not UTF-8");
  into.append_bytes(text);
}

template <class Offset>
void ArrowValues::bytes(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end,
                        Column& into) {
  each(array, begin, end, into, [&](std::int64_t at) {
    const auto from = arrow_item<Offset>(array.buffers[1], at);
    const auto length = static_cast<std::size_t>(arrow_item<Offset>(array.buffers[1], at + 1) - from);
    const std::string_view text =
        length == 0 ? "" : std::string_view(static_cast<const char*>(array.buffers[2]) + from, length);
    append_text(of, text, into);
  });
}

void ArrowValues::views(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end,
                        Column& into) {
  each(array, begin, end, into, [&](std::int64_t at) {
    const auto view = arrow_item<ArrowView>(array.buffers[1], at);
    const auto* bytes = view.length <= arrow_inlined_bytes
                            ? static_cast<const char*>(array.buffers[1]) +
                                  at * static_cast<std::int64_t>(sizeof(view)) + sizeof(view.length)
                            : static_cast<const char*>(array.buffers[2 + view.buffer]) + view.offset;
    append_text(of, {bytes, static_cast<std::size_t>(view.length)}, into);
  });
}

void ArrowValues::decimals(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end,
                           Column& into) {
  const auto above = power_of_ten(of.type.precision - of.tens);
  const auto factor = power_of_ten(of.tens);
  each(array, begin, end, into, [&](std::int64_t at) {
    Int128 value = 0;
    const auto* bytes = static_cast<const char*>(array.buffers[1]) + static_cast<std::size_t>(at) * of.width;
    if (!read_decimal(bytes, of.width, value) || value >= above || value <= -above) {
      fail(of, fmt::format("the number has more digits than decimal({},{})", of.type.precision, of.type.scale));
    }
    into.append(static_cast<Int128>(value * factor));
  });
}

void ArrowValues::dates(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end,
                        Column& into) {
  constexpr auto infinite = std::numeric_limits<std::int32_t>::max();
  const auto append = [&](std::int64_t days, bool is_held) {
    if (!is_held) fail(of, "the day is outside of what the destination's dates can be");
    into.append(static_cast<std::int32_t>(days));
  };
  const auto is_in_range = [this](std::int64_t days) { return days >= limits_.min_date && days <= limits_.max_date; };
  each(array, begin, end, into, [&](std::int64_t at) {
    if (of.reading == ArrowReading::days) {
      const auto days = arrow_item<std::int32_t>(array.buffers[1], at);
      const bool is_infinite = days == infinite || days == -infinite;
      return append(days, is_infinite ? limits_.infinite_times : is_in_range(days));
    }
    const auto ms = arrow_item<std::int64_t>(array.buffers[1], at);
    if (ms % ms_a_day != 0) fail(of, fmt::format("{} ms are not a whole day", ms));
    append(ms / ms_a_day, is_in_range(ms / ms_a_day));
  });
}

// Converts ticks of a time of day, a timestamp or a duration.
std::int64_t ArrowValues::microseconds(const ArrowColumn& of, std::int64_t ticks) const {
  if (of.unit > us_a_second) {
    const auto ticks_a_us = of.unit / us_a_second;
    if (ticks % ticks_a_us != 0) {
      fail(of, fmt::format("{} ns are not a whole microsecond, which is the finest that is kept", ticks));
    }
    return ticks / ticks_a_us;
  }
  std::int64_t out = 0;
  if (__builtin_mul_overflow(ticks, us_a_second / of.unit, &out)) {
    fail(of, fmt::format("{} is more than 64 bits of microseconds hold", ticks));
  }
  return out;
}

void ArrowValues::times(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end,
                        Column& into) {
  each(array, begin, end, into, [&](std::int64_t at) {
    const auto ticks = of.reading == ArrowReading::time32 ? arrow_item<std::int32_t>(array.buffers[1], at)
                                                          : arrow_item<std::int64_t>(array.buffers[1], at);
    const auto time = microseconds(of, ticks);
    if (time < 0 || time > us_a_day) fail(of, fmt::format("{} µs are not a time of a day", time));
    into.append(time);
  });
}

void ArrowValues::timestamps(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end,
                             Column& into) {
  constexpr auto infinite = std::numeric_limits<std::int64_t>::max();
  each(array, begin, end, into, [&](std::int64_t at) {
    const auto ticks = arrow_item<std::int64_t>(array.buffers[1], at);
    const bool is_infinite = of.unit <= us_a_second && (ticks == infinite || ticks == -infinite);
    const auto time = is_infinite ? ticks : microseconds(of, ticks);
    const bool is_held =
        is_infinite ? limits_.infinite_times : time >= limits_.min_timestamp && time <= limits_.max_timestamp;
    if (!is_held) {
      fail(of, fmt::format("{} µs since 1970 are outside of what the destination's timestamps can be", time));
    }
    into.append(time);
  });
}

void ArrowValues::intervals(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end,
                            Column& into) {
  struct DayTime {
    std::int32_t days, milliseconds;
  };
  struct MonthNano {
    std::int32_t months, days;
    std::int64_t nanoseconds;
  };
  each(array, begin, end, into, [&](std::int64_t at) {
    Interval interval{};
    const auto* values = array.buffers[1];
    if (of.reading == ArrowReading::duration) {
      interval.microseconds = microseconds(of, arrow_item<std::int64_t>(values, at));
    } else if (of.reading == ArrowReading::months) {
      interval.months = arrow_item<std::int32_t>(values, at);
    } else if (of.reading == ArrowReading::day_time) {
      const auto value = arrow_item<DayTime>(values, at);
      constexpr std::int64_t us_a_ms = 1000;
      interval = {.months = 0, .days = value.days, .microseconds = value.milliseconds * us_a_ms};
    } else {
      const auto value = arrow_item<MonthNano>(values, at);
      constexpr std::int64_t ns_a_us = 1000;
      if (value.nanoseconds % ns_a_us != 0)
        fail(of, fmt::format("{} ns are not a whole microsecond", value.nanoseconds));
      interval = {.months = value.months, .days = value.days, .microseconds = value.nanoseconds / ns_a_us};
    }
    into.append(interval);
  });
}

template <class Offset>
void ArrowValues::lists(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end,
                        Column& into) {
  each(array, begin, end, into, [&](std::int64_t at) {
    values(of.children[0], *array.children[0], arrow_item<Offset>(array.buffers[1], at),
           arrow_item<Offset>(array.buffers[1], at + 1), into.children()[0]);
    into.close_list();
  });
}

template <class Offset>
void ArrowValues::list_views(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end,
                             Column& into) {
  each(array, begin, end, into, [&](std::int64_t at) {
    const std::int64_t from = arrow_item<Offset>(array.buffers[1], at);
    values(of.children[0], *array.children[0], from, from + arrow_item<Offset>(array.buffers[2], at),
           into.children()[0]);
    into.close_list();
  });
}

void ArrowValues::maps(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end,
                       Column& into) {
  const auto& entries = *array.children[0];
  each(array, begin, end, into, [&](std::int64_t at) {
    const auto first_key = into.children()[0].size();
    const std::int64_t from = arrow_item<std::int32_t>(array.buffers[1], at);
    const std::int64_t to = arrow_item<std::int32_t>(array.buffers[1], at + 1);
    for (auto entry = from; entry < to; ++entry) {
      if (arrow_is_null(entries, entries.offset + entry)) fail(of, "an entry of the map is NULL");
    }
    for (std::size_t i = 0; i < 2; ++i) {
      values(of.children[i], *entries.children[i], entries.offset + from, entries.offset + to, into.children()[i]);
    }
    const auto& keys = into.children()[0];
    for (auto key = first_key; key < keys.size(); ++key) {
      if (keys.is_null(key)) fail(of, "a key of the map is NULL");
    }
    if (has_equal_keys(keys, first_key, keys.size())) fail(of, "the map has a key twice");
    into.close_list();
  });
}

void ArrowValues::structures(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end,
                             Column& into) {
  each(array, begin, end, into, [&](std::int64_t at) {
    for (std::size_t i = 0; i < of.children.size(); ++i) {
      values(of.children[i], *array.children[i], at, at + 1, into.children()[i]);
    }
    into.close_structure();
  });
}

void ArrowValues::decoded(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end,
                          Column& into) {
  each(array, begin, end, into, [&](std::int64_t at) {
    std::int64_t index = 0;
    std::memcpy(&index, static_cast<const char*>(array.buffers[1]) + static_cast<std::size_t>(at) * of.width, of.width);
    const auto unused = 64 - static_cast<int>(of.width) * 8;
    if (of.is_signed) index = static_cast<std::int64_t>(static_cast<std::uint64_t>(index) << unused) >> unused;
    if (index < 0 || index >= array.dictionary->length) {
      fail(of, fmt::format("index {} into a dictionary of {} values", index, array.dictionary->length));
    }
    values(of.children[0], *array.dictionary, index, index + 1, into);
  });
}

void ArrowValues::values(const ArrowColumn& of, const ArrowArray& array, std::int64_t begin, std::int64_t end,
                         Column& into) {
  switch (of.reading) {
    case ArrowReading::nothing:
      for (auto at = begin; at < end; ++at) into.append_null();
      return;
    case ArrowReading::boolean:
      return each(array, begin, end, into, [&](std::int64_t at) {
        const auto bits = arrow_item<unsigned char>(array.buffers[1], at / 8);
        into.append(static_cast<char>(bits >> (at % 8) & 1));
      });
    case ArrowReading::bool8:
      return each(array, begin, end, into, [&](std::int64_t at) {
        into.append(static_cast<char>(arrow_item<std::int8_t>(array.buffers[1], at) != 0));
      });
    case ArrowReading::int8:
      return numbers<std::int8_t, std::int16_t>(array, begin, end, into);
    case ArrowReading::uint8:
      return numbers<std::uint8_t, std::int16_t>(array, begin, end, into);
    case ArrowReading::int16:
      return numbers<std::int16_t, std::int16_t>(array, begin, end, into);
    case ArrowReading::uint16:
      return numbers<std::uint16_t, std::int32_t>(array, begin, end, into);
    case ArrowReading::int32:
      return numbers<std::int32_t, std::int32_t>(array, begin, end, into);
    case ArrowReading::uint32:
      return numbers<std::uint32_t, std::uint32_t>(array, begin, end, into);
    case ArrowReading::int64:
      return numbers<std::int64_t, std::int64_t>(array, begin, end, into);
    case ArrowReading::uint64:
      return numbers<std::uint64_t, std::uint64_t>(array, begin, end, into);
    case ArrowReading::float16:
      return each(array, begin, end, into, [&](std::int64_t at) {
        into.append(checked(of, of_half(arrow_item<std::uint16_t>(array.buffers[1], at))));
      });
    case ArrowReading::float32:
      return floats<float>(of, array, begin, end, into);
    case ArrowReading::float64:
      return floats<double>(of, array, begin, end, into);
    case ArrowReading::decimal:
      return decimals(of, array, begin, end, into);
    case ArrowReading::bytes32:
      return bytes<std::int32_t>(of, array, begin, end, into);
    case ArrowReading::bytes64:
      return bytes<std::int64_t>(of, array, begin, end, into);
    case ArrowReading::bytes_view:
      return views(of, array, begin, end, into);
    case ArrowReading::bytes_fixed:
      return each(array, begin, end, into, [&](std::int64_t at) {
        const auto* base = static_cast<const char*>(array.buffers[1]);
        into.append_bytes(of.width == 0 ? ""
                                        : std::string_view(base + static_cast<std::size_t>(at) * of.width, of.width));
      });
    case ArrowReading::days:
    case ArrowReading::date_ms:
      return dates(of, array, begin, end, into);
    case ArrowReading::time32:
    case ArrowReading::time64:
      return times(of, array, begin, end, into);
    case ArrowReading::timestamp:
      return timestamps(of, array, begin, end, into);
    case ArrowReading::duration:
    case ArrowReading::months:
    case ArrowReading::day_time:
    case ArrowReading::month_nano:
      return intervals(of, array, begin, end, into);
    case ArrowReading::list32:
      return lists<std::int32_t>(of, array, begin, end, into);
    case ArrowReading::list64:
      return lists<std::int64_t>(of, array, begin, end, into);
    case ArrowReading::list_view32:
      return list_views<std::int32_t>(of, array, begin, end, into);
    case ArrowReading::list_view64:
      return list_views<std::int64_t>(of, array, begin, end, into);
    case ArrowReading::list_fixed:
      return each(array, begin, end, into, [&](std::int64_t at) {
        const auto size = static_cast<std::int64_t>(of.width);
        values(of.children[0], *array.children[0], at * size, (at + 1) * size, into.children()[0]);
        into.close_list();
      });
    case ArrowReading::structure:
      return structures(of, array, begin, end, into);
    case ArrowReading::map:
      return maps(of, array, begin, end, into);
    case ArrowReading::dictionary:
      return decoded(of, array, begin, end, into);
  }
}

}  // namespace walbrook

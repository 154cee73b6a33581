#include "postgres/values/text_datetime.h"

#include <limits>

#include "postgres/values/datetime.h"

namespace walbrook::postgres {
namespace {

// The unread rest of a value's text. A read that does not find what it expects consumes nothing and returns false.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  [[nodiscard]] bool at_end() const { return at_ == end_; }
  [[nodiscard]] bool next_is(char c) const { return at_ != end_ && *at_ == c; }
  bool take(char c) {
    if (!next_is(c)) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view word) {
    if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  bool two_digits(int& value) {
    if (end_ - at_ < 2 || !is_digit(at_[0]) || !is_digit(at_[1])) return false;
    value = (at_[0] - '0') * 10 + (at_[1] - '0');
    at_ += 2;
    return true;
  }
  // Reads `least` to `most` digits, as many as there are. REQUIRES: most <= 18.
  bool digits(int least, int most, std::int64_t& value) {
    const char* begin = at_;
    value = 0;
    while (at_ != end_ && at_ - begin < most && is_digit(*at_)) value = value * 10 + (*at_++ - '0');
    if (at_ - begin >= least) return true;
    at_ = begin;
    return false;
  }
  // Reads ".5" as 500,000 microseconds. If there is no fraction, the result is 0.
  bool fraction(std::int64_t& microseconds) {
    microseconds = 0;
    if (!take('.')) return true;
    const char* begin = at_;
    if (!digits(1, 6, microseconds)) return false;
    for (auto missing = 6 - (at_ - begin); missing > 0; --missing) microseconds *= 10;
    return true;
  }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  const char* at_;
  const char* end_;
};

// Reads "2026-11-22". The year has four or more digits. Only after " BC" is it known whether the month has that day.
bool read_date(Scanner& in, CivilDate& date) {
  return in.digits(4, 7, date.year) && in.take('-') && in.two_digits(date.month) && in.take('-') &&
         in.two_digits(date.day);
}

// Reads the end of a date or timestamp: " BC" or nothing. Returns days since 2000-01-01.
bool finish_date(Scanner& in, CivilDate date, std::int64_t& days) {
  if (date.year < 1 || date.month < 1 || date.month > 12) return false;
  if (in.take(" BC")) date.year = 1 - date.year;
  if (!in.at_end() || date.day < 1 || date.day > days_in_month(date.year, date.month)) return false;
  days = days_from_civil(date) - postgres_epoch_days;
  return true;
}

// Reads "04:05:06.789", up to 24:00:00.
bool read_time(Scanner& in, std::int64_t& microseconds) {
  int hour = 0;
  int minute = 0;
  int second = 0;
  std::int64_t fraction = 0;
  if (!in.two_digits(hour) || !in.take(':') || !in.two_digits(minute) || !in.take(':') || !in.two_digits(second) ||
      !in.fraction(fraction) || minute > 59 || second > 59) {
    return false;
  }
  microseconds = hour * us_per_hour + minute * us_per_minute + second * us_per_second + fraction;
  return microseconds <= us_per_day;
}

// Reads "+00", "-03:30" or "+05:53:28" as seconds east of Greenwich.
bool read_offset(Scanner& in, std::int32_t& seconds) {
  const bool west = in.next_is('-');
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!in.take(west ? '-' : '+') || !in.two_digits(hour)) return false;
  if (in.take(':')) {
    if (!in.two_digits(minute)) return false;
    if (in.take(':') && !in.two_digits(second)) return false;
  }
  seconds = hour * 3600 + minute * 60 + second;
  if (minute > 59 || second > 59 || seconds > max_zone_seconds) return false;
  if (west) seconds = -seconds;
  return true;
}

ParseStatus parse_timestamp_kind(std::string_view bytes, TimestampKind kind, const ParseOptions& options, Column& out) {
  if (bytes == "infinity") return append_infinite_timestamp(Sign::plus, options.limits, out);
  if (bytes == "-infinity") return append_infinite_timestamp(Sign::minus, options.limits, out);
  Scanner in(bytes);
  CivilDate date{};
  std::int64_t time = 0;
  std::int32_t offset = 0;
  std::int64_t days = 0;
  if (!read_date(in, date) || !in.take(' ') || !read_time(in, time) || time == us_per_day)
    return ParseStatus::malformed;
  if (kind == TimestampKind::with_zone && !read_offset(in, offset)) return ParseStatus::malformed;
  if (!finish_date(in, date, days)) return ParseStatus::malformed;
  std::int64_t value = 0;
  if (__builtin_mul_overflow(days, us_per_day, &value) ||
      __builtin_add_overflow(value, time - offset * us_per_second, &value)) {
    return ParseStatus::malformed;
  }
  return append_timestamp(value, kind, options.limits, out);
}

// A field of an interval that precedes its time of day.
enum class IntervalUnit { year, month, day };
constexpr std::int64_t months_per_year = 12;

bool read_unit(Scanner& in, IntervalUnit& unit) {
  if (in.take("year")) {
    unit = IntervalUnit::year;
  } else if (in.take("mon")) {
    unit = IntervalUnit::month;
  } else if (in.take("day")) {
    unit = IntervalUnit::day;
  } else {
    return false;
  }
  in.take('s');
  return true;
}

// Reads what follows the hours in "2562047788:00:54.775807". Returns the whole time without its sign.
bool finish_interval_time(Scanner& in, std::int64_t hours, std::uint64_t& microseconds) {
  int minute = 0;
  int second = 0;
  std::int64_t fraction = 0;
  if (!in.two_digits(minute) || !in.take(':') || !in.two_digits(second) || !in.fraction(fraction)) return false;
  if (minute > 59 || second > 59 || !in.at_end()) return false;
  const auto rest = minute * us_per_minute + second * us_per_second + fraction;
  return !__builtin_mul_overflow(static_cast<std::uint64_t>(hours), static_cast<std::uint64_t>(us_per_hour),
                                 &microseconds) &&
         !__builtin_add_overflow(microseconds, static_cast<std::uint64_t>(rest), &microseconds);
}

bool with_sign(std::uint64_t magnitude, Sign sign, std::int64_t& value) {
  const auto limit = std::uint64_t{1} << 63U;
  if (magnitude > limit || (magnitude == limit && sign == Sign::plus)) return false;
  value = static_cast<std::int64_t>(sign == Sign::plus ? magnitude : ~magnitude + 1);
  return true;
}

// Reads "1 year -2 mons +3 days -04:05:06.789": each field at most once, in this order, each with its own sign.
bool read_interval(Scanner& in, Interval& out) {
  std::int64_t months = 0;
  std::int64_t days = 0;
  int fields = 0;  // the first IntervalUnit that may still follow
  for (;;) {
    const Sign sign = in.next_is('-') ? Sign::minus : Sign::plus;
    if (!in.take('-')) in.take('+');
    std::int64_t value = 0;
    if (!in.digits(1, 12, value)) return false;
    if (in.take(':')) {
      std::uint64_t magnitude = 0;
      if (!finish_interval_time(in, value, magnitude) || !with_sign(magnitude, sign, out.microseconds)) return false;
      break;
    }
    IntervalUnit unit{};
    if (!in.take(' ') || !read_unit(in, unit) || static_cast<int>(unit) < fields) return false;
    fields = static_cast<int>(unit) + 1;
    if (sign == Sign::minus) value = -value;
    if (unit == IntervalUnit::day) {
      days = value;
    } else {
      months += unit == IntervalUnit::year ? value * months_per_year : value;
    }
    if (in.at_end()) break;
    if (!in.take(' ')) return false;
  }
  using Limits = std::numeric_limits<std::int32_t>;
  if (months < Limits::min() || months > Limits::max() || days < Limits::min() || days > Limits::max()) return false;
  out.months = static_cast<std::int32_t>(months);
  out.days = static_cast<std::int32_t>(days);
  return true;
}

}  // namespace

ParseStatus parse_date_text(std::string_view bytes, const ParseOptions& options, Column& out) {
  if (bytes == "infinity") return append_infinite_date(Sign::plus, options.limits, out);
  if (bytes == "-infinity") return append_infinite_date(Sign::minus, options.limits, out);
  Scanner in(bytes);
  CivilDate date{};
  std::int64_t days = 0;
  if (!read_date(in, date) || !finish_date(in, date, days)) return ParseStatus::malformed;
  return append_date(days, options.limits, out);
}

ParseStatus parse_time_text(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  Scanner in(bytes);
  std::int64_t time = 0;
  return read_time(in, time) && in.at_end() ? append_time(time, out) : ParseStatus::malformed;
}

ParseStatus parse_timetz_text(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  Scanner in(bytes);
  std::int64_t time = 0;
  std::int32_t offset = 0;
  if (!read_time(in, time) || !read_offset(in, offset) || !in.at_end()) return ParseStatus::malformed;
  return append_timetz(time, offset, out);
}

ParseStatus parse_timestamp_text(std::string_view bytes, const ParseOptions& options, Column& out) {
  return parse_timestamp_kind(bytes, TimestampKind::without_zone, options, out);
}

ParseStatus parse_timestamptz_text(std::string_view bytes, const ParseOptions& options, Column& out) {
  return parse_timestamp_kind(bytes, TimestampKind::with_zone, options, out);
}

ParseStatus parse_interval_text(std::string_view bytes, const ParseOptions& /*options*/, Column& out) {
  if (bytes == "infinity") return append_infinite_interval(Sign::plus, out);
  if (bytes == "-infinity") return append_infinite_interval(Sign::minus, out);
  Scanner in(bytes);
  Interval value{};
  if (!read_interval(in, value)) return ParseStatus::malformed;
  out.append(value);
  return ParseStatus::ok;
}

}  // namespace walbrook::postgres

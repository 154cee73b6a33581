#include "postgres/values/values.h"

#include <algorithm>

#include "postgres/values/binary_datetime.h"
#include "postgres/values/binary_nested.h"
#include "postgres/values/binary_values.h"
#include "postgres/values/bits.h"
#include "postgres/values/numeric.h"
#include "postgres/values/text_datetime.h"
#include "postgres/values/text_nested.h"
#include "postgres/values/text_values.h"
#include "postgres/values/vectors.h"

namespace walbrook::postgres {
namespace {

// A label's text and binary form are the same. One thread at a time uses the parsers of a column.
class EnumParser final : public NestedParser {
 public:
  explicit EnumParser(Oid type) : type_(type) {}

  [[nodiscard]] ParseStatus parse(std::string_view bytes, const ParseOptions& options, Column& out) const override {
    const auto status = parse_utf8(bytes, options, out);
    if (options.labels == nullptr || status != ParseStatus::ok || out.is_null(out.size() - 1)) return status;
    const auto label = out.bytes_at(out.size() - 1);
    if (!known_.contains(label))
      options.labels->push_back({.type = type_, .label = std::string(label), .known = &known_});
    return status;
  }

 private:
  Oid type_;
  mutable std::set<std::string, std::less<>> known_;
};

bool contains_enum(const SourceType& type) {
  return type.is_enum ||
         std::ranges::any_of(type.fields, [](const SourceField& field) { return contains_enum(field.type); });
}

// A nested value with enums in it, in a column that keeps its text: it is also taken apart, to find the labels.
class TextWithEnums final : public NestedParser {
 public:
  TextWithEnums(const SourceType& source, const PhysicalType& own)
      : parts_(own), parse_(parsers_for(source, own).text) {}

  [[nodiscard]] ParseStatus parse(std::string_view bytes, const ParseOptions& options, Column& out) const override {
    if (options.labels != nullptr) {
      static_cast<void>(parse_(bytes, options, parts_));
      parts_.truncate(0);
    }
    return parse_utf8(bytes, options, out);
  }

 private:
  mutable Column parts_;  // emptied after each value
  ValueParser parse_;
};

// Returns the scalar's own parsers, or those of a text if it has none.
Parsers scalar_parsers(Oid base_oid) {
  switch (base_oid) {
    case type_oid::boolean:
      return {parse_bool_text, parse_bool_binary};
    case type_oid::int2:
      return {parse_int2_text, parse_int2_binary};
    case type_oid::int4:
      return {parse_int4_text, parse_int4_binary};
    case type_oid::int8:
      return {parse_int8_text, parse_int8_binary};
    case type_oid::oid:
      return {parse_oid_text, parse_oid_binary};
    case type_oid::xid8:
      return {parse_xid8_text, parse_xid8_binary};
    case type_oid::float4:
      return {parse_float4_text, parse_float4_binary};
    case type_oid::float8:
      return {parse_float8_text, parse_float8_binary};
    case type_oid::numeric:
      return {parse_numeric_text, parse_numeric_binary};
    case type_oid::bytea:
      return {parse_bytea_text, parse_bytea_binary};
    case type_oid::uuid:
      return {parse_uuid_text, parse_uuid_binary};
    case type_oid::date:
      return {parse_date_text, parse_date_binary};
    case type_oid::time:
      return {parse_time_text, parse_time_binary};
    case type_oid::timetz:
      return {parse_timetz_text, parse_timetz_binary};
    case type_oid::timestamp:
      return {parse_timestamp_text, parse_timestamp_binary};
    case type_oid::timestamptz:
      return {parse_timestamptz_text, parse_timestamptz_binary};
    case type_oid::interval:
      return {parse_interval_text, parse_interval_binary};
    case type_oid::bit:
    case type_oid::varbit:
      return {parse_bit_text, parse_bit_binary};
    case type_oid::jsonb:
      return {parse_utf8, parse_jsonb_binary};
    case type_oid::char1:
      return {parse_char1_text, parse_char1_binary};
    case type_oid::json:
    case type_oid::text:
    case type_oid::varchar:
    case type_oid::bpchar:
    case type_oid::name:
      return {parse_utf8, parse_utf8};
    default:
      return {parse_utf8, nullptr};
  }
}

// Returns the parsers for a numeric whose values have no digits after the decimal point.
Parsers integer_parsers(Layout layout) {
  switch (layout) {
    case Layout::int16:
      return {parse_numeric_text_as_int2, nullptr};
    case Layout::int32:
      return {parse_numeric_text_as_int4, nullptr};
    case Layout::int64:
      return {parse_numeric_text_as_int8, nullptr};
    case Layout::float64:
      return {parse_numeric_text_as_float8, nullptr};
    default:
      return {};
  }
}

// Returns the parsers for a column that is wider than its type (model/column_overrides.h). Only the text form is read.
Parsers wider_parsers(Oid base_oid, Layout layout) {
  if (base_oid == type_oid::float4 && layout == Layout::float64) return {parse_float4_text_as_float8, nullptr};
  if (base_oid == type_oid::numeric) return integer_parsers(layout);
  const bool is_integer = base_oid == type_oid::int2 || base_oid == type_oid::int4 || base_oid == type_oid::int8 ||
                          base_oid == type_oid::oid || base_oid == type_oid::xid8;
  if (!is_integer) return {};
  switch (layout) {
    case Layout::int32:
      return {parse_int4_text, nullptr};
    case Layout::int64:
      return {parse_int8_text, nullptr};
    case Layout::uint64:
      return {parse_xid8_text, nullptr};
    case Layout::decimal:
      return {parse_numeric_text, nullptr};
    case Layout::float32:
      return {parse_float4_text, nullptr};
    case Layout::float64:
      return {parse_float8_text, nullptr};
    default:
      return {};
  }
}

Parsers list_parsers(const SourceType& source, const PhysicalType& type) {
  const auto& element = source.fields.front().type;
  const auto parsers = parsers_for(element, type.children.front());
  return {array_text_parser(parsers.text, element.delimiter), array_binary_parser(parsers.binary, element.oid)};
}

Parsers composite_parsers(const SourceType& source, const PhysicalType& type) {
  if (source.fields.size() != type.children.size()) return {};
  std::vector<ValueParser> text;
  std::vector<TypedParser> binary;
  for (std::size_t i = 0; i < source.fields.size(); ++i) {
    auto parsers = parsers_for(source.fields[i].type, type.children[i]);
    text.push_back(std::move(parsers.text));
    binary.push_back({source.fields[i].type.oid, std::move(parsers.binary)});
  }
  return {record_text_parser(std::move(text)), record_binary_parser(std::move(binary))};
}

}  // namespace

Parsers parsers_for(const SourceType& source, const PhysicalType& type) {
  if (source.is_enum) {
    const ValueParser parser(std::make_shared<const EnumParser>(source.base_oid));
    return {parser, parser};
  }
  const auto physical = physical_type(source, -1, {});
  const auto own = physical.layout;
  if (own != type.layout) {
    if (type.layout == Layout::utf8 && contains_enum(source)) {
      return {ValueParser(std::make_shared<const TextWithEnums>(source, physical)), nullptr};
    }
    if (type.layout == Layout::utf8 || type.layout == Layout::json) return {parse_utf8, nullptr};
    return source.kind == SourceType::Kind::scalar ? wider_parsers(source.base_oid, type.layout) : Parsers{};
  }
  switch (source.kind) {
    case SourceType::Kind::scalar:
      return scalar_parsers(source.base_oid);
    case SourceType::Kind::list:
      return list_parsers(source, type);
    case SourceType::Kind::composite:
      return composite_parsers(source, type);
    case SourceType::Kind::hstore:
      return {hstore_text_parser(), hstore_binary_parser()};
    case SourceType::Kind::vector:
      return {parse_vector_text, parse_vector_binary};
    case SourceType::Kind::halfvec:
      return {parse_vector_text, parse_halfvec_binary};
  }
  return {};
}

}  // namespace walbrook::postgres

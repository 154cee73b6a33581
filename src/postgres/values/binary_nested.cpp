#include "postgres/values/binary_nested.h"

#include <algorithm>

#include "base/bytes.h"
#include "postgres/values/text_values.h"

namespace walbrook::postgres {
namespace {

// Discards the value that was begun.
ParseStatus give_up(ParseStatus why, Column& out) {
  out.drop_open();
  return why;
}

// length:i32 bytes; a length of -1 is NULL.
ParseStatus part(ByteReader& in, const ValueParser& parser, const ParseOptions& options, Column& out) {
  const auto length = in.i32();
  if (in.failed() || length < -1) return ParseStatus::malformed;
  if (length == -1) {
    out.append_null();
    return ParseStatus::ok;
  }
  const auto bytes = in.bytes(static_cast<std::size_t>(length));
  if (in.failed()) return ParseStatus::malformed;
  const auto overflow = out.overflow().size();
  const auto status = parser(bytes, options, out);
  return out.overflow().size() == overflow ? status : ParseStatus::needs_text;
}

// dimensions:i32 has_null:i32 element_type:u32 { size:i32 lower_bound:i32 }* { element }*
//                                                                    src/backend/utils/adt/arrayfuncs.c, array_send
class ArrayBinary final : public NestedParser {
 public:
  ArrayBinary(ValueParser element, Oid element_oid) : element_(std::move(element)), element_oid_(element_oid) {}

  [[nodiscard]] ParseStatus parse(std::string_view bytes, const ParseOptions& options, Column& out) const override {
    constexpr std::int32_t most_dimensions = 6;  // MAXDIM
    ByteReader in(bytes);
    const auto dimensions = in.i32();
    const auto has_null = in.i32();
    const auto oid = in.u32();
    if (in.failed() || dimensions < 0 || dimensions > most_dimensions || has_null < 0 || has_null > 1 ||
        oid != element_oid_) {
      return ParseStatus::malformed;
    }
    if (dimensions > 1) return ParseStatus::needs_text;
    if (dimensions == 1) {
      const auto size = in.i32();
      const auto lower_bound = in.i32();
      if (in.failed() || size < 0) return ParseStatus::malformed;
      if (lower_bound != 1) return ParseStatus::needs_text;
      Column& elements = out.children().front();
      for (std::int32_t i = 0; i < size; ++i) {
        if (const auto status = part(in, element_, options, elements); status != ParseStatus::ok) {
          return give_up(status, out);
        }
      }
    }
    if (!in.at_end()) return give_up(ParseStatus::malformed, out);
    out.close_list();
    return ParseStatus::ok;
  }

 private:
  ValueParser element_;
  Oid element_oid_;
};

// fields:i32 { type:u32 field }*                                        src/backend/utils/adt/rowtypes.c, record_send
//
// If the attributes differ from the known ones in number or types, or if one cannot be parsed, the type was altered.
// The text form then goes to the overflow column.
class RecordBinary final : public NestedParser {
 public:
  explicit RecordBinary(std::vector<TypedParser> fields) : fields_(std::move(fields)) {}

  [[nodiscard]] ParseStatus parse(std::string_view bytes, const ParseOptions& options, Column& out) const override {
    ByteReader in(bytes);
    const auto count = in.i32();
    if (in.failed() || count < 0) return ParseStatus::malformed;
    if (static_cast<std::size_t>(count) != fields_.size()) return ParseStatus::needs_text;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      const auto oid = in.u32();
      if (in.failed()) return give_up(ParseStatus::malformed, out);
      if (oid != fields_[i].oid || part(in, fields_[i].parser, options, out.children()[i]) != ParseStatus::ok) {
        return give_up(in.failed() ? ParseStatus::malformed : ParseStatus::needs_text, out);
      }
    }
    if (!in.at_end()) return give_up(ParseStatus::malformed, out);
    out.close_structure();
    return ParseStatus::ok;
  }

 private:
  std::vector<TypedParser> fields_;
};

// pairs:i32 { key_length:i32 key value }*                                      contrib/hstore/hstore_io.c, hstore_send
class HstoreBinary final : public NestedParser {
 public:
  [[nodiscard]] ParseStatus parse(std::string_view bytes, const ParseOptions& options, Column& out) const override {
    static const ValueParser text(parse_utf8);
    ByteReader in(bytes);
    const auto pairs = in.i32();
    if (in.failed() || pairs < 0) return ParseStatus::malformed;
    Column& keys = out.children()[0];
    for (std::int32_t i = 0; i < pairs; ++i) {
      auto status = part(in, text, options, keys);
      if (status == ParseStatus::ok && keys.is_null(keys.size() - 1)) status = ParseStatus::malformed;
      if (status == ParseStatus::ok) status = part(in, text, options, out.children()[1]);
      if (status != ParseStatus::ok) return give_up(status, out);
    }
    if (!in.at_end()) return give_up(ParseStatus::malformed, out);
    out.close_list();
    return ParseStatus::ok;
  }
};

}  // namespace

ValueParser array_binary_parser(ValueParser element, Oid element_oid) {
  if (element == nullptr) return {};
  return ValueParser(std::make_shared<const ArrayBinary>(std::move(element), element_oid));
}

ValueParser record_binary_parser(std::vector<TypedParser> fields) {
  if (std::ranges::any_of(fields, [](const TypedParser& field) { return field.parser == nullptr; })) return {};
  return ValueParser(std::make_shared<const RecordBinary>(std::move(fields)));
}

ValueParser hstore_binary_parser() {
  return ValueParser(std::make_shared<const HstoreBinary>());
}

}  // namespace walbrook::postgres

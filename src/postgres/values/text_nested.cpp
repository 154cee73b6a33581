#include "postgres/values/text_nested.h"

#include <algorithm>

#include "postgres/values/text_values.h"
#include "postgres/values/value_text.h"

namespace walbrook::postgres {
namespace {

// Sends the whole value to the overflow column.
ParseStatus whole_as_overflow(std::string_view bytes, const ParseOptions& options, Column& out) {
  out.drop_open();
  std::string buffer;
  const auto stored = stored_text(bytes, options.text, buffer);
  if (stored.form == StoredText::Form::refused) return ParseStatus::malformed;
  out.append_overflow(std::string(stored.text));
  return ParseStatus::ok;
}

ParseStatus refuse(Column& out) {
  out.drop_open();
  return ParseStatus::malformed;
}

// The unread rest of a value's text, part by part. Borrows the text. A part that holds escapes is assembled in a buffer
// and is valid until the next part is read.
class PartScanner {
 public:
  explicit PartScanner(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] bool next_is(char c) const { return rest_.starts_with(c); }
  bool take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  // Reads up to one of `ends`, which is not consumed. Returns false if none follows.
  bool bare(std::string_view ends, std::string_view& part) {
    const auto end = rest_.find_first_of(ends);
    if (end == std::string_view::npos) return false;
    part = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return true;
  }
  // Reads from after the opening quote up to the closing one, which is consumed. A backslash escapes the next
  // character. If `doubled` is set, two quotes are one as well.
  bool quoted(std::string_view& part, bool doubled) {
    auto stop = rest_.find_first_of("\"\\");
    if (stop == std::string_view::npos) return false;
    if (rest_[stop] == '"' && !(doubled && rest_.substr(stop + 1).starts_with('"'))) {
      part = rest_.substr(0, stop);
      rest_.remove_prefix(stop + 1);
      return true;
    }
    buffer_.clear();
    for (; stop != std::string_view::npos; stop = rest_.find_first_of("\"\\")) {
      buffer_.append(rest_.substr(0, stop));
      const bool escape = rest_[stop] == '\\';
      rest_.remove_prefix(stop + 1);
      if (!escape && !(doubled && next_is('"'))) {
        part = buffer_;
        return true;
      }
      if (rest_.empty()) return false;
      buffer_.push_back(rest_.front());
      rest_.remove_prefix(1);
    }
    return false;
  }

 private:
  std::string_view rest_;
  std::string buffer_;
};

// "{1,NULL,\"a b\"}", empty "{}". Bounds precede it ("[0:1]={7,8}") if one of them does not start at 1. An element is
// quoted if it could be mistaken: empty, "NULL", or with braces, quotes, backslashes, delimiters or blanks.
//                                                                     src/backend/utils/adt/arrayfuncs.c, array_out
class ArrayText final : public NestedParser {
 public:
  ArrayText(ValueParser element, char delimiter)
      : element_(std::move(element)), delimiter_(1, delimiter), ends_(delimiter_ + "}\"{\\") {}

  [[nodiscard]] ParseStatus parse(std::string_view bytes, const ParseOptions& options, Column& out) const override {
    PartScanner in(bytes);
    if (in.next_is('[')) return whole_as_overflow(bytes, options, out);
    if (!in.take("{")) return ParseStatus::malformed;
    if (in.next_is('{')) return whole_as_overflow(bytes, options, out);
    Column& elements = out.children().front();
    const auto overflow = elements.overflow().size();
    if (!in.take("}")) {
      do {
        if (!element(in, options, elements)) return refuse(out);
      } while (in.take(delimiter_));
      if (!in.take("}")) return refuse(out);
    }
    if (!in.at_end()) return refuse(out);
    if (elements.overflow().size() != overflow) return whole_as_overflow(bytes, options, out);
    out.close_list();
    return ParseStatus::ok;
  }

 private:
  bool element(PartScanner& in, const ParseOptions& options, Column& elements) const {
    std::string_view part;
    if (in.take("\"")) {
      return in.quoted(part, false) && element_(part, options, elements) == ParseStatus::ok;
    }
    if (!in.bare(ends_, part) || part.empty()) return false;
    if (part == "NULL") {
      elements.append_null();
      return true;
    }
    return element_(part, options, elements) == ParseStatus::ok;
  }

  ValueParser element_;
  std::string delimiter_;
  std::string ends_;
};

// "(1,\"a b\",)": an empty field is NULL. A field is quoted if it is empty or holds quotes, backslashes, parentheses,
// commas or blanks. In quotes, quotes and backslashes are doubled.
//                                                                     src/backend/utils/adt/rowtypes.c, record_out
class RecordText final : public NestedParser {
 public:
  explicit RecordText(std::vector<ValueParser> fields) : fields_(std::move(fields)) {}

  [[nodiscard]] ParseStatus parse(std::string_view bytes, const ParseOptions& options, Column& out) const override {
    PartScanner in(bytes);
    if (!in.take("(")) return ParseStatus::malformed;
    bool known = true;  // the attributes so far are those that the column has
    std::size_t count = 0;
    do {
      std::string_view part;
      const bool is_quoted = in.take("\"");
      if (is_quoted ? !in.quoted(part, true) : !in.bare(",)\"(\\", part)) return refuse(out);
      if (known && count < fields_.size()) {
        Column& field = out.children()[count];
        const auto overflow = field.overflow().size();
        if (!is_quoted && part.empty()) {
          field.append_null();
        } else {
          known = fields_[count](part, options, field) == ParseStatus::ok && field.overflow().size() == overflow;
        }
      }
      ++count;
    } while (in.take(","));
    if (!in.take(")") || !in.at_end()) return refuse(out);
    if (!known || count != fields_.size()) return whole_as_overflow(bytes, options, out);
    out.close_structure();
    return ParseStatus::ok;
  }

 private:
  std::vector<ValueParser> fields_;
};

// "\"k\"=>\"v\", \"n\"=>NULL"; an empty hstore is the empty text.
//                                                                     contrib/hstore/hstore_io.c, hstore_out
class HstoreText final : public NestedParser {
 public:
  [[nodiscard]] ParseStatus parse(std::string_view bytes, const ParseOptions& options, Column& out) const override {
    PartScanner in(bytes);
    Column& keys = out.children()[0];
    Column& values = out.children()[1];
    const auto overflow = keys.overflow().size() + values.overflow().size();
    if (!in.at_end()) {
      do {
        std::string_view part;
        if (!in.take("\"") || !in.quoted(part, false) || !in.take("=>")) return refuse(out);
        if (parse_utf8(part, options, keys) != ParseStatus::ok) return refuse(out);
        if (in.take("NULL")) {
          values.append_null();
        } else {
          if (!in.take("\"") || !in.quoted(part, false)) return refuse(out);
          if (parse_utf8(part, options, values) != ParseStatus::ok) return refuse(out);
        }
      } while (in.take(", "));
    }
    if (!in.at_end()) return refuse(out);
    if (keys.overflow().size() + values.overflow().size() != overflow) return whole_as_overflow(bytes, options, out);
    out.close_list();
    return ParseStatus::ok;
  }
};

}  // namespace

ValueParser array_text_parser(ValueParser element, char delimiter) {
  if (element == nullptr) return {};
  return ValueParser(std::make_shared<const ArrayText>(std::move(element), delimiter));
}

ValueParser record_text_parser(std::vector<ValueParser> fields) {
  if (std::ranges::any_of(fields, [](const ValueParser& field) { return field == nullptr; })) return {};
  return ValueParser(std::make_shared<const RecordText>(std::move(fields)));
}

ValueParser hstore_text_parser() {
  return ValueParser(std::make_shared<const HstoreText>());
}

}  // namespace walbrook::postgres

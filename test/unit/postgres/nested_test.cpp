// Arrays, composites and hstore: golden values of both formats, and the errors of damaged ones.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "test/unit/postgres/parsing.h"

namespace walbrook::postgres {
namespace {

constexpr Oid int4_array = 1007;
constexpr Oid text_array = 1009;
constexpr Oid numeric_array = 1231;

SourceType pair_type() {
  return {.oid = 20001,
          .base_oid = 20001,
          .kind = SourceType::Kind::composite,
          .fields = {{.name = "a", .type = built_in_type(type_oid::int4)},
                     {.name = "b", .type = built_in_type(type_oid::text)}}};
}
SourceType pairs_type() {
  return {
      .oid = 20002, .base_oid = 20002, .kind = SourceType::Kind::list, .fields = {{.name = "", .type = pair_type()}}};
}
SourceType hstore_type() {
  return {.oid = 20003, .base_oid = 20003, .kind = SourceType::Kind::hstore};
}
// A type that contains every kind at some depth.
SourceType deep_type() {
  return {.oid = 20004,
          .base_oid = 20004,
          .kind = SourceType::Kind::composite,
          .fields = {{.name = "ps", .type = pairs_type()},
                     {.name = "h", .type = hstore_type()},
                     {.name = "n", .type = built_in_type(numeric_array)},
                     {.name = "p", .type = pair_type()}}};
}

// Returns "[1, NULL]", "(1, x)", "<k: v>" for int4 and text values.
std::string show(const Column& column, std::size_t row) {
  if (const auto* overflow = column.overflow_at(row)) return "overflow " + *overflow;
  if (column.is_null(row)) return "NULL";
  const auto& children = column.children();
  std::string out;
  switch (column.type().layout) {
    case Layout::int32:
      return std::to_string(column.value<std::int32_t>(row));
    case Layout::float32:
      return fmt::format("{}", column.value<float>(row));
    case Layout::decimal:
      return print_int128(column.value<Int128>(row));
    case Layout::structure:
      for (const auto& child : children) out += (out.empty() ? "" : ", ") + show(child, row);
      return "(" + out + ")";
    case Layout::list:
    case Layout::map:
      for (auto at = column.offsets()[row]; at < column.offsets()[row + 1]; ++at) {
        const auto i = static_cast<std::size_t>(at);
        out += (out.empty() ? "" : ", ") + show(children[0], i);
        if (children.size() > 1) out += ": " + show(children[1], i);
      }
      return children.size() > 1 ? "<" + out + ">" : "[" + out + "]";
    default:
      return std::string(column.bytes_at(row));
  }
}

// Expects that a column is complete: what its children hold belongs to its rows.
void expect_whole(const Column& column) {
  for (const auto& child : column.children()) {
    EXPECT_EQ(child.size(),
              column.offsets().empty() ? column.size() : static_cast<std::size_t>(column.offsets().back()));
    EXPECT_TRUE(child.overflow().empty());
    expect_whole(child);
  }
}

std::string parsed(const SourceType& type, Form form, std::string_view bytes) {
  Column column(physical_type(type, -1, no_limits));
  const auto parsers = parsers_for(type, column.type());
  const auto status = (form == Form::text ? parsers.text : parsers.binary)(bytes, {.limits = no_limits}, column);
  expect_whole(column);
  EXPECT_EQ(column.size(), status == ParseStatus::ok ? 1U : 0U);
  if (status == ParseStatus::malformed) return "malformed";
  return status == ParseStatus::needs_text ? "needs text" : show(column, 0);
}
std::string text(Oid oid, std::string_view bytes) {
  return parsed(built_in_type(oid), Form::text, bytes);
}

TEST(Nested, arrays_as_text) {
  EXPECT_EQ(text(int4_array, "{}"), "[]");
  EXPECT_EQ(text(int4_array, "{1,NULL,-3}"), "[1, NULL, -3]");
  EXPECT_EQ(text(text_array, R"({a,"NULL",NULL,"","q\"uote","back\\slash","{x}","a,b"," "})"),
            R"([a, NULL, NULL, , q"uote, back\slash, {x}, a,b,  ])");
  EXPECT_EQ(text(1020, "{(1,1),(0,0);(2,2),(1,1)}"), "[(1,1),(0,0), (2,2),(1,1)]");
}

TEST(Nested, arrays_that_a_list_cannot_hold_go_to_the_overflow_column) {
  for (const std::string array : {"{{1,2},{3,4}}", "[0:1]={7,8}", "[1:1][2:2]={{1}}", "{NaN,1}", "{1,Infinity}"}) {
    EXPECT_EQ(text(numeric_array, array), "overflow " + array);
  }
  EXPECT_EQ(text(text_array, "{a,caf\xE9}"), "overflow \\x7b612c636166e97d");
}

TEST(Nested, texts_that_are_no_arrays) {
  for (const std::string array :
       {"",    "{",    "}",     "{1",       "{1,",    "{1,}",    "{,1}", "{1}x",  "x{1}",     "{\"1}", "{1}}",
        "{a}", "{1 }", "{1;2}", "{\"1\"2}", "{1\\2}", "{1,{2}}", "{\"",  "{\"\\", "{\"\\\"}", " {1}"}) {
    EXPECT_EQ(text(int4_array, array), "malformed") << array;
  }
}

TEST(Nested, arrays_as_binary) {
  const auto binary = [](std::string_view hex) {
    return parsed(built_in_type(int4_array), Form::binary, from_hex(hex));
  };
  EXPECT_EQ(binary("00000000 00000000 00000017"), "[]");
  EXPECT_EQ(binary("00000001 00000001 00000017 00000003 00000001 00000004 00000001 FFFFFFFF 00000004 FFFFFFFD"),
            "[1, NULL, -3]");
  EXPECT_EQ(binary("00000001 00000000 00000017 00000001 00000000 00000004 00000001"), "needs text");  // lower bound 0
  EXPECT_EQ(binary("00000002 00000000 00000017 00000001 00000001 00000001 00000001 00000004 00000001"), "needs text");
  EXPECT_EQ(binary("00000001 00000000 00000019 00000001 00000001 00000004 00000001"), "malformed");  // of text
  EXPECT_EQ(binary("00000001 00000000 00000017 7FFFFFFF 00000001 00000004 00000001"), "malformed");
  EXPECT_EQ(binary("00000001 00000000 00000017 FFFFFFFF 00000001"), "malformed");
  EXPECT_EQ(binary("00000007 00000000 00000017"), "malformed");
  EXPECT_EQ(binary("00000000 00000000 00000017 00"), "malformed");
  EXPECT_EQ(binary("00000001 00000000 00000017 00000001 00000001 FFFFFFFE"), "malformed");
  EXPECT_EQ(parsed(built_in_type(numeric_array), Form::binary,
                   from_hex("00000001 00000000 000006A4 00000001 00000001 00000008 0000 0000 C000 0000")),
            "needs text");  // NaN
}

TEST(Nested, composites_as_text) {
  const auto pair = [](std::string_view bytes) { return parsed(pair_type(), Form::text, bytes); };
  EXPECT_EQ(pair("(1,x)"), "(1, x)");
  EXPECT_EQ(pair("(,)"), "(NULL, NULL)");
  EXPECT_EQ(pair(R"~((2,""))~"), "(2, )");
  EXPECT_EQ(pair(R"~((3,"q""uote, back\\slash (x)"))~"), R"~((3, q"uote, back\slash (x)))~");
  EXPECT_EQ(parsed(pairs_type(), Form::text, R"~({"(1,\"a\"\"b\\\\\")",NULL,"(,)"})~"),
            R"~([(1, a"b\), NULL, (NULL, NULL)])~");

  for (const std::string bad :
       {"", "(", ")", "(1", "(1,", "(1,x", "(1,x)y", "(1,\"x)", "(1,x\"y\")", "(1,(x)", "1,x", "{1,x}", "(1,\\x)"}) {
    EXPECT_EQ(pair(bad), "malformed") << bad;
  }
}

TEST(Nested, composites_of_another_shape_go_to_the_overflow_column) {
  for (const std::string other : {"(1)", "()", "(1,x,y)", "(1,x,)", "(x,1)", "(1.5,x)"}) {
    EXPECT_EQ(parsed(pair_type(), Form::text, other), "overflow " + other);
  }
  EXPECT_EQ(parsed(pairs_type(), Form::text, R"~({"(1,x)","(1,x,y)"})~"), R"~(overflow {"(1,x)","(1,x,y)"})~");

  const auto pair = [](std::string_view hex) { return parsed(pair_type(), Form::binary, from_hex(hex)); };
  EXPECT_EQ(pair("00000002 00000017 00000004 00000001 00000019 00000001 78"), "(1, x)");
  EXPECT_EQ(pair("00000002 00000017 FFFFFFFF 00000019 FFFFFFFF"), "(NULL, NULL)");
  EXPECT_EQ(pair("00000001 00000017 00000004 00000001"), "needs text");
  EXPECT_EQ(pair("00000002 00000014 00000008 0000000000000001 00000019 00000001 78"), "needs text");
  EXPECT_EQ(pair("00000002 00000017 00000004 00000001 00000019 00000002 78"), "malformed");
  EXPECT_EQ(pair("00000002 00000017 00000004 00000001 00000019 00000001 7878"), "malformed");
}

TEST(Nested, hstores) {
  const auto hstore = [](std::string_view bytes) { return parsed(hstore_type(), Form::text, bytes); };
  EXPECT_EQ(hstore(""), "<>");
  EXPECT_EQ(hstore(R"("a"=>"1", "n"=>NULL, "q\"\\"=>"NULL", ""=>"")"), R"(<a: 1, n: NULL, q"\: NULL, : >)");
  EXPECT_EQ(hstore("\"k\"=>\"\xE9\""), "overflow \\x226b223d3e22e922");
  for (const std::string bad :
       {"a", "\"a\"", "\"a\"=>", "\"a\"=>1", "\"a\"=>\"1\",", "\"a\"=>\"1\", ", "\"a\"=>\"1\"x", "NULL=>\"1\""}) {
    EXPECT_EQ(hstore(bad), "malformed") << bad;
  }
  const auto binary = [](std::string_view hex) { return parsed(hstore_type(), Form::binary, from_hex(hex)); };
  EXPECT_EQ(binary("00000000"), "<>");
  EXPECT_EQ(binary("00000002 00000001 61 00000001 31 00000001 6E FFFFFFFF"), "<a: 1, n: NULL>");
  EXPECT_EQ(binary("00000001 FFFFFFFF 00000001 31"), "malformed");
  EXPECT_EQ(binary("7FFFFFFF 00000001 61 00000001 31"), "malformed");
  EXPECT_EQ(binary("00000001 00000001 61 00000001 FF"), "needs text");
}

SourceType vector_type(SourceType::Kind kind) {
  return {.oid = 20005, .base_oid = 20005, .kind = kind};
}
SourceType vectors_type() {
  return {.oid = 20006,
          .base_oid = 20006,
          .kind = SourceType::Kind::list,
          .fields = {{.name = "", .type = vector_type(SourceType::Kind::vector)}}};
}

TEST(Nested, vectors_as_text) {
  for (const auto kind : {SourceType::Kind::vector, SourceType::Kind::halfvec}) {
    const auto vector = [&](std::string_view bytes) { return parsed(vector_type(kind), Form::text, bytes); };
    EXPECT_EQ(vector("[1]"), "[1]");
    EXPECT_EQ(vector("[1,2.5,-3,1e-45,-0]"), "[1, 2.5, -3, 1e-45, -0]");
    for (const std::string bad : {"", "[", "]", "[]", "[1", "1]", "[1,]", "[,1]", "[1]]", "[[1]", "[1,2]x", "x[1]",
                                  "[1 ]", "[1;2]", "[1e39]", "{1}", "[1]2]", "[NULL]", "[1,,2]"}) {
      EXPECT_EQ(vector(bad), "malformed") << bad;
    }
  }
  EXPECT_EQ(parsed(vectors_type(), Form::text, R"({"[1,2]",NULL,[3]})"), "[[1, 2], NULL, [3]]");
  EXPECT_EQ(parsed(vectors_type(), Form::text, R"({"[1,2]","[3,x]"})"), "malformed");
}

TEST(Nested, vectors_as_binary) {
  const auto vector = [](std::string_view hex) {
    return parsed(vector_type(SourceType::Kind::vector), Form::binary, from_hex(hex));
  };
  EXPECT_EQ(vector("0003 0000 3F800000 40200000 C0400000"), "[1, 2.5, -3]");
  EXPECT_EQ(vector("0002 0000 80000000 00000001"), "[-0, 1e-45]");
  for (const auto* const bad : {"", "0001", "0001 0000", "0000 0000", "0001 0001 3F800000", "0001 0000 3F8000",
                                "0001 0000 3F800000 00", "0002 0000 3F800000", "FFFF 0000 3F800000"}) {
    EXPECT_EQ(vector(bad), "malformed") << bad;
  }
  EXPECT_EQ(parsed(vectors_type(), Form::binary,
                   from_hex("00000001 00000001 00004E25 00000002 00000001 00000008 0001 0000 3F800000 FFFFFFFF")),
            "[[1], NULL]");
  EXPECT_EQ(parsed(vectors_type(), Form::binary,
                   from_hex("00000001 00000000 00004E25 00000001 00000001 00000006 0001 0000 3F80")),
            "malformed");
}

// Every half is a real, and keeps its sign.
TEST(Nested, halfvecs_as_binary) {
  const auto halfvec = [](std::string_view hex) {
    return parsed(vector_type(SourceType::Kind::halfvec), Form::binary, from_hex(hex));
  };
  EXPECT_EQ(halfvec("0003 0000 3C00 4100 C200"), "[1, 2.5, -3]");
  EXPECT_EQ(halfvec("0004 0000 0000 8000 7BFF FBFF"), "[0, -0, 65504, -65504]");
  EXPECT_EQ(halfvec("0004 0000 0001 8001 03FF 0400"), "[5.9604645e-08, -5.9604645e-08, 6.097555e-05, 6.1035156e-05]");
  EXPECT_EQ(halfvec("0002 0000 3555 2E66"), "[0.33325195, 0.099975586]");
  for (const auto* const bad : {"", "0001", "0001 0000", "0000 0000", "0001 0001 3C00", "0001 0000 3C",
                                "0001 0000 3C00 00", "0002 0000 3C00"}) {
    EXPECT_EQ(halfvec(bad), "malformed") << bad;
  }
}

TEST(Nested, vectors_with_a_zero_that_the_destination_lacks_go_to_the_overflow_column) {
  auto limits = no_limits;
  limits.float_negative_zero = false;
  const auto type = vector_type(SourceType::Kind::vector);
  Column column(physical_type(type, -1, limits));
  const auto parsers = parsers_for(type, column.type());
  EXPECT_EQ(parsers.binary(from_hex("0002 0000 3F800000 80000000"), {.limits = limits}, column),
            ParseStatus::needs_text);
  EXPECT_EQ(parsers.text("[1,-0]", {.limits = limits}, column), ParseStatus::ok);
  EXPECT_EQ(show(column, 0), "overflow [1,-0]");
  expect_whole(column);
}

// A label is reported until its reader knows it, in the column's own layout and in a text.
TEST(Nested, enums_report_labels_at_any_depth) {
  const SourceType mood{.oid = 20010, .base_oid = 20010, .is_enum = true};
  const SourceType moods{
      .oid = 20011, .base_oid = 20011, .kind = SourceType::Kind::list, .fields = {{.name = "", .type = mood}}};
  const SourceType day{.oid = 20012,
                       .base_oid = 20012,
                       .kind = SourceType::Kind::composite,
                       .fields = {{.name = "m", .type = mood}, {.name = "ms", .type = moods}}};
  for (const auto& physical : {physical_type(day, -1, no_limits), PhysicalType{Layout::utf8}}) {
    Column column(physical);
    std::vector<NewLabel> labels;
    const auto parser = parsers_for(day, physical).text;
    ASSERT_EQ(parser(R"((calm,"{calm,NULL,""it's""}"))", {.limits = no_limits, .labels = &labels}, column),
              ParseStatus::ok);
    ASSERT_EQ(labels.size(), 3U);
    EXPECT_EQ(labels[0].label + labels[1].label + labels[2].label, "calmcalmit's");
    EXPECT_EQ(labels[0].type, 20010U);
    for (const auto& label : labels) label.known->insert(label.label);
    labels.clear();
    ASSERT_EQ(parser("(calm,{glad})", {.limits = no_limits, .labels = &labels}, column), ParseStatus::ok);
    ASSERT_EQ(labels.size(), 1U);
    EXPECT_EQ(labels[0].label, "glad");
    EXPECT_EQ(column.size(), 2U);
  }
}

TEST(Nested, bit_strings) {
  const std::string three("\x05\xFD", 2);
  const std::string nine("\x07\xFF\x00", 3);
  EXPECT_EQ(bytes_of(Form::text, type_oid::bit, "101"), three);
  EXPECT_EQ(bytes_of(Form::binary, type_oid::varbit, from_hex("00000003 A0")), three);
  EXPECT_EQ(bytes_of(Form::text, type_oid::varbit, "100000000"), nine);
  EXPECT_EQ(bytes_of(Form::binary, type_oid::varbit, from_hex("00000009 8000")), nine);
  EXPECT_EQ(bytes_of(Form::binary, type_oid::bit, from_hex("00000008 0F")), std::string("\x00\x0F", 2));
  EXPECT_EQ(overflow_text(Form::text, type_oid::varbit, ""), "");
  EXPECT_EQ(overflow_text(Form::binary, type_oid::varbit, from_hex("00000000")), "");
  for (const std::string bad : {"2", "01 ", "0x1"}) expect_malformed(Form::text, type_oid::bit, bad);
  for (const std::string bad : {"", "000000", "00000003", "00000003 A1", "00000003 A000", "FFFFFFFF", "7FFFFFFF 00"}) {
    expect_malformed(Form::binary, type_oid::bit, from_hex(bad));
  }
}

struct Sample {
  SourceType type;
  std::string text;
  std::string binary;
};

// Returns the bytes after their length.
std::string sized(const std::string& bytes) {
  ByteWriter out;
  out.u32(static_cast<std::uint32_t>(bytes.size()));
  out.bytes(bytes);
  return out.take();
}

std::vector<Sample> samples() {
  const auto pair = from_hex("00000002 00000017 00000004 00000001 00000019 00000003 782279");
  const auto pairs = from_hex("00000001 00000001 00004E21 00000002 00000001") + sized(pair) + from_hex("FFFFFFFF");
  const auto hstore = from_hex("00000002 00000001 61 00000001 31 00000001 6E FFFFFFFF");
  const auto numerics = from_hex("00000001 00000000 000006A4 00000002 00000001") +
                        sized(from_hex("0001 0000 0000 0000 0001")) + sized(from_hex("0002 0000 4000 0001 0001 1388"));
  return {
      {built_in_type(text_array), R"({a,NULL,"q\"\\"})",
       from_hex("00000001 00000001 00000019 00000003 00000001 00000001 61 FFFFFFFF 00000003 71225C")},
      {pair_type(), R"~((1,"x""y"))~", pair},
      {pairs_type(), R"~({"(1,\"x\"\"y\")",NULL})~", pairs},
      {hstore_type(), R"("a"=>"1", "n"=>NULL)", hstore},
      {deep_type(),
       R"~(("{""(1,\\""x\\""\\""y\\"")"",NULL}","""a""=>""1"", ""n""=>NULL","{1,-1.5}","(1,""x""""y"")"))~",
       from_hex("00000004 00004E22") + sized(pairs) + from_hex("00004E23") + sized(hstore) + from_hex("000004CF") +
           sized(numerics) + from_hex("00004E21") + sized(pair)},
  };
}

TEST(Nested, both_forms_are_one_value) {
  for (const auto& sample : samples()) {
    const auto by_text = parsed(sample.type, Form::text, sample.text);
    EXPECT_EQ(parsed(sample.type, Form::binary, sample.binary), by_text);
    EXPECT_FALSE(by_text.starts_with("overflow") || by_text == "malformed") << sample.text;
  }
}

// No crash, and the column stays complete: `parsed` checks that.
TEST(Nested, every_truncation_and_every_flipped_byte) {
  for (const auto& sample : samples()) {
    for (const Form form : {Form::text, Form::binary}) {
      const auto& whole = form == Form::text ? sample.text : sample.binary;
      for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto cut = parsed(sample.type, form, whole.substr(0, size));
        // A text hstore may end after any pair.
        const bool may_end = form == Form::text && sample.type.kind == SourceType::Kind::hstore;
        EXPECT_TRUE(cut == "malformed" || may_end) << whole.substr(0, size) << ": " << cut;
      }
      for (std::size_t at = 0; at < whole.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
          auto damaged = whole;
          damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ 1U << bit);
          static_cast<void>(parsed(sample.type, form, damaged));
        }
      }
    }
  }
}

// What was read before a refused value is kept.
TEST(Nested, a_refused_value_leaves_the_ones_before_it) {
  Column column(physical_type(deep_type(), -1, no_limits));
  const auto parsers = parsers_for(deep_type(), column.type());
  const auto sample = samples().back();
  ASSERT_EQ(parsers.text(sample.text, {.limits = no_limits}, column), ParseStatus::ok);
  const auto first = show(column, 0);
  EXPECT_EQ(parsers.text(sample.text.substr(0, sample.text.size() - 2), {.limits = no_limits}, column),
            ParseStatus::malformed);
  EXPECT_EQ(parsers.binary(sample.binary.substr(0, sample.binary.size() - 2), {.limits = no_limits}, column),
            ParseStatus::malformed);
  column.append_null();
  ASSERT_EQ(parsers.binary(sample.binary, {.limits = no_limits}, column), ParseStatus::ok);
  expect_whole(column);
  EXPECT_EQ(column.size(), 3U);
  EXPECT_EQ(show(column, 0), first);
  EXPECT_EQ(show(column, 1), "NULL");
  EXPECT_EQ(show(column, 2), first);
}

}  // namespace
}  // namespace walbrook::postgres

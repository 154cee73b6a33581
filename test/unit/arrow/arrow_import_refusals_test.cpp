// Arrow arrays that the import does not accept, and the errors of a faulty producer: each is reported by column and
// row, and never read.
#include <gtest/gtest.h>

#include <deque>
#include <functional>

#include "test/unit/arrow/arrow_import_case.h"

namespace walbrook {
namespace {

TEST(ArrowImportRefusals, what_is_not_taken_names_column_and_format) {
  for (const std::string format :
       {"+r", "+us:0,1", "+ud:0", "x", "", "ts", "tsx:", "w:", "w:-1", "+w:", "+w:1,2", "tDx"}) {
    HandmadeArrow of(format, 0);
    of.missing_buffer();
    expect_refused(of, ErrorKind::configuration, "(Arrow format \"" + format + "\")");
  }
  HandmadeArrow opaque("w:16", 0);
  opaque.missing_buffer().missing_buffer().extension("arrow.opaque");
  expect_refused(opaque, ErrorKind::configuration, "arrow.opaque");
  HandmadeArrow nothing("n", 2);
  EXPECT_EQ(import_column(nothing).values, (std::vector<std::string>{"NULL", "NULL"}));
  HandmadeArrow list_of_nothing("+l", 0);
  list_of_nothing.missing_buffer().missing_buffer().child(nothing);
  expect_refused(list_of_nothing, ErrorKind::configuration, "column \"c[]\" of the stream (Arrow format \"n\")");
  HandmadeArrow empty("+s", 0);
  empty.missing_buffer();
  expect_refused(empty, ErrorKind::configuration, "without fields");
}

TEST(ArrowImportRefusals, a_table_has_columns_and_each_its_own_name) {
  const auto error_of_schema = [](HandmadeArrow& batch) {
    batch.finish();
    try {
      static_cast<void>(read_arrow_schema(batch.schema));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::configuration);
      return error.cause();
    }
    return std::string();
  };
  HandmadeArrow none("+s", 0);
  EXPECT_EQ(error_of_schema(none), "the stream has no columns");
  HandmadeArrow number("i", 0);
  EXPECT_NE(error_of_schema(number).find("the rows of a table are a struct"), std::string::npos);
  HandmadeArrow twice("+s", 0);
  twice.child(number).child(number);
  EXPECT_NE(error_of_schema(twice).find("there are two of that name"), std::string::npos);
  for (const std::string name : {"", "\xff"}) {
    HandmadeArrow unnamed("i", 0, name);
    HandmadeArrow table("+s", 0);
    table.child(number).child(unnamed);
    EXPECT_NE(error_of_schema(table).find("column \"number 2\" of the stream"), std::string::npos);
  }
  HandmadeArrow missing("+s", 0);
  missing.child(number);
  missing.finish();
  missing.schema.children[0] = nullptr;
  EXPECT_NE(error_of_schema(missing).find("missing"), std::string::npos);
}

TEST(ArrowImportRefusals, types_within_types_have_an_end) {
  std::deque<HandmadeArrow> levels;
  levels.emplace_back("i", 0, "item");
  for (int i = 0; i < 1000; ++i) {
    auto& inner = levels.back();
    levels.emplace_back("+L", 0, "c").missing_buffer().missing_buffer().child(inner);
  }
  expect_refused(levels.back(), ErrorKind::configuration, "types can be nested to 16");
}

TEST(ArrowImportRefusals, numbers_that_the_destination_cannot_hold) {
  ValueLimits limits = import_limits;
  limits.float_negative_zero = false;
  const auto cause = [&](double value) {
    HandmadeArrow of("g", 2);
    of.missing_buffer().buffer<double>({0.0, value});
    HandmadeArrow batch("+s", 2);
    batch.missing_buffer().child(of);
    batch.finish();
    const auto columns = read_arrow_schema(batch.schema);
    Column column(columns[0].type);
    try {
      ArrowRows(columns, batch.array, limits, 100).append(0, 0, 2, column);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data);
      return error.cause();
    }
    return std::string();
  };
  EXPECT_NE(cause(-0.0).find("row 102: the destination's numbers cannot be negative zero"), std::string::npos)
      << cause(-0.0);
  EXPECT_EQ(cause(-0.5), "");
  limits.float_negative_zero = true;
  EXPECT_EQ(cause(-0.0), "");
}

// ---- errors of a faulty producer ----

TEST(ArrowImportRefusals, counts_that_cannot_be) {
  const auto expect_broken = [](const std::string& part, const std::function<void(HandmadeArrow&)>& damage) {
    HandmadeArrow of("u", 2);
    of.missing_buffer().buffer<std::int32_t>({0, 1, 2}).text("ab");
    HandmadeArrow batch("+s", 2);
    batch.missing_buffer().child(of);
    batch.finish();
    const auto columns = read_arrow_schema(batch.schema);
    damage(of);
    try {
      const ArrowRows rows(columns, batch.array, import_limits, 0);
      ADD_FAILURE() << part;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data);
      EXPECT_NE(error.cause().find(part), std::string::npos) << error.what();
    }
  };
  expect_broken("length -1", [](HandmadeArrow& of) { of.array.length = -1; });
  expect_broken("offset -1", [](HandmadeArrow& of) { of.array.offset = -1; });
  expect_broken("length 9223372036854775807", [](HandmadeArrow& of) { of.array.length = largest; });
  expect_broken("1 rows where 2 are needed", [](HandmadeArrow& of) { of.array.length = 1; });
  expect_broken("2 buffers", [](HandmadeArrow& of) { of.array.n_buffers = 2; });
  expect_broken("4 buffers", [](HandmadeArrow& of) { of.array.n_buffers = 4; });
  expect_broken("-1 buffers", [](HandmadeArrow& of) { of.array.n_buffers = -1; });
  expect_broken("buffers are missing", [](HandmadeArrow& of) { of.array.buffers = nullptr; });
  expect_broken("a buffer is missing", [](HandmadeArrow& of) { of.array.buffers[1] = nullptr; });
  expect_broken("a buffer is missing", [](HandmadeArrow& of) { of.array.buffers[2] = nullptr; });
  expect_broken("NULLs without a bitmap", [](HandmadeArrow& of) { of.array.null_count = 1; });
  expect_broken("was released", [](HandmadeArrow& of) { of.array.release = nullptr; });
}

TEST(ArrowImportRefusals, offsets_that_do_not_ascend_or_point_too_far) {
  HandmadeArrow back("u", 2);
  back.missing_buffer().buffer<std::int32_t>({0, 2, 1}).text("ab");
  expect_refused(back, ErrorKind::data, "offset 1 after 2");
  HandmadeArrow negative("z", 1);
  negative.missing_buffer().buffer<std::int32_t>({-1, 0}).text("ab");
  expect_refused(negative, ErrorKind::data, "offset -1");
  HandmadeArrow few("i", 3, "item");
  few.missing_buffer().buffer({1, 2, 3});
  HandmadeArrow beyond("+L", 1);
  beyond.missing_buffer().buffer<std::int64_t>({0, 4}).child(few);
  expect_refused(beyond, ErrorKind::data, "column \"c[]\" (i): 3 rows where 4 are needed");
  HandmadeArrow far("+vl", 1);
  far.missing_buffer().buffer({INT32_MAX}).buffer({INT32_MAX}).child(few);
  expect_refused(far, ErrorKind::data, "rows where 4294967294 are needed");
  HandmadeArrow pairs("+w:2", 2);
  pairs.missing_buffer().child(few);
  expect_refused(pairs, ErrorKind::data, "3 rows where 4 are needed");
  HandmadeArrow view("vu", 1);
  view.missing_buffer()
      .text(std::string("\x0d\0\0\0aaaa\0\0\0\0\3\0\0\0", 16))
      .text("..aaaaaaaaaaaaZ")
      .buffer<std::int64_t>({15});
  expect_refused(view, ErrorKind::data, "a value of 13 bytes at 3 of buffer 0");
  HandmadeArrow other("vu", 1);
  other.missing_buffer()
      .text(std::string("\x0d\0\0\0aaaa\1\0\0\0\0\0\0\0", 16))
      .text("..aaaaaaaaaaaaZ")
      .buffer<std::int64_t>({15});
  expect_refused(other, ErrorKind::data, "of buffer 1");
}

TEST(ArrowImportRefusals, a_batch_of_other_columns_or_with_rows_that_are_null) {
  HandmadeArrow number("i", 2);
  number.missing_buffer().buffer({1, 2});
  HandmadeArrow batch("+s", 2);
  batch.bits("10").child(number);
  batch.finish();
  const auto columns = read_arrow_schema(batch.schema);
  const auto cause = [&] {
    try {
      const ArrowRows rows(columns, batch.array, import_limits, 0);
    } catch (const Error& error) {
      return error.cause();
    }
    return std::string();
  };
  EXPECT_NE(cause().find("a row that is NULL as a whole"), std::string::npos);
  batch.array.n_children = 0;
  EXPECT_NE(cause().find("0 children"), std::string::npos);
}

}  // namespace
}  // namespace walbrook

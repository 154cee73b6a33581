// Columns as Arrow arrays, read back by the rules of the format's specification alone.
#include "arrow/arrow_export.h"

#include <gtest/gtest.h>

#include <functional>

#include "arrow/change_rows.h"

namespace walbrook {
namespace {

template <class T>
T item(const ArrowArray& array, int buffer, std::int64_t at) {
  T out;
  std::memcpy(&out, static_cast<const char*>(array.buffers[buffer]) + static_cast<std::size_t>(at) * sizeof(T),
              sizeof(T));
  return out;
}

bool bit(const void* bits, std::int64_t at) {
  return (static_cast<const unsigned char*>(bits)[at / 8] >> (at % 8) & 1) != 0;
}

std::string text(const ArrowSchema& schema, const ArrowArray& array, std::int64_t row);

template <class Offset>
std::string texts(const ArrowSchema& schema, const ArrowArray& array, std::int64_t row) {
  std::string out = "[";
  for (auto at = item<Offset>(array, 1, row); at < item<Offset>(array, 1, row + 1); ++at) {
    out += (out.size() > 1 ? "," : "") + text(*schema.children[0], *array.children[0], at);
  }
  return out + "]";
}

std::string decimal_text(Int128 value) {
  std::string digits;
  const bool negative = value < 0;
  for (auto rest = negative ? -value : value; rest != 0 || digits.empty(); rest /= 10) {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
  }
  return (negative ? "-" : "") + digits;
}

std::string text(const ArrowSchema& schema, const ArrowArray& array, std::int64_t row) {
  EXPECT_EQ(array.offset, 0);
  EXPECT_EQ(array.n_children, schema.n_children);
  for (std::int64_t i = 0; i < array.n_buffers; ++i) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(array.buffers[i]) % 64, 0U);
  }
  if (array.buffers[0] != nullptr && !bit(array.buffers[0], row)) return "NULL";
  const std::string format = schema.format;
  if (format == "b") return bit(array.buffers[1], row) ? "t" : "f";
  if (format == "s") return std::to_string(item<std::int16_t>(array, 1, row));
  if (format == "i" || format == "tdD") return std::to_string(item<std::int32_t>(array, 1, row));
  if (format == "l" || format == "ttu" || format.starts_with("tsu:")) {
    return std::to_string(item<std::int64_t>(array, 1, row));
  }
  if (format == "I") return std::to_string(item<std::uint32_t>(array, 1, row));
  if (format == "L") return std::to_string(item<std::uint64_t>(array, 1, row));
  if (format == "f") return std::to_string(item<float>(array, 1, row));
  if (format == "g") return std::to_string(item<double>(array, 1, row));
  if (format.starts_with("d:")) return decimal_text(item<Int128>(array, 1, row));
  if (format == "w:16") return {static_cast<const char*>(array.buffers[1]) + row * 16, 16};
  if (format == "U" || format == "Z") {
    const auto begin = item<std::int64_t>(array, 1, row);
    const auto end = item<std::int64_t>(array, 1, row + 1);
    return {static_cast<const char*>(array.buffers[2]) + begin, static_cast<std::size_t>(end - begin)};
  }
  if (format == "+L") return texts<std::int64_t>(schema, array, row);
  if (format == "+m") return texts<std::int32_t>(schema, array, row);
  std::string out = "(";
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    out += (i > 0 ? "," : "") + std::string(schema.children[i]->name) + "=" +
           text(*schema.children[i], *array.children[i], row);
  }
  return format == "+s" ? out + ")" : "unknown format " + format;
}

// Returns rows [begin, end) of the column after export and import.
std::vector<std::string> exported(const Column& column, std::size_t begin, std::size_t end) {
  const auto schema = export_schema({{"c", column.type()}});
  const auto array = export_rows({{&column, begin}}, end - begin);
  std::vector<std::string> out;
  for (std::size_t row = 0; row < end - begin; ++row) {
    out.push_back(text(*schema.raw.children[0], *array.raw.children[0], static_cast<std::int64_t>(row)));
  }
  return out;
}

std::string format(const PhysicalType& type) {
  return export_schema({{"c", type}}).raw.children[0]->format;
}

// Appends a NULL, then `values`, then the first of them again. The column is exported as a whole, and from the second
// row on, so that no buffer begins where the column's buffer does.
void expect_round_trip(const PhysicalType& type, const std::vector<std::function<void(Column&)>>& append,
                       const std::vector<std::string>& values, const std::string& as) {
  SCOPED_TRACE(to_string(type));
  Column column(type);
  column.append_null();
  for (const auto& each : append) each(column);
  column.append_null();
  append.front()(column);
  auto expected = values;
  expected.insert(expected.end(), {"NULL", values.front()});
  EXPECT_EQ(exported(column, 1, column.size()), expected);
  expected.insert(expected.begin(), "NULL");
  EXPECT_EQ(exported(column, 0, column.size()), expected);
  EXPECT_EQ(exported(column, 1, 2), std::vector{values.front()});
  EXPECT_TRUE(exported(column, 2, 2).empty());
  EXPECT_EQ(format(type), as);
}

template <class T>
std::function<void(Column&)> fixed(T value) {
  return [value](Column& column) { column.append(value); };
}
std::function<void(Column&)> bytes(std::string value) {
  return [value](Column& column) { column.append_bytes(value); };
}

TEST(ArrowExport, numbers) {
  expect_round_trip({Layout::boolean}, {fixed<char>(1), fixed<char>(0), fixed<char>(1)}, {"t", "f", "t"}, "b");
  expect_round_trip({Layout::int16}, {fixed(std::int16_t{-32768}), fixed(std::int16_t{7})}, {"-32768", "7"}, "s");
  expect_round_trip({Layout::int32}, {fixed(INT32_MIN), fixed(7)}, {"-2147483648", "7"}, "i");
  expect_round_trip({Layout::int64}, {fixed(INT64_MAX)}, {"9223372036854775807"}, "l");
  expect_round_trip({Layout::uint32}, {fixed(UINT32_MAX)}, {"4294967295"}, "I");
  expect_round_trip({Layout::uint64}, {fixed(UINT64_MAX)}, {"18446744073709551615"}, "L");
  expect_round_trip({Layout::float32}, {fixed(-0.5F)}, {"-0.500000"}, "f");
  expect_round_trip({Layout::float64}, {fixed(0.25)}, {"0.250000"}, "g");
  const Int128 large = static_cast<Int128>(INT64_MAX) * 1'000'000'000;
  expect_round_trip({Layout::decimal, 38, 9}, {fixed(large), fixed(static_cast<Int128>(-12))},
                    {"9223372036854775807000000000", "-12"}, "d:38,9");
}

TEST(ArrowExport, times) {
  expect_round_trip({Layout::date}, {fixed(INT32_MAX), fixed(-1)}, {"2147483647", "-1"}, "tdD");
  expect_round_trip({Layout::time}, {fixed(INT64_C(86'400'000'000))}, {"86400000000"}, "ttu");
  expect_round_trip({Layout::timestamp}, {fixed(-INT64_MAX)}, {"-9223372036854775807"}, "tsu:");
  expect_round_trip({Layout::timestamp_tz}, {fixed(INT64_C(1))}, {"1"}, "tsu:UTC");
  expect_round_trip({Layout::time_tz}, {fixed(TimeTz{.microseconds = 5, .offset_seconds = -3600})},
                    {"(time=5,offset_seconds=-3600)"}, "+s");
  expect_round_trip({Layout::interval},
                    {fixed(Interval{.months = -1, .days = 2, .microseconds = INT64_MAX}), fixed(Interval{})},
                    {"(months=-1,days=2,microseconds=9223372036854775807)", "(months=0,days=0,microseconds=0)"}, "+s");
}

TEST(ArrowExport, bytes) {
  expect_round_trip({Layout::utf8}, {bytes("Grüße"), bytes(""), bytes("x")}, {"Grüße", "", "x"}, "U");
  expect_round_trip({Layout::json}, {bytes("{}")}, {"{}"}, "U");
  expect_round_trip({Layout::binary}, {bytes(std::string("\0\xff", 2))}, {std::string("\0\xff", 2)}, "Z");
  expect_round_trip({Layout::uuid}, {bytes("0123456789abcdef")}, {"0123456789abcdef"}, "w:16");
  expect_round_trip({Layout::bit}, {bytes("\x04\xF5"), bytes(std::string("\0\xAA\x01", 3))},
                    {"0101", "1010101000000001"}, "U");
  const auto named = export_schema({{"c", {Layout::uuid}}});
  const std::string metadata(named.raw.children[0]->metadata, 4 + 4 + 20 + 4 + 10);
  EXPECT_NE(metadata.find("ARROW:extension:name"), std::string::npos);
  EXPECT_TRUE(metadata.ends_with("arrow.uuid"));
}

TEST(ArrowExport, nested) {
  const PhysicalType names{Layout::list, 0, 0, {{Layout::utf8}}};
  const auto append_names = [](std::vector<std::string> all) {
    return [all](Column& column) {
      for (const auto& each : all) column.children()[0].append_bytes(each);
      column.close_list();
    };
  };
  expect_round_trip(names, {append_names({"a", "b"}), append_names({}), append_names({"c"})}, {"[a,b]", "[]", "[c]"},
                    "+L");
  expect_round_trip({Layout::structure, 0, 0, {names, {Layout::bit}}, {"l", "n N"}}, {[&](Column& column) {
                      append_names({"x"})(column.children()[0]);
                      column.children()[1].append_bytes("\x07\xFF");
                      column.close_structure();
                    }},
                    {"(l=[x],n N=1)"}, "+s");
  expect_round_trip({Layout::map, 0, 0, {{Layout::utf8}, {Layout::utf8}}}, {[](Column& column) {
                      column.children()[0].append_bytes("k");
                      column.children()[1].append_bytes("v");
                      column.children()[0].append_bytes("n");
                      column.children()[1].append_null();
                      column.close_list();
                    }},
                    {"[(key=k,value=v),(key=n,value=NULL)]"}, "+m");
  expect_round_trip({Layout::list, 0, 0, {{Layout::interval}}}, {[](Column& column) {
                      column.children()[0].append(Interval{.months = 1, .days = 0, .microseconds = 0});
                      column.children()[0].append_null();
                      column.close_list();
                    }},
                    {"[(months=1,days=0,microseconds=0),NULL]"}, "+L");
}

TEST(ArrowExport, a_stream_gives_its_batch_once_and_its_schema_as_often_as_asked) {
  Column column({Layout::int32});
  column.append(42);
  ArrowArrayStream stream;
  export_stream({{"n", column.type()}}, export_rows({{&column, 0}}, 1), &stream);
  for (int i = 0; i < 2; ++i) {
    ArrowOwned<ArrowSchema> schema;
    ASSERT_EQ(stream.get_schema(&stream, &schema.raw), 0);
    EXPECT_STREQ(schema.raw.children[0]->name, "n");
    EXPECT_EQ(schema.raw.children[0]->flags, ARROW_FLAG_NULLABLE);
  }
  ArrowOwned<ArrowArray> batch;
  ASSERT_EQ(stream.get_next(&stream, &batch.raw), 0);
  EXPECT_EQ(batch.raw.length, 1);
  // A consumer may move a child out and release the rest.
  ArrowOwned<ArrowArray> child;
  child.raw = std::exchange(*batch.raw.children[0], {});
  batch.raw.release(&batch.raw);
  EXPECT_EQ(item<std::int32_t>(child.raw, 1, 0), 42);
  ArrowOwned<ArrowArray> end;
  ASSERT_EQ(stream.get_next(&stream, &end.raw), 0);
  EXPECT_EQ(end.raw.release, nullptr);
  stream.release(&stream);
  EXPECT_EQ(stream.release, nullptr);
}

// ---- changes ----

TableSchemaRef table() {
  return std::make_shared<const TableSchema>(
      TableSchema{.oid = 1,
                  .schema = "public",
                  .name = "t",
                  .columns = {{.name = "id", .in_key = true, .type = {Layout::int32}},
                              {.name = "n", .type = {Layout::decimal, 38, 9}},
                              {.name = "_walbrook_lsn", .type = {Layout::utf8}}}});
}

void append_row(RowBatch& batch, Op op, int id, std::uint32_t transaction, const std::string& overflow = {}) {
  batch.columns[0].append(id);
  overflow.empty() ? batch.columns[1].append_null() : batch.columns[1].append_overflow(overflow);
  batch.columns[2].append_null();
  batch.finish_row(op, transaction);
}

std::vector<std::string> rows_of(const ChangeRows& rows) {
  const auto schema = export_schema(rows.fields());
  const auto array = rows.array();
  std::vector<std::string> out;
  for (std::int64_t row = 0; row < array.raw.length; ++row) out.push_back(text(schema.raw, array.raw, row));
  return out;
}

TEST(ChangeRows, say_what_happened_and_keep_key_changes_together) {
  auto batch = std::make_shared<RowBatch>(table());
  append_row(*batch, Op::insert, 1, 0);
  append_row(*batch, Op::before, 1, 1);
  append_row(*batch, Op::update, 2, 1);
  batch->mark_unchanged(2, 2);
  append_row(*batch, Op::update, 2, 1, "NaN");
  append_row(*batch, Op::remove, 2, 1);
  const std::vector<Transaction> transactions = {{.commit_lsn = Lsn{100}, .commit_time = 5},
                                                 {.commit_lsn = Lsn{200}, .commit_time = 6}};
  EXPECT_EQ(end_of_rows(*batch, 0, 2), 1U);
  EXPECT_EQ(end_of_rows(*batch, 0, 3), 3U);
  EXPECT_EQ(end_of_rows(*batch, 1, 1), 2U);
  EXPECT_EQ(end_of_rows(*batch, 1, 100), 5U);
  const auto row = [](const std::string& operation, int lsn, int time, const std::string& unchanged, int id) {
    return "(_walbrook_operation=" + operation + ",_walbrook_lsn_=" + std::to_string(lsn) +
           ",_walbrook_commit_time=" + std::to_string(time) + ",_walbrook_unchanged=" + unchanged +
           ",id=" + std::to_string(id) + ",n=NULL,_walbrook_lsn=NULL";
  };
  EXPECT_EQ(rows_of(ChangeRows(batch, 0, 1, transactions)), std::vector{row("insert", 100, 5, "NULL", 1) + ")"});
  EXPECT_EQ(rows_of(ChangeRows(batch, 1, 3, transactions)),
            (std::vector{row("delete", 200, 6, "NULL", 1) + ")", row("insert", 200, 6, "[_walbrook_lsn]", 2) + ")"}));
  EXPECT_EQ(rows_of(ChangeRows(batch, 3, 5, transactions)),
            (std::vector{row("update", 200, 6, "NULL", 2) + ",n__v_text=NaN)",
                         row("delete", 200, 6, "NULL", 2) + ",n__v_text=NULL)"}));
  EXPECT_EQ(rows_of(ChangeRows(table(), transactions[0])),
            std::vector<std::string>{"(_walbrook_operation=truncate,_walbrook_lsn_=100,_walbrook_commit_time=5,"
                                     "_walbrook_unchanged=NULL,id=NULL,n=NULL,_walbrook_lsn=NULL)"});
}

}  // namespace
}  // namespace walbrook

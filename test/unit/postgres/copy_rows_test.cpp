// The rows of COPY without a server: data cut at any point, invalid data, and the errors reported for it.
#include "postgres/protocol/copy_rows.h"

#include <gtest/gtest.h>

#include <random>

#include "test/unit/postgres/batch_cells.h"
#include "test/unit/postgres/parsing.h"

namespace walbrook::postgres {
namespace {

template <class Work>
Error copy_error(Work work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {ErrorKind::internal, ""};
}

TableSchemaRef two_columns() {
  TableSchema schema{.oid = 1, .schema = "public", .name = "t", .identity = ReplicaIdentity::key, .columns = {}};
  schema.columns.push_back({.name = "id", .type_oid = type_oid::int4, .type = {Layout::int32}, .binary = true});
  schema.columns.push_back({.name = "v", .type_oid = type_oid::text, .type = {Layout::utf8}, .binary = true});
  return std::make_shared<const TableSchema>(std::move(schema));
}
CopyRows two_column_rows(CopyRows::Format format) {
  return {two_columns(),
          {{.oid = type_oid::int4, .base_oid = type_oid::int4}, {.oid = type_oid::text, .base_oid = type_oid::text}},
          {.limits = no_limits},
          format};
}
const std::string text_data = "1\ta\\tb\\nc\\\\d\n-7\t\\N\n3\t\n";
const std::string binary_data = [] {
  std::string data("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
  data += std::string("\0\2\0\0\0\4\0\0\0\1\0\0\0\7a\tb\nc\\d", 21);
  data += std::string("\0\2\0\0\0\4\377\377\377\371\377\377\377\377", 14);
  data += std::string("\0\2\0\0\0\4\0\0\0\3\0\0\0\0", 14);
  return data + "\377\377";
}();
const std::vector<std::string> expected_rows = {
    "01000000|610962"
    "0a635c64",
    "f9ffffff|NULL", "03000000|"};

TEST(CopyRows, cut_anywhere_the_data_give_the_same_rows) {
  for (const auto format : {CopyRows::Format::text, CopyRows::Format::binary}) {
    const auto& data = format == CopyRows::Format::text ? text_data : binary_data;
    for (std::size_t cut = 0; cut <= data.size(); ++cut) {
      auto rows = two_column_rows(format);
      rows.feed(std::string_view(data).substr(0, cut));
      rows.feed(std::string_view(data).substr(cut));
      rows.finish();
      ASSERT_EQ(cells(rows.batch()), expected_rows) << "cut at " << cut;
    }
    auto bytewise = two_column_rows(format);
    for (const char c : data) bytewise.feed({&c, 1});
    bytewise.finish();
    EXPECT_EQ(cells(bytewise.take()), expected_rows);
    EXPECT_EQ(bytewise.batch().rows(), 0U);
  }
}

TEST(CopyRows, data_that_are_cut_short_are_an_error) {
  for (const auto format : {CopyRows::Format::text, CopyRows::Format::binary}) {
    const auto& data = format == CopyRows::Format::text ? text_data : binary_data;
    for (std::size_t end = 1; end < data.size(); ++end) {
      if (format == CopyRows::Format::text && data[end - 1] == '\n') continue;
      auto rows = two_column_rows(format);
      rows.feed(std::string_view(data).substr(0, end));
      const auto error = copy_error([&] { rows.finish(); });
      EXPECT_EQ(error.kind(), ErrorKind::protocol);
      EXPECT_NE(error.cause().find("public.t"), std::string::npos) << error.cause();
    }
  }
}

// The row's other columns and the value itself are in no message, because messages go to logs, status and the table's
// record.
TEST(CopyRows, bad_values_name_table_and_column_and_show_no_row_data) {
  auto text = two_column_rows(CopyRows::Format::text);
  const auto of_text = copy_error([&] { text.feed("12x\tsecret\n"); });
  EXPECT_EQ(of_text.kind(), ErrorKind::data);
  EXPECT_EQ(
      of_text.cause(),
      "table public.t cannot be copied: column \"id\" (type OID 23): a text value of 3 bytes is not a value of that "
      "type");
  EXPECT_EQ(std::string(of_text.what()).find("12x"), std::string::npos);
  EXPECT_EQ(std::string(of_text.what()).find("secret"), std::string::npos);
  auto binary = two_column_rows(CopyRows::Format::binary);
  const auto of_binary =
      copy_error([&] { binary.feed(binary_data.substr(0, 19) + std::string("\0\2\0\0\0\3abc\0\0\0\6secret", 19)); });
  EXPECT_EQ(of_binary.kind(), ErrorKind::data);
  EXPECT_EQ(std::string(of_binary.what()).find("abc"), std::string::npos);
  EXPECT_EQ(std::string(of_binary.what()).find("616263"), std::string::npos);
}

TEST(CopyRows, what_is_no_copy_data_is_told) {
  const auto cause_of = [](CopyRows::Format format, const std::string& bytes) {
    auto rows = two_column_rows(format);
    const auto error = copy_error([&] { rows.feed(bytes); });
    EXPECT_EQ(error.kind(), ErrorKind::protocol);
    return error.cause();
  };
  EXPECT_NE(cause_of(CopyRows::Format::text, "1\n").find("the 2 requested columns"), std::string::npos);
  EXPECT_NE(cause_of(CopyRows::Format::text, "1\t2\t3\n").find("the 2 requested columns"), std::string::npos);
  EXPECT_NE(cause_of(CopyRows::Format::binary, std::string(30, 'x')).find("signature"), std::string::npos);
}

// Bytes that a damaged connection might deliver. Each run either reads rows or refuses them; the sanitizers check how.
TEST(CopyRows, damaged_data_is_read_or_refused) {
  std::mt19937 random(20251129);
  for (const auto format : {CopyRows::Format::text, CopyRows::Format::binary}) {
    const auto& whole = format == CopyRows::Format::text ? text_data : binary_data;
    int refused = 0;
    for (int round = 0; round < 20'000; ++round) {
      auto data = whole;
      for (int changes = 1 + static_cast<int>(random() % 4); changes > 0; --changes) {
        data[random() % data.size()] = static_cast<char>(random());
      }
      data.resize(1 + random() % data.size());
      auto rows = two_column_rows(format);
      try {
        const auto cut = random() % data.size();
        rows.feed(std::string_view(data).substr(0, cut));
        rows.feed(std::string_view(data).substr(cut));
        rows.finish();
        for (const auto& column : rows.batch().columns) ASSERT_EQ(column.size(), rows.batch().rows());
      } catch (const Error& error) {
        ASSERT_TRUE(error.kind() == ErrorKind::protocol || error.kind() == ErrorKind::data) << error.what();
        ++refused;
      }
    }
    EXPECT_GT(refused, 5'000);
  }
}

}  // namespace
}  // namespace walbrook::postgres

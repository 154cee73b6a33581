// Reads the rows of COPY … TO STDOUT, text or binary, into row batches.
//                                          https://www.postgresql.org/docs/current/sql-copy.html, "File Formats"
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/row_batch.h"
#include "postgres/values/values.h"

namespace walbrook::postgres {

// A binary value arrived that only its text form can describe: an overflow inside an array or a composite. The rows
// handed over so far are useless, and the copy has to start again, in text.
class CopyNeedsText : public Error {
 public:
  using Error::Error;
};

// The input may be split anywhere. The server itself sends one row per message; then nothing is allocated per value or
// row. Throws Error(data) with table and column if a value is not of its type, CopyNeedsText, and Error(protocol) if
// the bytes are not COPY data.
class CopyRows {
 public:
  enum class Format { text, binary };

  // `types`: the types of schema->columns, with domains resolved.
  CopyRows(TableSchemaRef schema, const std::vector<SourceType>& types, const ParseOptions& options, Format format);

  // `bytes` need not outlive the call.
  void feed(std::string_view bytes);
  // Reports the end of the data. Throws Error(protocol) if it is in the middle of a row.
  void finish() const;

  // The whole rows that were read so far.
  [[nodiscard]] const RowBatch& batch() const { return batch_; }
  // Hands over these rows and starts an empty batch.
  [[nodiscard]] RowBatch take();

 private:
  // Both return how many bytes they consumed: whole rows, and in binary data the header and the trailer.
  std::size_t feed_text(std::string_view bytes);
  std::size_t feed_binary(std::string_view bytes);
  [[nodiscard]] std::size_t binary_header(std::string_view bytes) const;
  // Returns 0 if the row is not complete; then nothing was appended.
  std::size_t binary_row(std::string_view bytes);
  void text_row(std::string_view line);
  void append(std::size_t column, std::string_view value);
  std::string_view unescape(std::string_view field);
  void drop_unfinished_row();
  [[noreturn]] void fail_value(std::size_t column, std::string_view value) const;
  [[noreturn]] void fail_format(const std::string& why) const;

  TableSchemaRef schema_;
  std::vector<postgres::ValueParser> parsers_;
  ParseOptions options_;
  Format format_;
  RowBatch batch_;
  bool began_ = false;     // the binary header was read
  bool ended_ = false;     // the binary trailer was read
  std::string carry_;      // the start of a row whose rest has not arrived yet
  std::string unescaped_;  // the current field without its escapes
};

}  // namespace walbrook::postgres

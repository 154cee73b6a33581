// The rows of COPY … TO STDOUT, text or binary, into row batches.
//                                          https://www.postgresql.org/docs/current/sql-copy.html, "File Formats"
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/row_batch.h"
#include "postgres/values/values.h"

namespace walbrook::postgres {

// A value came in binary that only its text form can tell: an overflow inside an array or a composite. The rows that
// were handed over are of no use; the copy has to begin again, in text.
class CopyNeedsText : public Error {
 public:
  using Error::Error;
};

// Bytes may come cut anywhere; the server itself sends a row a message. No allocation per value or row on that way.
// Throws Error(data) with table and column for a value that is none of its type; CopyNeedsText;
// Error(protocol) for bytes that are no COPY data.
class CopyRows {
 public:
  enum class Format { text, binary };

  // `types`: of schema->columns, domains looked through.
  CopyRows(TableSchemaRef schema, const std::vector<SourceType>& types, const ParseOptions& options, Format format);

  // `bytes` need not outlive the call.
  void feed(std::string_view bytes);
  // The data ended here. Throws Error(protocol) when that is in the middle of a row.
  void finish() const;

  // Whole rows so far.
  [[nodiscard]] const RowBatch& batch() const { return batch_; }
  // Hands them over.
  [[nodiscard]] RowBatch take();

 private:
  // Both return how many bytes they used: whole rows, and of binary data the header and the trailer.
  std::size_t feed_text(std::string_view bytes);
  std::size_t feed_binary(std::string_view bytes);
  [[nodiscard]] std::size_t binary_header(std::string_view bytes) const;
  // 0: the row is not whole, nothing was appended.
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
  std::string carry_;      // the start of a row whose rest is still to come
  std::string unescaped_;  // of the field at hand
};

}  // namespace walbrook::postgres

#include "destination/postgres/row_text.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "base/quoting.h"
#include "base/utf8.h"
#include "postgres/values/print_value.h"
#include "postgres/values/value_text.h"

namespace walbrook::destination::postgresql {
namespace {

// In COPY's text format a backslash begins an escape, a tab ends a value, and a line break a row.
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        out += c;
    }
  }
}

// Whether the printed value may contain text of the source.
bool holds_text(Layout layout) {
  return layout == Layout::utf8 || layout == Layout::json || is_nested(layout);
}

}  // namespace

RowText::RowText(std::vector<Field> fields, const TableSchema& schema, const Provenance& provenance)
    : fields_(std::move(fields)), schema_(schema), provenance_(provenance) {}

const walbrook::Transaction* RowText::transaction_of(const RowRef& row) const {
  if (provenance_.transactions == nullptr) return nullptr;
  return &provenance_.transactions->at(row.batch->transaction[row.row]);
}

Lsn RowText::lsn_of(const RowRef& row) const {
  const auto* transaction = transaction_of(row);
  return transaction == nullptr ? provenance_.copied_at : transaction->commit_lsn;
}

bool RowText::print_cell(const Field& field, const RowRef& row) {
  const auto& column = row.batch->columns[field.column];
  const auto* overflow = column.overflow_at(row.row);
  const bool wants_overflow = field.kind == Field::Kind::overflow;
  if (wants_overflow) {
    if (overflow == nullptr) return false;
    text_ = *overflow;
    ++overflow_values_;
  } else {
    if (column.is_null(row.row)) return false;
    postgres::print_value(text_, column, row.row);
  }
  if ((wants_overflow || holds_text(column.type().layout)) && !is_utf8(text_)) {
    throw Error(ErrorKind::data, fmt::format("a value of column \"{}\" of table {} is not UTF-8",
                                             schema_.columns[field.column].name, schema_.full_name()));
  }
  return true;
}

bool RowText::print(const Field& field, const RowRef& row, const RowRef& origin, std::uint32_t count,
                    std::size_t ordinal) {
  text_.clear();
  switch (field.kind) {
    case Field::Kind::value:
    case Field::Kind::overflow:
      return print_cell(field, field.of_origin ? origin : row);
    case Field::Kind::unchanged:
      text_ = row.batch->unchanged(row.row, field.column) ? 't' : 'f';
      return true;
    case Field::Kind::count:
      text_ = std::to_string(count);
      return true;
    case Field::Kind::ordinal:
      text_ = std::to_string(ordinal);
      return true;
    case Field::Kind::lsn:
      text_ = lsn_of(row).to_string();
      return true;
    case Field::Kind::lsn_number:
      text_ = std::to_string(lsn_of(row).value);
      return true;
    case Field::Kind::commit_time:
      if (provenance_.transactions == nullptr) return false;
      text_ = postgres::to_text(postgres::Timestamp{transaction_of(row)->commit_time});
      return true;
    case Field::Kind::load_id:
      text_ = std::to_string(provenance_.load_id);
      return true;
    case Field::Kind::null:
      return false;
  }
  return false;
}

void RowText::append_line(std::string& out, const RowRef& row, const RowRef& origin, std::uint32_t count,
                          std::size_t ordinal) {
  const char* separator = "";
  for (const auto& field : fields_) {
    out += separator;
    separator = "\t";
    if (print(field, row, origin, count, ordinal)) {
      append_escaped(out, text_);
    } else {
      out += "\\N";
    }
  }
  out += '\n';
}

std::string RowText::copy_lines(const SelectedRows& rows) {
  std::string out;
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    append_line(out, rows.rows[i], rows.origins.empty() ? rows.rows[i] : rows.origins[i],
                rows.counts.empty() ? 1 : rows.counts[i], i);
  }
  return out;
}

std::string RowText::copy_lines(const RowBatch& batch, std::size_t& first, std::size_t most_bytes) {
  std::string out;
  while (first < batch.rows() && out.size() < most_bytes) {
    const RowRef row{.batch = &batch, .row = static_cast<std::uint32_t>(first)};
    append_line(out, row, row, 1, first++);
  }
  return out;
}

std::string RowText::values_list(const SelectedRows& rows, std::span<const std::string> casts) {
  std::string out;
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    out += i == 0 ? "(" : ", (";
    for (std::size_t f = 0; f < fields_.size(); ++f) {
      if (f > 0) out += ", ";
      const bool is_value = print(fields_[f], rows.rows[i], rows.origins.empty() ? rows.rows[i] : rows.origins[i],
                                  rows.counts.empty() ? 1 : rows.counts[i], i);
      out += is_value ? quote_literal(text_) : "NULL";
      if (i == 0) out += casts[f];
    }
    out += ")";
  }
  return out;
}

}  // namespace walbrook::destination::postgresql

#include "model/part_codec.h"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "model/operation_transaction.h"

namespace walbrook {

constexpr std::uint32_t part_format = 3;

namespace {
enum class OperationTag : std::uint8_t { rows = 1, truncate = 2, altered = 3 };
}  // namespace

// Buffers have the machine's byte order: a part leaves the machine that wrote it only inside a database file, and
// database files are little-endian as well.
class PartWriter {
 public:
  template <class T>
  void number(T value) {
    static_assert(std::is_trivially_copyable_v<T>);
    out_.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  void bytes(std::string_view view) {
    number(static_cast<std::uint64_t>(view.size()));
    out_.append(view);
  }
  template <class T>
  void array(const std::vector<T>& items) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes({reinterpret_cast<const char*>(items.data()), items.size() * sizeof(T)});
  }

  void write(const Column& column) {
    number(static_cast<std::uint64_t>(column.size()));
    array(column.validity());
    array(column.offsets());
    bytes(column.data());
    number(static_cast<std::uint64_t>(column.overflow().size()));
    for (const auto& overflow : column.overflow()) {
      number(overflow.row);
      bytes(overflow.text);
    }
    for (const auto& child : column.children()) write(child);
  }
  void write(const RowBatch& batch) {
    number(OperationTag::rows);
    bytes(to_json(*batch.schema));
    array(batch.ops);
    array(batch.transaction);
    array(batch.sequence);
    array(batch.unchanged_);
    for (const auto& column : batch.columns) write(column);
  }
  void write(const Truncate& truncate) {
    number(OperationTag::truncate);
    number(static_cast<std::uint64_t>(truncate.tables.size()));
    for (const auto& table : truncate.tables) bytes(to_json(*table));
    number(truncate.transaction);
    number(truncate.sequence);
  }
  void write(const AlteredTable& altered) {
    number(OperationTag::altered);
    bytes(to_json(*altered.schema));
    bytes(altered.description);
    number(static_cast<std::uint64_t>(altered.missing.size()));
    for (const auto& [name, value] : altered.missing) {
      bytes(name);
      write(*value);
    }
    number(altered.transaction);
  }
  void write(const MergeParts& /*merge*/) {
    throw Error(ErrorKind::internal, "a part of a transaction names parts of another one");
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

class PartReader {
 public:
  explicit PartReader(std::string_view bytes) : in_(bytes) {}

  template <class T>
  T number() {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::string_view bytes() { return take(number<std::uint64_t>()); }
  template <class T>
  std::vector<T> array() {
    const auto view = bytes();
    if (view.size() % sizeof(T) != 0) damaged();
    std::vector<T> items(view.size() / sizeof(T));
    if (!items.empty()) std::memcpy(items.data(), view.data(), view.size());
    return items;
  }
  [[nodiscard]] bool at_end() const { return in_.empty(); }

  Operation operation() {
    switch (number<OperationTag>()) {
      case OperationTag::rows:
        return rows();
      case OperationTag::truncate:
        return truncate();
      case OperationTag::altered:
        return altered();
    }
    damaged();
  }
  [[noreturn]] static void damaged() {
    throw Error(ErrorKind::destination, "a spooled part of a transaction is damaged",
                remedy("Copy the tables again: {}", RemedyAction::reset));
  }

 private:
  std::string_view take(std::size_t count) {
    if (count > in_.size()) damaged();
    const auto view = in_.substr(0, count);
    in_.remove_prefix(count);
    return view;
  }
  void column(Column& out, std::size_t rows) {
    out.size_ = number<std::uint64_t>();
    out.validity_ = array<std::uint64_t>();
    out.offsets_ = array<std::int64_t>();
    out.data_ = bytes();
    if (out.size_ != rows || out.validity_.size() != (rows + 63) / 64) damaged();
    const bool has_offsets =
        is_variable_width(out.type_.layout) || (is_nested(out.type_.layout) && out.type_.layout != Layout::structure);
    if (out.offsets_.size() != (has_offsets ? rows + 1 : 0)) damaged();
    if (!is_variable_width(out.type_.layout) && out.data_.size() != rows * out.width_) damaged();
    out.null_count_ = 0;
    for (std::size_t row = 0; row < rows; ++row) out.null_count_ += out.is_null(row) ? 1 : 0;
    const auto overflow = number<std::uint64_t>();
    for (std::uint64_t i = 0; i < overflow; ++i) {
      const auto row = number<std::uint32_t>();
      out.overflow_.push_back({row, std::string(bytes())});
    }
    check_offsets(out);
    for (auto& child : out.children_) {
      column(child, has_offsets ? static_cast<std::size_t>(out.offsets_.back()) : rows);
    }
  }
  static void check_offsets(const Column& column) {
    const auto& offsets = column.offsets_;
    if (offsets.empty()) return;
    if (offsets.front() != 0 || !std::ranges::is_sorted(offsets)) damaged();
    if (column.children_.empty() && static_cast<std::size_t>(offsets.back()) != column.data_.size()) damaged();
  }
  RowBatch rows() {
    RowBatch batch(std::make_shared<const TableSchema>(table_schema_from_json(bytes())));
    batch.ops = array<Op>();
    batch.transaction = array<std::uint32_t>();
    batch.sequence = array<std::uint32_t>();
    if (batch.transaction.size() != batch.ops.size() || batch.sequence.size() != batch.ops.size()) damaged();
    batch.unchanged_ = array<std::uint64_t>();
    batch.has_unchanged_ = !batch.unchanged_.empty();
    for (const auto op : batch.ops) batch.only_inserts_ = batch.only_inserts_ && op == Op::insert;
    for (auto& each : batch.columns) column(each, batch.ops.size());
    return batch;
  }
  Truncate truncate() {
    Truncate out;
    const auto tables = number<std::uint64_t>();
    for (std::uint64_t i = 0; i < tables; ++i) {
      out.tables.push_back(std::make_shared<const TableSchema>(table_schema_from_json(bytes())));
    }
    out.transaction = number<std::uint32_t>();
    out.sequence = number<std::uint32_t>();
    return out;
  }
  AlteredTable altered() {
    AlteredTable out{.schema = std::make_shared<const TableSchema>(table_schema_from_json(bytes())),
                     .description = std::string(bytes()),
                     .missing = {}};
    const auto values = number<std::uint64_t>();
    for (std::uint64_t i = 0; i < values; ++i) {
      std::string name(bytes());
      const auto* described = out.schema->find(name);
      if (described == nullptr) damaged();
      auto value = std::make_shared<Column>(described->type);
      column(*value, 1);
      out.missing.emplace(std::move(name), std::move(value));
    }
    out.transaction = number<std::uint32_t>();
    return out;
  }

  std::string_view in_;
};

namespace {

// The range [first, end) of transactions that the operations point into: a row batch of one table in a change batch of
// thousands of small transactions does not carry all of them. Without operations: all.
std::pair<std::size_t, std::size_t> pointed_into(std::size_t transactions, std::span<const Operation> operations) {
  std::size_t first = transactions;
  std::size_t end = 0;
  const auto take = [&](std::uint32_t index) {
    first = std::min<std::size_t>(first, index);
    end = std::max<std::size_t>(end, index + std::size_t{1});
  };
  for (const auto& operation : operations) {
    if (const auto* batch = std::get_if<RowBatch>(&operation)) std::ranges::for_each(batch->transaction, take);
    if (const auto* transaction = transaction_of(operation)) take(*transaction);
  }
  return first < end ? std::pair(first, std::min(end, transactions)) : std::pair(std::size_t{0}, transactions);
}

void move_down(Operation& operation, std::uint32_t by) {
  const auto move = [by](std::uint32_t& index) {
    if (index < by) PartReader::damaged();
    index -= by;
  };
  if (auto* batch = std::get_if<RowBatch>(&operation)) std::ranges::for_each(batch->transaction, move);
  if (auto* transaction = transaction_of(operation)) move(*transaction);
}

}  // namespace

std::string write_part(const std::vector<Transaction>& transactions, std::span<const Operation> operations) {
  PartWriter out;
  out.number(part_format);
  const auto [first, end] = pointed_into(transactions.size(), operations);
  out.number(static_cast<std::uint32_t>(first));
  out.array(std::vector(transactions.begin() + static_cast<std::ptrdiff_t>(first),
                        transactions.begin() + static_cast<std::ptrdiff_t>(end)));
  for (const auto& operation : operations) {
    std::visit([&out](const auto& each) { out.write(each); }, operation);
  }
  return out.take();
}

Part read_part(std::string_view bytes) {
  PartReader in(bytes);
  if (in.number<std::uint32_t>() != part_format) PartReader::damaged();
  Part part;
  const auto first = in.number<std::uint32_t>();
  part.transactions = in.array<Transaction>();
  while (!in.at_end()) {
    part.operations.push_back(in.operation());
    if (first > 0) move_down(part.operations.back(), first);
  }
  return part;
}

}  // namespace walbrook

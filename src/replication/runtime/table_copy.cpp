#include "replication/runtime/table_copy.h"

#include <utility>

#include "base/fault.h"

namespace walbrook::replication {
namespace {

constexpr std::size_t gathered_at_most = std::size_t{4} << 20U;

}  // namespace

bool TableCopy::agree(const TableSchemaRef& schema, const std::vector<std::int32_t>& numbers) {
  const std::lock_guard lock(mutex_);
  if (schema_ == nullptr) {
    schema_ = schema;
    numbers_ = numbers;
  }
  if (*schema_ == *schema) return outcome_ == Outcome::copied;
  if (outcome_ == Outcome::copied) outcome_ = Outcome::stale;
  return false;
}

bool TableCopy::given_up() const {
  const std::lock_guard lock(mutex_);
  return outcome_ != Outcome::copied;
}

void TableCopy::give_up(Outcome outcome, std::string reason, Remedy remedy) {
  const std::lock_guard lock(mutex_);
  if (outcome_ != Outcome::copied) return;
  outcome_ = outcome;
  reason_ = std::move(reason);
  remedy_ = std::move(remedy);
}

std::optional<TableCopy::Progress> TableCopy::append(RowBatch rows, std::size_t wire_bytes,
                                                     destination::Destination& destination) {
  const std::lock_guard lock(mutex_);
  if (outcome_ != Outcome::copied) return std::nullopt;
  rows_ += rows.rows();
  wire_bytes_ += wire_bytes;
  if (writer_ != nullptr) {
    writer_->append(0, rows);
  } else {
    gathered_bytes_ += rows.bytes();
    gathered_.push_back(std::move(rows));
    if (gathered_bytes_ > gathered_at_most) write_gathered(destination);
  }
  return Progress{.rows = rows_, .wire_bytes = wire_bytes_};
}

void TableCopy::write_gathered(destination::Destination& destination) {
  const destination::CopyTarget target{.output = &table_.record, .schema = schema_};
  if (writer_ == nullptr) writer_ = destination.begin_copy({&target, 1});
  for (const auto& batch : std::exchange(gathered_, {})) writer_->append(0, batch);
  gathered_bytes_ = 0;
}

bool TableCopy::leave() {
  const std::lock_guard lock(mutex_);
  return --chunks_left_ == 0;
}

double TableCopy::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
}

std::optional<std::vector<RowBatch>> TableCopy::finish() {
  if (writer_ == nullptr) return std::exchange(gathered_, {});
  writer_->finish();
  writer_.reset();
  fault::hit("copy_done");
  return std::nullopt;
}

void TableCopy::begin_again_in_text() {
  const std::lock_guard lock(mutex_);
  writer_.reset();  // drops what it has written
  gathered_.clear();
  gathered_bytes_ = 0;
  rows_ = wire_bytes_ = 0;
  schema_.reset();
  outcome_ = Outcome::copied;
  chunks_left_ = 1;
  text_ = true;
}

}  // namespace walbrook::replication

#include "destination/filesystem/file_copies.h"

#include <algorithm>
#include <utility>

#include "destination/filesystem/file_names.h"

namespace walbrook::destination::filesystem {

std::int64_t FinishedCopies::next_generation(std::int64_t least) {
  const std::scoped_lock lock(mutex_);
  newest_ = std::max(newest_ + 1, least);
  return newest_;
}

void FinishedCopies::remove_files(const FinishedCopy& copy) const {
  for (const auto& file : copy.target.files) storage_.remove(file.name);
}

void FinishedCopies::add(std::vector<FinishedCopy> copies) {
  const std::scoped_lock lock(mutex_);
  for (auto& copy : copies) {
    const auto output = copy.target.output;
    if (const auto known = copies_.find(output); known != copies_.end()) remove_files(known->second);
    copies_.insert_or_assign(output, std::move(copy));
  }
}

std::optional<FinishedCopy> FinishedCopies::find(OutputId output) const {
  const std::scoped_lock lock(mutex_);
  const auto found = copies_.find(output);
  return found == copies_.end() ? std::nullopt : std::optional(found->second);
}

void FinishedCopies::replace(FinishedCopy copy) {
  const std::scoped_lock lock(mutex_);
  const auto output = copy.target.output;
  copies_.insert_or_assign(output, std::move(copy));
}

void FinishedCopies::take(OutputId output) {
  const std::scoped_lock lock(mutex_);
  copies_.erase(output);
}

void FinishedCopies::drop(OutputId output) {
  const std::scoped_lock lock(mutex_);
  const auto found = copies_.find(output);
  if (found == copies_.end()) return;
  remove_files(found->second);
  copies_.erase(found);
}

FileCopyWriter::FileCopyWriter(const WriteContext& context, FinishedCopies& finished, std::int64_t generation,
                               std::span<const CopyTarget> outputs)
    : storage_(*context.storage), finished_(finished), generation_(generation) {
  for (const auto& [output, schema] : outputs) {
    finished_.drop(output->id);
    copied_.push_back(
        {.schema = schema,
         .provenance = {.transactions = nullptr, .copied_at = output->snapshot_lsn, .load_id = output->load_id},
         .output = output->id,
         .has_source = output->has_source(),
         .writer = std::make_unique<FileWriter>(context, make_table(output->target(), *schema, output->style),
                                                snapshot_stem(generation))});
  }
}

void FileCopyWriter::append(std::size_t index, const RowBatch& rows) {
  auto& copied = copied_.at(index);
  auto table = copied.writer->table();
  bool is_wider = false;
  for (std::size_t c = 0; c < rows.columns.size(); ++c) {
    if (!rows.columns[c].overflow().empty()) is_wider = table.add_overflow(copied.schema->columns[c].name) || is_wider;
  }
  if (is_wider) copied.writer->change_table(std::move(table));
  copied.writer->write(copied.schema, copied.provenance, rows);
  copied.writer->flush_if_large();
}

void FileCopyWriter::finish() {
  std::vector<FinishedCopy> copies;
  for (auto& copied : copied_) copied.writer->flush();
  storage_.sync();
  for (auto& copied : copied_) {
    copies.push_back({.generation = generation_,
                      .target = {.output = copied.output,
                                 .has_source = copied.has_source,
                                 .table = copied.writer->table(),
                                 .files = copied.writer->take()}});
  }
  finished_.add(std::move(copies));
}

}  // namespace walbrook::destination::filesystem

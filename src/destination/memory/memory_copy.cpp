#include "destination/memory/memory_copy.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"

namespace walbrook::destination::memory {

MemoryCopyWriter::MemoryCopyWriter(std::shared_ptr<MemoryStore> store, std::string pipeline,
                                   std::span<const CopyTarget> outputs)
    : store_(std::move(store)), pipeline_(std::move(pipeline)) {
  for (const auto& each : outputs) {
    const auto& record = *each.output;
    copies_.push_back({.output = record.id,
                       .table = MemoryTable(*each.schema, record.style),
                       .consistent_point = record.snapshot_lsn});
  }
  store_->with([&](MemoryStore::Contents& contents) {
    for (const auto& each : outputs) {
      const auto& record = *each.output;
      const auto found = contents.targets.find({record.target_schema, record.target_name});
      if (found == contents.targets.end() || found->second.pipeline == pipeline_) {
        contents.pipelines[pipeline_].copies.erase(record.id);  // a finished copy is begun again
        continue;
      }
      throw Error(ErrorKind::destination,
                  found->second.pipeline.empty()
                      ? fmt::format("{}.{} was not created by walbrook", record.target_schema, record.target_name)
                      : fmt::format("{}.{} belongs to pipeline \"{}\"", record.target_schema, record.target_name,
                                    found->second.pipeline),
                  "Choose another dataset.");
    }
  });
}

void MemoryCopyWriter::append(std::size_t index, const RowBatch& rows) {
  store_->reach(Step::copy_append);
  auto& copy = copies_.at(index);
  for (std::size_t c = 0; c < rows.columns.size(); ++c) {
    if (!rows.columns[c].overflow().empty()) copy.table.add_overflow(rows.schema->columns[c].name);
  }
  const Provenance copied{.lsn = copy.consistent_point};
  copy.table.append(std::make_shared<const RowBatch>(rows), std::vector<Provenance>(rows.rows(), copied));
}

void MemoryCopyWriter::finish() {
  store_->reach(Step::copy_finish);
  store_->with([&](MemoryStore::Contents& contents) {
    for (auto& copy : copies_) {
      contents.pipelines[pipeline_].copies.insert_or_assign(copy.output,
                                                            std::make_shared<const MemoryTable>(std::move(copy.table)));
    }
  });
}

}  // namespace walbrook::destination::memory

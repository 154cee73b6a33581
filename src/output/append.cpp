#include "output/append.h"

namespace walbrook {

RowOperations append_changes(const std::vector<const RowBatch*>& batches) {
  RowOperations out;
  if (batches.empty()) return out;
  out.schema = batches.front()->schema;
  out.keyed = out.schema->has_key();
  out.inserts_only = true;  // of the target's rows, none changes
  for (const auto* batch : batches) {
    out.append.reserve(out.append.size() + batch->rows());
    for (std::uint32_t row = 0; row < batch->rows(); ++row) out.append.push_back({batch, row});
  }
  return out;
}

}  // namespace walbrook

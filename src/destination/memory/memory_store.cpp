#include "destination/memory/memory_store.h"

namespace walbrook::destination::memory {

void PipelineState::put(TableRecord record) {
  std::erase_if(tables, [&record](const auto& entry) {
    return entry.second.schema == record.schema && entry.second.name == record.name;
  });
  const Oid oid = record.oid;
  tables.insert_or_assign(oid, std::move(record));
}

std::shared_ptr<MemoryStore> MemoryStore::named(const std::string& name) {
  static std::mutex mutex;  // guards stores
  static std::map<std::string, std::weak_ptr<MemoryStore>> stores;
  const std::lock_guard lock(mutex);
  std::erase_if(stores, [](const auto& entry) { return entry.second.expired(); });
  auto store = stores[name].lock();
  if (store == nullptr) stores[name] = store = std::make_shared<MemoryStore>();
  return store;
}

TableRef MemoryStore::target(const TargetName& name) {
  return with([&](const Contents& contents) -> TableRef {
    const auto found = contents.targets.find({name.schema, name.table});
    return found == contents.targets.end() ? nullptr : found->second.table;
  });
}

}  // namespace walbrook::destination::memory

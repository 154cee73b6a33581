// A spool in memory, for tests that have no disk or must be deterministic.
#pragma once

#include <algorithm>
#include <map>
#include <string>

#include "replication/core/spool.h"

namespace walbrook::test {

class MemorySpool : public replication::Spool {
 public:
  explicit MemorySpool(std::uint64_t capacity = UINT64_MAX) : capacity_(capacity) {}

  // From now on, refuses puts beyond `capacity`. What the spool holds stays.
  void set_capacity(std::uint64_t capacity) { capacity_ = capacity; }

  void put(const replication::SpoolKey& key, Lsn first_commit, std::string_view bytes) override {
    if (bytes_ + bytes.size() > capacity_) throw replication::SpoolFull("the spool is full", key, bytes.size());
    entries_[key].push_back({first_commit, std::string(bytes)});
    bytes_ += bytes.size();
  }
  void for_each(const replication::SpoolKey& key, const std::function<void(std::string_view)>& sink) override {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return;
    for (const auto& entry : found->second) sink(entry.bytes);
  }
  void discard(const replication::SpoolKey& key) override {
    std::erase_if(entries_, [&key](const auto& each) { return each.first == key; });
    count();
  }
  void discard_transactions() override {
    std::erase_if(entries_,
                  [](const auto& each) { return each.first.kind == replication::SpoolKey::Kind::transaction; });
    count();
  }
  void discard_from(Lsn first_commit) override {
    for (auto& [key, entries] : entries_) {
      if (key.kind != replication::SpoolKey::Kind::output) continue;
      std::erase_if(entries, [&](const Entry& entry) { return entry.first_commit >= first_commit; });
    }
    count();
  }
  [[nodiscard]] std::uint64_t bytes() const override { return bytes_; }
  [[nodiscard]] std::vector<std::pair<replication::SpoolKey, std::uint64_t>> keys() const override {
    std::vector<std::pair<replication::SpoolKey, std::uint64_t>> keys;
    for (const auto& [key, entries] : entries_) {
      if (const auto bytes = bytes_of(entries); bytes > 0) keys.emplace_back(key, bytes);
    }
    return keys;
  }
  [[nodiscard]] std::uint64_t capacity() const override { return capacity_; }

 private:
  struct Entry {
    Lsn first_commit;
    std::string bytes;
  };
  [[nodiscard]] static std::uint64_t bytes_of(const std::vector<Entry>& entries) {
    std::uint64_t bytes = 0;
    for (const auto& entry : entries) bytes += entry.bytes.size();
    return bytes;
  }
  void count() {
    bytes_ = 0;
    for (const auto& [key, entries] : entries_) bytes_ += bytes_of(entries);
  }

  std::uint64_t capacity_;
  std::map<replication::SpoolKey, std::vector<Entry>> entries_;
  std::uint64_t bytes_ = 0;
};

}  // namespace walbrook::test

#include "output/merge.h"

#include <algorithm>

#include "base/error.h"
#include "base/planted.h"

namespace walbrook {
namespace {

constexpr std::uint32_t none = UINT32_MAX;

// Finds entries by some columns of a row. Open addressing over the hashes of the entries: a probe allocates nothing.
class RowIndex {
 public:
  explicit RowIndex(std::vector<std::size_t> columns) : columns_(std::move(columns)), slots_(1024, none) {}

  // The number of the row's entry, in the order of first occurrence; `added` is set to whether the entry is new.
  std::uint32_t find_or_add(RowRef row, bool& added) {
    if ((rows_.size() + 1) * 2 > slots_.size()) grow();
    const std::size_t hash = hash_of(row);
    for (std::size_t slot = hash & (slots_.size() - 1);; slot = (slot + 1) & (slots_.size() - 1)) {
      const std::uint32_t entry = slots_[slot];
      if (entry == none) {
        added = true;
        slots_[slot] = static_cast<std::uint32_t>(rows_.size());
        rows_.push_back(row);
        hashes_.push_back(hash);
        return slots_[slot];
      }
      if (hashes_[entry] == hash && equal(rows_[entry], row)) {
        added = false;
        return entry;
      }
    }
  }
  // The first row with this entry's columns.
  [[nodiscard]] RowRef row(std::uint32_t entry) const { return rows_[entry]; }

 private:
  [[nodiscard]] std::size_t hash_of(RowRef row) const {
    std::size_t hash = 0;
    for (const auto c : columns_) {
      hash = (hash ^ row.batch->columns[c].hash_value(row.row)) * 0x9E3779B97F4A7C15U;
      hash ^= hash >> 29;
    }
    return hash;
  }
  [[nodiscard]] bool equal(RowRef a, RowRef b) const {
    return std::ranges::all_of(
        columns_, [&](std::size_t c) { return a.batch->columns[c].same_value(a.row, b.batch->columns[c], b.row); });
  }
  void grow() {
    slots_.assign(slots_.size() * 2, none);
    for (std::uint32_t entry = 0; entry < rows_.size(); ++entry) {
      std::size_t slot = hashes_[entry] & (slots_.size() - 1);
      while (slots_[slot] != none) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = entry;
    }
  }

  std::vector<std::size_t> columns_;
  std::vector<std::uint32_t> slots_;  // size: a power of two; at most half full
  std::vector<RowRef> rows_;
  std::vector<std::size_t> hashes_;
};

[[noreturn]] void contradiction(const TableSchema& schema, const char* what) {
  throw Error(ErrorKind::data,
              "table " + schema.full_name() + ": the stream holds " + what + " of a relation without replica identity");
}

// Folds the changes of a table whose rows have a replica identity key, to the net effect on each key.
class KeyedFold {
 public:
  explicit KeyedFold(RowOperations& out) : out_(out), index_(out.schema->key_columns()) {}

  void add(const RowBatch& batch) {
    for (std::uint32_t row = 0; row < batch.rows(); ++row) {
      const RowRef ref{&batch, row};
      switch (batch.ops[row]) {
        case Op::insert:
          entry(ref, false).image = add_image({.row = ref});
          break;
        case Op::remove:
          remove(entry(ref, true));
          break;
        case Op::before:
          leave(ref);
          break;
        case Op::update:
          arrive(ref);
          break;
      }
    }
  }

  void finish() {
    for (std::uint32_t e = 0; e < entries_.size(); ++e) {
      if (entries_[e].in_target) out_.remove.push_back({index_.row(e), 1});
      if (entries_[e].image != none) emit(images_[entries_[e].image]);
    }
  }

 private:
  // One image of a row. Its unchanged cells have the values of the image before it (`earlier`), and at the end of that
  // chain those of the target's row that `origin` identifies.
  struct Image {
    RowRef row;
    std::uint32_t earlier = none;
    RowRef origin{nullptr, 0};
  };
  struct Entry {
    bool in_target = false;      // the target may have a row with this key
    std::uint32_t image = none;  // the live image; none: no row has the key now
  };

  Entry& entry(RowRef key, bool in_target_if_new) {
    bool added = false;
    const auto found = index_.find_or_add(key, added);
    if (added) entries_.push_back({.in_target = in_target_if_new});
    return entries_[found];
  }
  std::uint32_t add_image(Image image) {
    images_.push_back(image);
    return static_cast<std::uint32_t>(images_.size() - 1);
  }
  static void remove(Entry& entry) {
    const bool is_inserted_here = entry.image != none && !entry.in_target;
    if (is_inserted_here && planted::is(planted::Fault::delete_after_insert_dropped)) return;
    entry.image = none;
  }
  // A `before` row: the row leaves its key. Its image waits in moving_ for the update in the next row.
  void leave(RowRef old_key) {
    Entry& old_entry = entry(old_key, true);
    moving_ = {.row = old_key, .earlier = old_entry.image, .origin = old_key};
    is_moving_ = true;
    old_entry.image = none;
  }
  void arrive(RowRef row) {
    Image image{.row = row, .earlier = none, .origin = row};
    Entry& target = entry(row, !is_moving_);
    if (is_moving_) {
      image.earlier = moving_.earlier;
      image.origin = moving_.origin;
      is_moving_ = false;
    } else {
      image.earlier = target.image;
    }
    if (!row.batch->has_unchanged(row.row)) image.earlier = none;
    target.image = add_image(image);
  }

  void emit(const Image& last) {
    if (!last.row.batch->has_unchanged(last.row.row)) {
      out_.append.push_back(last.row);
    } else if (last.earlier == none) {
      out_.complete.push_back({last.row, last.origin});
    } else {
      assemble(last);
    }
  }
  // Puts a row together from its images, the newest first. Cells that no image has make it a patch.
  void assemble(const Image& last) {
    if (out_.assembled.empty()) out_.assembled.emplace_back(out_.schema);
    RowBatch& batch = out_.assembled.back();
    const auto at = static_cast<std::uint32_t>(batch.rows());
    const Image* oldest = &last;
    for (std::size_t c = 0; c < batch.columns.size(); ++c) {
      const Image* image = &last;
      while (image->row.batch->unchanged(image->row.row, c) && image->earlier != none) image = &images_[image->earlier];
      batch.columns[c].append_from(image->row.batch->columns[c], image->row.row);
      if (image->row.batch->unchanged(image->row.row, c)) {
        batch.mark_unchanged(at, c);
        oldest = image;
      }
    }
    batch.finish_row(Op::update, last.row.batch->transaction[last.row.row], last.row.batch->sequence[last.row.row]);
    if (batch.has_unchanged(at)) {
      out_.complete.push_back({{&batch, at}, oldest->origin});
    } else {
      out_.append.push_back({&batch, at});
    }
  }

  RowOperations& out_;
  RowIndex index_;
  std::vector<Entry> entries_;  // by entry number of index_
  std::vector<Image> images_;
  Image moving_{};
  bool is_moving_ = false;
};

// Folds the changes of a table without a key: its rows are a multiset.
class MultisetFold {
 public:
  explicit MultisetFold(RowOperations& out) : out_(out), index_(all_columns(*out.schema)) {}

  void add(const RowBatch& batch) {
    for (std::uint32_t row = 0; row < batch.rows(); ++row) {
      bool added = false;
      const auto entry = index_.find_or_add({&batch, row}, added);
      if (added) delta_.push_back(0);
      const bool arrives = batch.ops[row] == Op::insert || batch.ops[row] == Op::update;
      delta_[entry] += arrives ? 1 : -1;
    }
  }
  void finish() {
    for (std::uint32_t entry = 0; entry < delta_.size(); ++entry) {
      if (delta_[entry] < 0) out_.remove.push_back({index_.row(entry), static_cast<std::uint32_t>(-delta_[entry])});
      for (auto left = delta_[entry]; left > 0; --left) out_.append.push_back(index_.row(entry));
    }
  }

 private:
  static std::vector<std::size_t> all_columns(const TableSchema& schema) {
    std::vector<std::size_t> columns(schema.columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = i;
    return columns;
  }

  RowOperations& out_;
  RowIndex index_;
  std::vector<std::int64_t> delta_;  // by entry number of index_
};

}  // namespace

RowOperations merge_changes(const std::vector<const RowBatch*>& batches) {
  RowOperations out;
  if (batches.empty()) return out;
  out.schema = batches.front()->schema;
  out.keyed = out.schema->has_key();
  out.inserts_only = true;
  for (const auto* batch : batches) out.inserts_only = out.inserts_only && batch->only_inserts();

  if (out.inserts_only) {
    for (const auto* batch : batches) {
      out.append.reserve(out.append.size() + batch->rows());
      for (std::uint32_t row = 0; row < batch->rows(); ++row) out.append.push_back({batch, row});
    }
  } else if (out.keyed) {
    KeyedFold fold(out);
    for (const auto* batch : batches) fold.add(*batch);
    fold.finish();
  } else {
    if (out.schema->identity != ReplicaIdentity::full) contradiction(*out.schema, "an UPDATE or DELETE");
    MultisetFold fold(out);
    for (const auto* batch : batches) fold.add(*batch);
    fold.finish();
  }
  return out;
}

}  // namespace walbrook

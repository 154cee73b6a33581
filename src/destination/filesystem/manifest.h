// What a pipeline has at a destination of files: its state, and the files that its tables consist of.
//
// It is stored in two files of _walbrook/PIPELINE/. manifest.json is replaced by every batch: this is the moment at
// which a batch becomes durable and visible, so it is written last and as a whole. It has the checkpoint, and the files
// that were added since the other one was written. records-N.json has everything that changes rarely: the records of
// tables and outputs, the targets' columns, and all files up to batch N. It never changes; a batch that changes a
// record writes a new one, before its manifest, which names it. So the manifest of a batch stays small however many
// tables and files there are.
//
// Worked: batch 7 adds a file to a table, and batch 8 truncates the table and adds another one.
//
//   records-3.json                      orders: [snapshot-1-1, changes-2-1]
//   manifest.json, batch 7, records 3   orders: + changes-7-1
//   records-8.json                      orders: [changes-8-1]
//   manifest.json, batch 8, records 8   nothing was added since
//
// A crash between the last two leaves batch 7: nothing names records-8.json, and the attempt that follows writes a file
// of the same name.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "destination/filesystem/file_table.h"
#include "destination/schema_versions.h"
#include "destination/state.h"
#include "destination/transaction.h"

namespace walbrook::destination::filesystem {

// A file of rows of one table.
struct DataFile {
  std::string name;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  // 0 = unknown
  std::size_t columns = 0;  // the file has that many of the table's columns, from the first on
};

// A table that readers see.
struct FileTarget {
  OutputId output;
  bool has_source = true;
  FileTable table;
  std::vector<DataFile> files;  // in the order in which they were written
  std::size_t recorded = 0;     // so many of them are in the records; the manifest has the others
};

// A file that no table consists of any more. Readers of an older view may still use it for a while.
struct SupersededFile {
  std::string name;
  WallTime since;
};

struct FinishedLoad {
  LoadRecord record;
  WallTime finished;
};

struct KeptSchemaVersion {
  SchemaVersion version;
  WallTime at;
};

struct Manifest {
  using Name = std::pair<std::string, std::string>;  // schema and table of a target

  std::int64_t batch = 0;    // the number of the last whole batch
  std::int64_t records = 0;  // the batch that wrote the records
  AttemptId attempt{};       // of the batch
  std::optional<Checkpoint> checkpoint{};
  WallTime written{};                 // when it was written
  std::vector<FinishedLoad> loads{};  // the newest most_loads, by ascending id
  std::int64_t newest_load = 0;       // its id; 0 = none
  // The files with the kept changes of prepared transactions, by xid, in the order in which they were kept.
  std::map<std::uint32_t, std::vector<std::string>> prepared{};
  // The rest is in the records.
  std::int64_t generation = 0;  // of the newest copy that was swapped in
  std::map<Oid, TableRecord> tables{};
  std::map<OutputId, OutputRecord> outputs{};
  std::map<OutputId, std::vector<KeptSchemaVersion>> schema_versions{};
  std::map<Name, FileTarget> targets{};
  std::vector<SupersededFile> superseded{};

  void put(TableRecord record);          // replaces the records that have its OID or its name
  void put(const OutputRecord& record);  // with the versions of its columns that it brings
  void put(LoadRecord load);             // gives it the next free id if it has none
  [[nodiscard]] State state() const;
};

inline constexpr std::size_t most_loads = 100;        // loads that are kept
inline constexpr std::size_t most_added_files = 256;  // files in a manifest; more of them go into new records

// One document each, and back. read_manifest throws Error(destination) for text that is none.
[[nodiscard]] std::string manifest_text(const Manifest& manifest, const std::string& pipeline);
[[nodiscard]] std::string records_text(const Manifest& manifest);
// Reads the number of the records that the manifest's text names.
[[nodiscard]] std::int64_t records_of(std::string_view manifest_text);
[[nodiscard]] Manifest read_manifest(std::string_view manifest_text, std::string_view records_text);

}  // namespace walbrook::destination::filesystem

// Writes rows of one table to files: they are gathered in a table in memory, and each `flush` writes it out.
//
// Threads: one thread at a time uses a writer; several writers share a database.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "destination/duckdb/chunk_writer.h"
#include "destination/duckdb/connection.h"
#include "destination/filesystem/file_table.h"
#include "destination/filesystem/location.h"
#include "destination/filesystem/manifest.h"
#include "destination/filesystem/storage.h"
#include "destination/provenance.h"
#include "destination/selected_rows.h"
#include "destination/target.h"

namespace walbrook::destination::filesystem {

// What all writers of a destination share.
struct WriteContext {
  std::shared_ptr<duckdb::Database> database;
  Storage* storage = nullptr;  // outlives the writers
  Format format = Format::parquet;
  FolderLayout layout = FolderLayout::flat;
};

// Runs DuckDB over files of the storage. Throws DestinationUnreachable if the storage cannot be reached.
template <class Work>
auto run_over_files(const WriteContext& context, const Work& work) {
  try {
    return work();
  } catch (const Error& failed) {
    context.storage->explain(failed);
    throw;
  }
}

struct FilePart {
  std::string date;  // "" or the date of the folder in which the file is
  std::string stem;  // the beginning of the file's name (changes_stem, snapshot_stem)
  std::size_t part = 1;
};
// Writes the rows of `from`, a table or a query in parentheses that has the columns of `table`, to a file.
[[nodiscard]] DataFile write_rows(const WriteContext& context, duckdb::Connection& connection, const FileTable& table,
                                  const std::string& from, const FilePart& part);

class FileWriter {
 public:
  // `stem` is the beginning of the files' names (changes_stem, snapshot_stem).
  FileWriter(WriteContext context, FileTable table, std::string stem);
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;
  ~FileWriter();  // removes the files that nobody has taken

  // Both gather the rows, and return how many values went to an overflow column.
  std::uint64_t write(const TableSchemaRef& schema, const Provenance& provenance, const SelectedRows& rows);
  std::uint64_t write(const TableSchemaRef& schema, const Provenance& provenance, const RowBatch& rows);
  // Writes the gathered rows to files. Their names are durable after Storage::sync.
  void flush();
  void flush_if_large();  // so that memory is bounded
  // Rows that are written from now on have the columns of `table`.
  void change_table(FileTable table);
  // Returns the files that were written, which are the caller's from now on.
  [[nodiscard]] std::vector<DataFile> take();

  [[nodiscard]] const FileTable& table() const { return table_; }
  [[nodiscard]] const std::vector<DataFile>& files() const { return files_; }
  // The gathered rows: a table of the connection's database.
  [[nodiscard]] duckdb::Connection& connection() { return connection_; }
  [[nodiscard]] std::string gathered() const { return duckdb::identifier(stage_.table); }

 private:
  template <class Rows>
  std::uint64_t gather(const TableSchemaRef& schema, Provenance provenance, const Rows& rows);
  void create_stage();
  void drop_stage() noexcept;
  void write_file(const std::string& date, const std::string& condition);

  WriteContext context_;
  FileTable table_;
  std::string stem_;
  duckdb::Connection connection_;
  Target stage_;
  std::vector<DataFile> files_;
  std::size_t parts_ = 0;
  std::uint64_t rows_ = 0;  // gathered ones
  std::size_t bytes_ = 0;
};

}  // namespace walbrook::destination::filesystem

// Reads and writes a pipeline's manifest and views, and knows what other pipelines have in the same folder.
//
// Threads: any may ask for conflicts; the rest is for the loader's thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "destination/filesystem/location.h"
#include "destination/filesystem/manifest.h"
#include "destination/filesystem/storage.h"
#include "destination/state.h"
#include "destination/target_difference.h"

namespace walbrook::destination::filesystem {

// What all other pipelines have in the folder.
struct OtherPipelines {
  std::map<std::string, Manifest> manifests{};   // by pipeline
  std::map<std::string, std::string> folders{};  // folders of tables with files of a pipeline, with its name
};

class ManifestStore {
 public:
  // Borrows `storage` for its lifetime.
  ManifestStore(Storage& storage, std::string pipeline, Format format, std::string label);

  [[nodiscard]] const std::string& pipeline() const { return pipeline_; }
  // Returns an empty manifest if the pipeline has none.
  [[nodiscard]] Manifest read() const;
  // Makes the manifest the pipeline's, durably and in one moment; its files are synced before. Writes new records if
  // `records_changed`, or if the manifest has many files besides them. Throws what Storage::put throws.
  void write(Manifest& manifest, bool records_changed);
  // Writes views.sql. If it cannot, it logs that: the views show an older batch until the next one is written.
  void write_views(const Manifest& manifest) noexcept;

  [[nodiscard]] OtherPipelines others() const;
  // Returns why the target's name is taken: the pipeline that owns it, or files that walbrook did not write. nullopt:
  // it is free, or the pipeline's own.
  [[nodiscard]] std::optional<NameConflict> conflict(const Manifest& own, const OtherPipelines& others,
                                                     const TargetName& name) const;

  // Takes the files that were superseded so long ago that no query reads them any more out of the manifest, and returns
  // their names. The caller removes them once the manifest is durable.
  [[nodiscard]] static std::vector<std::string> take_expired(Manifest& manifest);
  // Removes files that no manifest names: of attempts that failed, and of tables that were replaced long ago. Other
  // pipelines' files stay.
  void remove_leftovers(Manifest& manifest);
  // Removes all that the pipeline has.
  void remove_all(const Manifest& manifest);

 private:
  [[nodiscard]] std::optional<Manifest> read_of(const std::string& pipeline) const;
  [[nodiscard]] std::vector<std::string> other_pipelines() const;  // their names
  void collect_views() const;

  Storage& storage_;
  std::string pipeline_;
  Format format_;
  std::string label_;
};

}  // namespace walbrook::destination::filesystem

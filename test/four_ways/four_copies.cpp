#include "test/four_ways/four_copies.h"

#include <algorithm>
#include <list>
#include <sstream>

namespace walbrook::test {
namespace {

constexpr milliseconds longest_run(240'000);

}  // namespace

FourCopies::FourCopies(const ScratchDatabase& database) : database_(database), folder_("four_copies") {
  for (const auto way : {Way::snapshot, Way::stream}) {
    for (const auto form : {Form::text, Form::binary}) {
      const std::string format = form == Form::text ? "text" : "binary";
      const auto name = (way == Way::snapshot ? "snapshot_" : "stream_") + format;
      copies_.push_back({way,
                         form,
                         name,
                         {.source = database.conninfo() + " application_name=" + name,
                          .file = folder_ / (name + ".duckdb"),
                          .slot = name + "_" + database.name(),
                          .flags = {"--format", format}}});
    }
  }
}

std::string FourCopies::run(Way way) const {
  std::list<Process> running;
  for (const auto& copy : copies_) {
    if (copy.way == way) running.emplace_back(copy.pipeline.command("run"));
  }
  std::string failures;
  for (auto& process : running) {
    const auto& result = process.wait(longest_run);
    if (!result.succeeded()) failures += result.describe() + "\n";
  }
  return failures;
}

std::vector<std::string> FourCopies::commands(const Copy& copy, const std::string& part) const {
  std::istringstream log(read_file(database_.server().log()));
  std::vector<std::string> found;
  for (std::string line; std::getline(log, line);) {
    if (line.starts_with(copy.name + "@" + database_.name() + " ") && line.find(part) != std::string::npos) {
      found.push_back(line);
    }
  }
  return found;
}

const FourCopies::Copy& FourCopies::copy(Way way, Form form) const {
  return *std::ranges::find_if(copies_, [=](const Copy& copy) { return copy.way == way && copy.form == form; });
}

std::vector<std::filesystem::path> FourCopies::files() const {
  std::vector<std::filesystem::path> files;
  for (const auto& copy : copies_) files.push_back(copy.pipeline.file);
  return files;
}

}  // namespace walbrook::test

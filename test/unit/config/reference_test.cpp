// Compares docs/configuration.md with the table of settings: the same sections with the same rows in the same order.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "base/text.h"
#include "config/keys.h"

namespace walbrook::config {
namespace {

std::string takes(const Key& key) {
  switch (key.kind) {
    case Kind::boolean:
      return "`true`, `false`";
    case Kind::count:
      return fmt::format("{} to {}", with_thousands(key.least), with_thousands(key.most));
    case Kind::size:
      return "a size";
    case Kind::postgres_memory:
    case Kind::duckdb_memory:
      return "memory";
    case Kind::choice:
      return fmt::format("`{}`", fmt::join(choices_of(key), "`, `"));
    case Kind::texts:
      return "texts";
    case Kind::connection:
      return "URL or table";
    case Kind::slot_name:
      return "a slot's name";
    case Kind::publications:
      return "a name, or names";
    case Kind::name:
      return "a name";
    case Kind::text:
    case Kind::secret:
      return "text";
  }
  return {};
}

std::string in_backticks(std::string_view text) {
  return text.empty() ? std::string() : fmt::format("`{}`", text);
}

std::string reference() {
  std::string text;
  std::string_view section;
  for (const auto& key : keys()) {
    if (key.section != section) {
      section = key.section;
      const bool list = section == "pipelines.NAME.tables";
      text += fmt::format("{}### {}{}{}\n\n| key | takes | default | flag | |\n|---|---|---|---|---|\n",
                          text.empty() ? "" : "\n", list ? "[[" : "[", section, list ? "]]" : "]");
    }
    text += fmt::format("| `{}` | {} | {} | {} | {} |\n", key.name, takes(key), in_backticks(key.fallback),
                        in_backticks(key.flag), key.help);
  }
  return text;
}

TEST(Reference, the_document_has_every_key_and_no_other) {
  std::ifstream in(WALBROOK_SOURCE_DIR "/docs/configuration.md");
  std::ostringstream out;
  out << in.rdbuf();
  const std::string document = out.str();
  const std::string begin = "## Settings\n", end = "\n## Flags\n";
  const auto from = document.find(begin), to = document.find(end);
  ASSERT_NE(from, std::string::npos);
  ASSERT_NE(to, std::string::npos);
  const auto chapter = document.substr(from + begin.size(), to - from - begin.size());
  const auto tables = chapter.find("### [");
  EXPECT_NE(tables, std::string::npos);
  EXPECT_EQ(chapter.substr(std::min(tables, chapter.size())), reference()) << "the chapter is to be:\n"
                                                                           << reference() << "end of the chapter";
}

TEST(Reference, names_are_unmistakable) {
  std::set<std::string> names, flags, in_pipelines;
  for (const auto& key : keys()) {
    EXPECT_TRUE(names.insert(key.full_name()).second) << key.full_name();
    EXPECT_EQ(&walbrook::config::key(key.full_name()), &key);
    const auto in_pipeline = key.name_in_pipeline();
    EXPECT_TRUE(in_pipeline.empty() || in_pipelines.insert(in_pipeline).second) << in_pipeline;
    EXPECT_FALSE(key.help.empty());
    EXPECT_TRUE(key.kind != Kind::choice || !choices_of(key).empty()) << key.full_name();
  }
}

TEST(Reference, every_name_leads_to_its_key) {
  for (const auto& key : keys()) {
    for (const std::string& name : {key.full_name(), key.name_in_pipeline()}) {
      if (name.empty()) continue;
      std::vector<std::string> path;
      std::istringstream parts(name);
      for (std::string part; std::getline(parts, part, '.');) path.push_back(part == "NAME" ? "shop" : part);
      const auto place = find_place(path);
      ASSERT_TRUE(place.has_value()) << name;
      EXPECT_EQ(place->key, &key) << name;
      EXPECT_EQ(place->pipeline, name.starts_with("pipelines.") ? "shop" : "") << name;
    }
  }
}

}  // namespace
}  // namespace walbrook::config

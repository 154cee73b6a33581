#include "destination/target_renaming.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace walbrook::destination {
namespace {

struct Pending {
  std::size_t at = 0;  // in Target::columns
  std::string name;    // that it gets
};

// Removes what dropped columns left under the new names, and returns the names in the target.
std::vector<std::string> remove_leftovers(Target& target, std::span<const Alteration::RenamedColumn> renamed) {
  std::vector<std::string> names;
  std::erase_if(target.columns, [&](const TargetColumn& column) {
    const auto gets_name = [&column](const Alteration::RenamedColumn& each) { return each.to.name == column.source; };
    const auto gives_name = [&column](const Alteration::RenamedColumn& each) { return each.from == column.source; };
    if (column.source.empty() || std::ranges::none_of(renamed, gets_name) || std::ranges::any_of(renamed, gives_name)) {
      return false;
    }
    names.push_back(column.name);
    return true;
  });
  return names;
}

class Renamer {
 public:
  Renamer(const NameRules& rules, Target& target) : rules_(rules), target_(target) {}

  // Notes the new source column of the target's columns, and the names that they get.
  void plan(std::span<const Alteration::RenamedColumn> renamed, Naming naming) {
    std::vector<std::pair<std::size_t, const ColumnSchema*>> moved;
    for (std::size_t at = 0; at < target_.columns.size(); ++at) {
      const auto& column = target_.columns[at];
      if (column.source.empty()) continue;
      const auto found = std::ranges::find(renamed, column.source, &Alteration::RenamedColumn::from);
      if (found != renamed.end()) moved.emplace_back(at, &found->to);
    }
    for (const auto& [at, to] : moved) target_.columns[at].source = to->name;
    for (const auto& [at, to] : moved) leaves_.push_back(at);
    // Columns come before their overflow columns, whose names follow from theirs.
    for (const auto& [at, to] : moved) {
      if (!target_.columns[at].is_overflow) {
        wait(at, free_name(rules_, column_name(*to, naming), [this](const auto& name) { return is_taken(name); }));
      }
    }
    for (const auto& [at, to] : moved) {
      if (!target_.columns[at].is_overflow) continue;
      wait(at, free_overflow_name(rules_, name_of(to->name), [this](const auto& name) { return is_taken(name); }));
    }
  }

  std::vector<TargetRenaming::Step> run() {
    std::erase_if(pending_, [this](const Pending& each) { return target_.columns[each.at].name == each.name; });
    while (!pending_.empty()) {
      const auto next = std::ranges::find_if(pending_, [this](const Pending& each) { return !is_held(each.name); });
      if (next == pending_.end()) {
        rename(pending_.front().at, third_name());
      } else {
        rename(next->at, next->name);
        pending_.erase(next);
      }
    }
    return std::move(steps_);
  }

 private:
  void wait(std::size_t at, std::string name) { pending_.push_back({.at = at, .name = std::move(name)}); }
  // Another column has the name for good, or gets it.
  [[nodiscard]] bool is_taken(const std::string& name) const {
    for (std::size_t at = 0; at < target_.columns.size(); ++at) {
      if (std::ranges::find(leaves_, at) == leaves_.end() && rules_.same(target_.columns[at].name, name)) return true;
    }
    return std::ranges::any_of(pending_, [&](const Pending& each) { return rules_.same(each.name, name); });
  }
  // A column has the name now, perhaps in other letters.
  [[nodiscard]] bool is_held(const std::string& name) const { return target_.has_column_named(rules_, name); }
  [[nodiscard]] std::string third_name() const {
    return free_name(rules_, "_walbrook_renamed", [this](const auto& name) { return is_held(name) || is_taken(name); });
  }
  [[nodiscard]] const std::string& name_of(const std::string& source) const {
    for (const auto& each : pending_) {
      if (target_.columns[each.at].source == source) return each.name;
    }
    return target_.column_of(source)->name;
  }
  void rename(std::size_t at, std::string to) {
    steps_.push_back({.from = target_.columns[at].name, .to = to});
    target_.columns[at].name = std::move(to);
  }

  const NameRules& rules_;
  Target& target_;
  std::vector<std::size_t> leaves_;  // columns that give up their names
  std::vector<Pending> pending_;
  std::vector<TargetRenaming::Step> steps_;
};

}  // namespace

TargetRenaming rename_columns(const NameRules& rules, Target& target,
                              std::span<const Alteration::RenamedColumn> renamed, Naming naming) {
  TargetRenaming renaming{.dropped = remove_leftovers(target, renamed), .steps = {}};
  Renamer renamer(rules, target);
  renamer.plan(renamed, naming);
  renaming.steps = renamer.run();
  return renaming;
}

}  // namespace walbrook::destination

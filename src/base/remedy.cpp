#include "base/remedy.h"

#include <array>

#include "base/mask_secrets.h"

namespace walbrook {
namespace {

struct Names {
  std::string_view command;
  std::string_view library;
};

// An option that the library lacks keeps the command's flag. No call of the library leads to an error that names one,
// except for a transaction that is to be skipped, which only the command can do.
Names names_of(RemedyOption option) {
  switch (option) {
    case RemedyOption::source:
      return {"--source", "credentials"};
    case RemedyOption::destination:
      return {"--destination", "destination"};
    case RemedyOption::slot:
      return {"--slot", "slot_name"};
    case RemedyOption::publication:
      return {"--publication", "pub_name"};
    case RemedyOption::schema:
      return {"--schema", "schema_name"};
    case RemedyOption::tables:
      return {"--table", "table_names"};
    case RemedyOption::dataset:
      return {"--dataset", "dataset_name"};
    case RemedyOption::snapshot_wait:
      return {"--snapshot-wait", "snapshot_wait"};
    case RemedyOption::adopt_slot:
      return {"--adopt-slot", "--adopt-slot"};
    case RemedyOption::standby:
      return {"--standby", ".standby = true"};
    case RemedyOption::failover:
      return {"--failover", ".failover = true"};
    case RemedyOption::accept_new_system:
      return {"--accept-new-system", "accept_new_system"};
    case RemedyOption::reset:
      return {"--reset", ".reset = true"};
    case RemedyOption::query_rows:
      return {"--query-rows", "query_rows"};
    case RemedyOption::query_timeout:
      return {"--query-timeout", "query_timeout"};
    case RemedyOption::query_memory:
      return {"--query-memory", "query_memory"};
    case RemedyOption::query_bytes:
      return {"--query-bytes", "--query-bytes"};
    case RemedyOption::protocol:
      return {"--protocol", "--protocol"};
    case RemedyOption::streaming:
      return {"--streaming", "--streaming"};
    case RemedyOption::skip_transaction:
      return {"--skip-transaction", "--skip-transaction"};
    case RemedyOption::only:
      return {"--only", "--only"};
    case RemedyOption::spool_dir:
      return {"--spool-dir", "spool_dir"};
    case RemedyOption::max_spool_size:
      return {"--max-spool-size", "max_spool_size"};
    case RemedyOption::destination_only:
      return {"--destination-only", "--destination-only"};
  }
  return {};
}

Names names_of(RemedyAction action) {
  switch (action) {
    case RemedyAction::run:
      return {"walbrook run", "the pipeline's run"};
    case RemedyAction::run_again:
      return {"start walbrook run again", "run the pipeline again"};
    case RemedyAction::run_first:
      return {"Start walbrook run first", "Run the pipeline first"};
    case RemedyAction::create:
      return {"walbrook run", "init_replication"};
    case RemedyAction::reset:
      return {"walbrook run --reset", "init_replication with .reset = true"};
    case RemedyAction::accept_new_system:
      return {"walbrook run --accept-new-system", "accept_new_system"};
    case RemedyAction::skip_transaction:
      return {"walbrook run --skip-transaction", "the command walbrook run --skip-transaction"};
    case RemedyAction::resync:
      return {"walbrook resync", "a run with the snapshot of"};
    case RemedyAction::record_capture:
      return {"walbrook decode --record FILE", "the command walbrook decode --record FILE"};
  }
  return {};
}

std::string_view in(Wording wording, const Names& names) {
  return wording == Wording::command ? names.command : names.library;
}

struct PartText {
  Wording wording;
  std::string operator()(const std::string& words) const { return words; }
  std::string operator()(const ExecuteSql& sql) const { return sql.statement; }
  // For the library, only the option is named; the program chooses the value.
  std::string operator()(const SetOption& set) const {
    std::string text(in(wording, names_of(set.option)));
    if (wording == Wording::command && !set.value.empty()) text.append(" ").append(set.value);
    return text;
  }
  std::string operator()(const TakeAction& take) const {
    std::string text(in(wording, names_of(take.action)));
    if (!take.argument.empty()) text.append(" ").append(take.argument);
    return text;
  }
  std::string operator()(const OfTheCommand& of) const { return wording == Wording::command ? of.words : ""; }
};

struct Mask {
  RemedyPart operator()(const std::string& words) const { return mask_secrets(words); }
  RemedyPart operator()(const ExecuteSql& sql) const { return ExecuteSql{mask_secrets(sql.statement)}; }
  RemedyPart operator()(const SetOption& set) const { return SetOption{set.option, mask_secrets(set.value)}; }
  RemedyPart operator()(const TakeAction& take) const { return TakeAction{take.action, mask_secrets(take.argument)}; }
  RemedyPart operator()(const OfTheCommand& of) const { return OfTheCommand{mask_secrets(of.words)}; }
};

}  // namespace

Remedy::Remedy(const char* words) : Remedy(std::string(words)) {}
Remedy::Remedy(std::string words) {
  if (!words.empty()) parts_.emplace_back(std::move(words));
}
Remedy::Remedy(ExecuteSql statement) : parts_{std::move(statement)} {}
Remedy::Remedy(std::vector<RemedyPart> parts) : parts_(std::move(parts)) {}

Remedy& Remedy::operator+=(const Remedy& more) {
  parts_.insert(parts_.end(), more.parts_.begin(), more.parts_.end());
  return *this;
}

Remedy masked(const Remedy& remedy) {
  std::vector<RemedyPart> parts;
  for (const auto& part : remedy.parts()) parts.push_back(std::visit(Mask{}, part));
  return Remedy(std::move(parts));
}

std::string to_text(const Remedy& remedy, Wording wording) {
  std::string text;
  for (const auto& part : remedy.parts()) text += std::visit(PartText{wording}, part);
  return text;
}

std::string to_text(RemedyOption option, Wording wording) {
  return std::string(in(wording, names_of(option)));
}

}  // namespace walbrook

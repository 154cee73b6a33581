#include "test/scenario/follower.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <thread>

#include "serve/local_client.h"
#include "serve/local_server.h"
#include "serve/socket_path.h"

namespace walbrook::test {
namespace {

constexpr milliseconds patience{60'000};
constexpr milliseconds between_questions{50};
constexpr int times_seen_applied = 5;
constexpr int most_kills = 16;

using Status = nlohmann::json;

// Returns the status of `walbrook status --json`. The command is not used: if no run answers, it opens the file, and a
// run that starts at that moment finds the file locked.
std::optional<Status> ask(const Pipeline& pipeline) {
  const auto environment = walbrook_command({}).env;
  setenv("XDG_RUNTIME_DIR", environment.at("XDG_RUNTIME_DIR")->c_str(), 1);
  const auto answer = serve::ask_status(serve::socket_path(pipeline.destination(), pipeline.slot));
  if (!answer) return std::nullopt;
  return nlohmann::json::parse(*answer);
}

Lsn lsn(const Status& status, const char* field) {
  return Lsn::parse(status.value(field, "")).value_or(Lsn{});
}

bool is_settled(const Status& status) {
  return status.value("phase", "") == "streaming" && std::ranges::none_of(status.at("tables"), [](const auto& table) {
           const auto state = table.value("state", "");
           return state == "pending" || state == "copying";
         });
}

// Returns a position after everything committed so far, flushed: a reader at that position has read all of it.
Lsn mark(const std::string& conninfo) {
  Sql session(conninfo);
  return Lsn::parse(session.value("SELECT pg_logical_emit_message(true, 'mark', '')")).value_or(Lsn{});
}

}  // namespace

Follower::Follower(const Pipeline& pipeline, std::vector<std::string> flags, bool killed)
    : pipeline_(pipeline), flags_(std::move(flags)), killed_(killed) {
  flags_.insert(flags_.end(), {"--follow", "--catalog-poll-interval", "200"});
  start();
}

void Follower::start() {
  Environment env;
  if (killed_) {
    env["WALBROOK_FAULT"] = "after_commit:" + std::to_string(2 << starts_);
  }
  if (++starts_ > most_kills) throw std::runtime_error("no end after so many starts\n" + err_);
  process_ = std::make_unique<Process>(pipeline_.command("run", flags_, env));
}

bool Follower::runs() {
  if (process_->running()) return true;
  const auto& result = process_->wait(patience);
  if (!killed_ || !result.killed()) return false;
  out_ += result.out;
  err_ += result.err;
  start();
  return true;
}

template <class Condition>
void Follower::wait_until(const std::string& what, const Condition& reached) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (runs()) {
    if (const auto status = ask(pipeline_); status && reached(*status)) return;
    if (std::chrono::steady_clock::now() > deadline) {
      const auto status = ask(pipeline_);
      throw std::runtime_error("the run that follows does not get so far: " + what + "\n" +
                               (status ? status->dump(1) : std::string("it does not answer")) + "\n" + err_ +
                               process_->err());
    }
    std::this_thread::sleep_for(between_questions);
  }
}

void Follower::wait_until_begun() {
  wait_until("streaming", [](const Status& status) { return is_settled(status) && lsn(status, "received").is_set(); });
}

// What the last catalog poll found may still be on its way to the loader, so the condition must hold twice.
void Follower::wait_until_applied(Lsn committed) {
  int times = 0;
  wait_until("everything applied", [&](const Status& status) {
    const bool applied = is_settled(status) && lsn(status, "received") > committed && status.value("lag_ms", 1.0) == 0;
    times = applied ? times + 1 : 0;
    return times == times_seen_applied;
  });
}

ProcessResult Follower::finish(const std::string& conninfo) {
  const auto committed = mark(conninfo);
  wait_until("a look into the catalog", [&](const Status& status) { return lsn(status, "server") > committed; });
  // A poll reads the position at its start: the poll that saw the first mark has ended when another begins.
  const auto looked = mark(conninfo);
  wait_until("another look", [&](const Status& status) { return lsn(status, "server") > looked; });
  wait_until_applied(looked);
  while (true) {
    if (process_->running()) process_->signal(SIGTERM);
    auto result = process_->wait(patience);
    if (!killed_ || !result.killed()) {
      result.out = out_ + result.out;
      result.err = err_ + result.err;
      return result;
    }
    if (!runs()) continue;
    wait_until_applied(looked);
  }
}

}  // namespace walbrook::test

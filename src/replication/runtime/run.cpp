// Threads of a run, and how they end.
//
// Four threads loop the state machines: receiver, loader, catalog poll, copier. What they share: the package queue
// (receiver → loader), the mailboxes (catalog poll, copier → loader; loader → copier), the durable LSN (loader →
// receiver, one atomic), the statistics. Invariants:
//   * only the loader begins loads; only the receiver talks on the replication connection;
//   * the durable LSN is set behind a commit and only ever grows;
//   * the receiver closes the queue, and only after it pushed its last package; the loader ends when the queue is
//   closed
//     and empty; the receiver ends when the loader has, and confirms the last position.
//
// One interleaving of the end: SIGTERM comes while the loader applies package 4 and the receiver reads into 5. The
// receiver stops reading, cuts the whole commits of 5, pushes, closes. The loader commits 4, takes 5, commits it, finds
// the queue closed. The receiver confirms 5's checkpoint. Rows of the transaction that was open come again with the
// next run.
#include "replication/runtime/run.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "postgres/catalog/catalog_types.h"
#include "postgres/catalog/table_name.h"
#include "postgres/connection/outage.h"
#include "postgres/publication/publication_age.h"
#include "postgres/stream/walsender_stream.h"
#include "replication/core/loader.h"
#include "replication/core/receiver.h"
#include "replication/runtime/catalog_poll.h"
#include "replication/runtime/file_spool.h"
#include "replication/setup/prepare.h"

namespace walbrook::replication {
namespace {

constexpr int most_default_workers = 4;
constexpr milliseconds supervise_interval{10};
// How often the server is asked for its position: it is what a run without `follow` ends by.
constexpr milliseconds position_interval{1'000};
constexpr milliseconds position_interval_at_end{200};

// A run that follows is a service: it starts with the machine, and stays. Somebody waits for the end of the other.
constexpr milliseconds startup_timeout_following{300'000};
constexpr milliseconds startup_timeout_once{5'000};
constexpr milliseconds reconnect_timeout_once{60'000};

}  // namespace

postgres::Endpoint patient_endpoint(const RunOptions& options, std::stop_token stop) {
  const auto usual = options.follow ? startup_timeout_following : startup_timeout_once;
  postgres::EndpointOptions patience{.reread = options.reread_conninfo,
                                     .network_timeout = options.network_timeout,
                                     .startup_timeout = options.startup_timeout.value_or(usual),
                                     .reconnect_timeout = options.reconnect_timeout,
                                     .stop = std::move(stop)};
  if (!options.reconnect_timeout && !options.follow) patience.reconnect_timeout = reconnect_timeout_once;
  return {options.conninfo.conninfo(), std::move(patience)};
}

class Run::Impl {
 public:
  Impl(RunOptions options, destination::Destination& destination, RunObserver& observer)
      : options_(with_patience(std::move(options), ending_.get_token())),
        destination_(destination),
        types_(options_.conninfo, &server_),
        queue_(options_.package_bytes),
        inbox_([this] { queue_.wake(); }),
        statistics_(first_status()),
        observer_(observer, statistics_),
        spool_({.folder = options_.spool_dir, .max_bytes = options_.max_spool_size}) {}

  RunSummary execute(std::stop_token stop);
  [[nodiscard]] RunStatus status() const;
  void resync(const std::vector<postgres::TableName>& tables);

 private:
  // Forwards, and shows in `status` which writers are waited for.
  class WaitingObserver final : public RunObserver {
   public:
    WaitingObserver(RunObserver& next, Statistics& statistics) : next_(next), statistics_(statistics) {}
    void prepared(const std::string& line) override { next_.prepared(line); }
    void waiting_for(const std::vector<postgres::OpenWriter>& writers) override {
      statistics_.waits_for(writers.empty() ? "" : postgres::waiting_text(writers));
      next_.waiting_for(writers);
    }
    void copy_started(const std::string& table, std::int64_t estimated_rows, std::int64_t estimated_bytes) override {
      next_.copy_started(table, estimated_rows, estimated_bytes);
    }
    void copy_advanced(const std::string& table, std::uint64_t rows, std::uint64_t wire_bytes) override {
      next_.copy_advanced(table, rows, wire_bytes);
    }
    void copy_finished(const std::string& table, std::uint64_t rows, double seconds) override {
      next_.copy_finished(table, rows, seconds);
    }
    void copy_restarted(const std::string& table, const std::string& why) override { next_.copy_restarted(table, why); }

   private:
    RunObserver& next_;
    Statistics& statistics_;
  };

  [[nodiscard]] RunStatus first_status() const {
    RunStatus status;
    status.pipeline = options_.pipeline;
    status.slot = options_.slot;
    status.publication = options_.publication;
    status.destination = destination_.name();
    status.phase = "starting";
    return status;
  }
  static RunOptions with_patience(RunOptions options, std::stop_token stop) {
    options.conninfo = patient_endpoint(options, std::move(stop));
    return options;
  }
  [[nodiscard]] Prepared prepare_when_it_answers(std::stop_token stop);
  void build(Prepared& prepared);
  [[nodiscard]] std::unique_ptr<postgres::ChangeReader> open_stream(const ResumePoint& start,
                                                                    const StreamLimits& limits);
  [[nodiscard]] bool altered_since(std::uint32_t xid);
  void receive();
  void load();
  void supervise(std::stop_token stop);
  void end() { ending_.request_stop(); }
  // A thread's body: the first error ends the run.
  template <class Body>
  std::jthread start(Body body) {
    return std::jthread([this, body = std::move(body)] {
      try {
        body();
      } catch (...) {
        const std::lock_guard lock(failure_mutex_);
        if (!failure_) failure_ = std::current_exception();
        failed_ = true;
        end();
      }
    });
  }
  [[nodiscard]] RunSummary summary(std::chrono::duration<double> took, bool stopped) const;

  std::stop_source ending_;   // no more changes are taken; the first member: waits in the source end with it
  std::stop_source failing_;  // the run ends with an error: waits are cut short
  RunOptions options_;
  destination::Destination& destination_;
  postgres::KnownServer server_;
  postgres::CatalogTypes types_;
  PackageQueue queue_;
  Mailbox<LoaderMessage> inbox_;
  Statistics statistics_;
  WaitingObserver observer_;
  TableGroups groups_;
  FileSpool spool_;
  std::unique_ptr<TableSync> sync_;
  std::unique_ptr<Copier> copier_;
  std::unique_ptr<CatalogPoll> catalog_poll_;
  std::unique_ptr<Loader> loader_;
  mutable std::mutex receiver_mutex_;  // guards the pointer against status(); the receiver is made once
  std::unique_ptr<Receiver> receiver_;
  bool must_confirm_ = false;
  int protocol_ = 1;
  bool two_phase_ = false;
  Lsn target_;

  std::atomic<std::uint64_t> durable_{0};
  std::atomic<bool> loader_done_{false};
  std::atomic<bool> end_reached_{false};

  std::mutex failure_mutex_;  // guards failure_
  std::exception_ptr failure_;
  std::atomic<bool> failed_{false};
};

RunSummary Run::Impl::execute(std::stop_token stop) {
  // Also where it fails before its loader begins: nobody is left who could take a request.
  struct Ended {
    std::atomic<bool>& done;
    ~Ended() { done = true; }
  } const ended{loader_done_};
  const auto began = std::chrono::steady_clock::now();
  const std::stop_callback forward(stop, [this] { end(); });
  Prepared prepared;
  try {
    prepared = prepare_when_it_answers(stop);
  } catch (const Error&) {
    if (!stop.stop_requested()) throw;
    RunSummary nothing;  // it waited for open writers, and nothing was begun
    nothing.stopped = true;
    return nothing;
  }
  statistics_.waits_for("");
  statistics_.source(prepared.source);
  build(prepared);
  statistics_.phase(sync_->settled() ? "streaming" : "copying");
  inbox_.post(CatalogSeen{.complete_to = prepared.publication.complete_to, .publication = prepared.publication});
  {
    const auto copier = start([this] { copier_->work(ending_.get_token()); });
    const auto loader = start([this] { load(); });
    const auto receiver = start([this] { receive(); });
    const auto catalog_poll = start([this, &prepared] {
      catalog_poll_->work(*prepared.kept, prepared.publication, *prepared.selection, ending_.get_token());
    });
    supervise(stop);
  }
  if (failure_) std::rethrow_exception(failure_);
  return summary(std::chrono::steady_clock::now() - began, stop.stop_requested());
}

// A server that goes away between two of its questions is waited for as one that does not answer the first.
Prepared Run::Impl::prepare_when_it_answers(std::stop_token stop) {
  postgres::Outage outage(options_.conninfo, postgres::ConnectionUse::replication);  // the last kind that it opens
  while (true) {
    try {
      auto prepared = prepare(options_, destination_, types_, server_, observer_, stop);
      outage.over();
      return prepared;
    } catch (const postgres::Stopped&) {
      throw;
    } catch (const Error& failed) {
      // A connection was opened, but nothing of the run has succeeded yet: what the server answers to a question ends
      // it.
      if (postgres::consequence_of(failed, postgres::Asked::catalog, false) != postgres::Consequence::wait) throw;
      outage.wait_or_throw(failed, postgres::Asked::catalog);
    }
  }
}

void Run::Impl::build(Prepared& prepared) {
  sync_ = std::move(prepared.sync);
  durable_ = prepared.checkpoint.lsn.value;
  must_confirm_ = options_.confirm && prepared.slot_is_behind;
  protocol_ = prepared.protocol;
  two_phase_ = prepared.two_phase;
  target_ = prepared.target;
  statistics_.checkpoint(prepared.checkpoint.lsn);
  groups_.set(sync_->groups(), sync_->identities());
  CopierOptions copying{.conninfo = options_.conninfo.for_copies(),
                        .server = &server_,
                        .follow = options_.follow,
                        .snapshot_wait = options_.snapshot_wait};
  copying.workers = options_.snapshot_workers > 0
                        ? options_.snapshot_workers
                        : std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, most_default_workers);
  copying.piece_bytes = options_.snapshot_piece;
  if (options_.wire == Wire::text) copying.copy.format = postgres::CopyFormat::text;
  copying.copy.batch_bytes = std::min<std::size_t>(copying.copy.batch_bytes, options_.package_bytes);
  copier_ = std::make_unique<Copier>(copying, destination_, types_, inbox_, observer_, statistics_);
  catalog_poll_ = std::make_unique<CatalogPoll>(CatalogPollOptions{.conninfo = options_.conninfo,
                                                                   .server = &server_,
                                                                   .publication = options_.publication,
                                                                   .slot = options_.slot,
                                                                   .interval = options_.catalog_poll_interval,
                                                                   .follow = options_.follow,
                                                                   .describes = prepared.describes,
                                                                   .limits = destination_.capabilities().values},
                                                types_, inbox_, statistics_);
  loader_ = std::make_unique<Loader>(LoaderOptions{.checkpoint = prepared.checkpoint,
                                                   .retries = options_.destination_retries,
                                                   .target = prepared.target,
                                                   .follow = options_.follow || options_.until.has_value(),
                                                   .together = !options_.copy_anew.empty(),
                                                   .newest_load = prepared.newest_load,
                                                   .server = &server_,
                                                   .commits_wait = &catalog_poll_->commits_wait()},
                                     destination_, spool_, *sync_, queue_, inbox_, groups_, statistics_, durable_,
                                     [this] { receiver_->wake(); });
  loader_->set_copier(*copier_);
  loader_->set_catalog({.at_once = [this] { catalog_poll_->at_once(); },
                        .is_answered = [this] { return catalog_poll_->is_answered(); }});
  ReceiverOptions receiving;
  receiving.assembler = {.limits = destination_.capabilities().values,
                         .package_bytes = options_.package_bytes,
                         .package_rows = options_.package_rows,
                         .last = prepared.checkpoint.last,
                         .until = options_.until,
                         .selection = prepared.selection,
                         .protocol = protocol_,
                         .parallel_streaming = postgres::streams_in_parallel(protocol_)};
  receiving.confirm = options_.confirm;
  receiving.binary = prepared.binary;
  receiving.reconnect_timeout = options_.conninfo.options().reconnect_timeout;
  receiving.altered_since = [this](std::uint32_t xid) { return altered_since(xid); };
  auto receiver = std::make_unique<Receiver>(
      receiving, [this](const ResumePoint& start, const StreamLimits& limits) { return open_stream(start, limits); },
      types_, groups_, queue_, durable_);
  const std::lock_guard lock(receiver_mutex_);
  receiver_ = std::move(receiver);
}

bool Run::Impl::altered_since(std::uint32_t xid) {
  auto catalog = postgres::open_checked(options_.conninfo, postgres::ConnectionUse::catalog, &server_);
  return postgres::publication_altered_since(catalog, options_.publication, xid);
}

std::unique_ptr<postgres::ChangeReader> Run::Impl::open_stream(const ResumePoint& start, const StreamLimits& limits) {
  return postgres::start_streaming({.conninfo = options_.conninfo,
                                    .slot = options_.slot,
                                    .publication = options_.publication,
                                    .start = start.checkpoint,
                                    .compare_from = start.compare_from,
                                    .server = &server_,
                                    .protocol = protocol_,
                                    .streaming = !limits.whole,
                                    .two_phase = two_phase_,
                                    .origin = options_.origin,
                                    .binary = limits.binary,
                                    .position_interval = options_.follow ? position_interval : position_interval_at_end,
                                    .as_stored = limits.as_stored,
                                    .decoding_memory = options_.decoding_memory,
                                    .wait_for_active = options_.slot_wait},
                                   ending_.get_token());
}

void Run::Impl::receive() {
  const auto stop = ending_.get_token();
  const std::stop_callback wake(stop, [this] { receiver_->wake(); });
  while (!stop.stop_requested()) {
    try {
      receiver_->step(std::chrono::steady_clock::now());
    } catch (const Error&) {
      if (!stop.stop_requested()) throw;  // otherwise it waited for the slot, and the stop ended that
    }
  }
  while (!failed_ && !receiver_->step_down()) {
  }
  queue_.close();
  // Keepalives are answered until the last package is durable.
  while (!loader_done_ && !failed_) {
    static_cast<void>(receiver_->step_down());
    std::this_thread::sleep_for(supervise_interval);
  }
  receiver_->confirm();
}

void Run::Impl::load() {
  while (!loader_->drained() && !failed_) {
    loader_->step(std::chrono::steady_clock::now(), failing_.get_token());
    // With nothing to apply it is done before the stream is open; a slot that is behind would hold its log on, and
    // what it holds would not be compared.
    if (loader_->done() && (!must_confirm_ || receiver_->compared())) {
      end_reached_ = true;
      end();
    }
  }
  loader_done_ = true;
}

// Until every thread has ended.
void Run::Impl::supervise(std::stop_token /*stop*/) {
  while (!loader_done_ && !failed_) {
    std::this_thread::sleep_for(supervise_interval);
    if (receiver_->reached_until()) end();
    if (ending_.stop_requested()) statistics_.phase("stopping");
  }
  if (failed_) failing_.request_stop();
  copier_->wake();
  queue_.wake();
}

RunStatus Run::Impl::status() const {
  auto status = statistics_.snapshot();
  status.source_waits = options_.conninfo.waits();
  const std::lock_guard lock(receiver_mutex_);
  if (receiver_ == nullptr) return status;
  status.received = receiver_->received();
  status.queued_bytes = queue_.bytes();
  auto oldest = queue_.oldest_commit_time();
  if (oldest == 0) oldest = receiver_->oldest_commit_time();
  if (oldest != 0) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto age = std::chrono::duration_cast<std::chrono::microseconds>(now).count() - oldest;
    status.lag_ms = std::max(0.0, static_cast<double>(age) / 1000.0);
  }
  const bool copying = std::ranges::any_of(
      status.tables, [](const auto& table) { return table.state == "pending" || table.state == "copying"; });
  if (!copying) status.waits_for.clear();
  if (status.phase != "stopping") status.phase = copying ? "copying" : "streaming";
  return status;
}

void Run::Impl::resync(const std::vector<postgres::TableName>& tables) {
  const auto answer = std::make_shared<ResyncRequest::Answer>();
  inbox_.post(ResyncRequest{.tables = tables, .answer = answer});
  while (true) {
    const bool ended = loader_done_ || failed_;  // looked at first: what was answered by then counts
    {
      const std::lock_guard lock(answer->mutex);
      if (answer->refused) std::rethrow_exception(answer->refused);
      if (answer->durable) return;
    }
    if (ended) {
      throw Error(ErrorKind::destination, "nothing is resynced: the run ended before it took the request",
                  "Ask again.");
    }
    std::this_thread::sleep_for(supervise_interval);
  }
}

RunSummary Run::Impl::summary(std::chrono::duration<double> took, bool stopped) const {
  RunSummary out;
  out.stopped = stopped;
  out.applied = statistics_.snapshot().applied;
  out.copy_seconds = statistics_.copy_seconds();
  out.apply_seconds = statistics_.load_seconds();
  out.seconds = took.count();
  out.checkpoint = Lsn{durable_.load()};
  out.next_commit = receiver_->next_commit();
  for (const auto& [oid, table] : sync_->tables()) {
    if (table.record.state == TableState::quarantined || sync_->is_missed(table)) {
      out.quarantined.push_back({table.record, table.set_aside_at});
    }
    if (table.record.state == TableState::pending && table.postponement) {
      out.postponed.push_back({table.record, table.postponement->remedy});
    }
    if (table.record.state == TableState::streaming && !table.record.suspect.empty())
      out.suspect.push_back(table.record);
    if (table.record.state == TableState::pending || table.record.state == TableState::copying) {
      out.unfinished.push_back({.record = table.record, .copied_rows = statistics_.copied_rows(oid)});
    }
    if (table.record.state != TableState::streaming || table.copy_number == 0) continue;
    ++out.copied_tables;
    out.copied_rows += table.copied_rows;
  }
  return out;
}

Run::Run(RunOptions options, destination::Destination& destination, RunObserver& observer)
    : impl_(std::make_unique<Impl>(std::move(options), destination, observer)) {}
Run::~Run() = default;

RunSummary Run::execute(std::stop_token stop) {
  return impl_->execute(stop);
}
RunStatus Run::status() const {
  return impl_->status();
}
void Run::resync(const std::vector<postgres::TableName>& tables) {
  impl_->resync(tables);
}

}  // namespace walbrook::replication

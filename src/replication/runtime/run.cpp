#include "replication/runtime/run.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <tuple>
#include <utility>

#include "postgres/catalog/catalog_types.h"
#include "postgres/catalog/table_name.h"
#include "postgres/connection/outage.h"
#include "postgres/publication/publication_age.h"
#include "postgres/stream/walsender_stream.h"
#include "replication/core/load_retry.h"
#include "replication/runtime/doorbell.h"
#include "replication/runtime/file_spool.h"
#include "replication/runtime/run_threads.h"
#include "replication/runtime/snapshot_copier.h"
#include "replication/runtime/source_catalog.h"
#include "replication/setup/prepare.h"

namespace walbrook::replication {
namespace {

constexpr int most_default_workers = 4;
// How often the server is asked for its position, at which a run without `follow` ends.
constexpr milliseconds position_interval{2'000};
constexpr milliseconds position_interval_at_end{200};
constexpr milliseconds request_poll{10};  // of a request that waits for the loader

}  // namespace

class Run::Impl {
 public:
  Impl(RunOptions options, destination::Destination& destination, RunObserver& observer)
      : options_(with_patience(std::move(options), ending_.get_token())),
        destination_(destination),
        server_(options_.standby),
        types_(options_.conninfo, &server_),
        threads_(options_.batch_bytes, clock_),
        statistics_(first_status(), clock_),
        observer_(observer, statistics_),
        spool_({.folder = options_.spool_dir, .max_bytes = options_.max_spool_size}) {}

  RunSummary execute(std::stop_token stop);
  [[nodiscard]] RunStatus status() const;
  void request(TableRequest request);

 private:
  // Forwards to `next`, and shows in `status` which writers the run waits for.
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
    status.phase = Phase::starting;
    return status;
  }
  static RunOptions with_patience(RunOptions options, std::stop_token stop) {
    options.conninfo = patient_endpoint(options, std::move(stop));
    return options;
  }
  [[nodiscard]] PreparedRun prepare_when_it_answers(std::stop_token stop);
  void build(PreparedRun& prepared);
  [[nodiscard]] std::unique_ptr<postgres::ChangeReader> open_stream(const ResumePoint& start,
                                                                    const StreamLimits& limits);
  [[nodiscard]] bool altered_since(std::uint32_t xid);
  void build_catalog_poll(PreparedRun& prepared);
  void build_receiver(const PreparedRun& prepared);
  void add_output(const SyncedOutput& output, RunSummary& out) const;
  [[nodiscard]] RunSummary summary(std::chrono::duration<double> took, bool stopped) const;

  std::stop_source ending_;  // ends the taking of changes; the first member, because it also ends waits in the source
  RunOptions options_;
  destination::Destination& destination_;
  postgres::KnownServer server_;
  postgres::CatalogTypes types_;
  SystemClock clock_;
  RunThreads threads_;
  Statistics statistics_;
  WaitingObserver observer_;
  TableGroups groups_;
  FileSpool spool_;
  std::unique_ptr<TableSync> sync_;
  std::unique_ptr<SnapshotCopier> table_copier_;
  std::unique_ptr<postgres::KeptPublication> publication_;
  std::string publications_;  // of the stream
  ColumnSelectionRef selection_;
  std::unique_ptr<SourceCatalog> catalog_;
  std::unique_ptr<CatalogPoll> catalog_poll_;
  std::unique_ptr<Loader> loader_;
  mutable std::mutex receiver_mutex_;  // guards the pointer against status(); the receiver is created once
  std::unique_ptr<Receiver> receiver_;
  int protocol_ = 1;
  bool two_phase_ = false;

  std::atomic<std::uint64_t> durable_{0};
};

RunSummary Run::Impl::execute(std::stop_token stop) {
  // Requests end also if the run fails before its loader begins: no thread is left that could take one.
  struct Ended {
    RunThreads& threads;
    ~Ended() { threads.set_over(); }
  } const ended{threads_};
  const auto began = clock_.now().steady;
  const std::stop_callback forward(stop, [this] { ending_.request_stop(); });
  PreparedRun prepared;
  try {
    prepared = prepare_when_it_answers(stop);
  } catch (const Error&) {
    if (!stop.stop_requested()) throw;
    RunSummary nothing;  // it waited for open writers, and nothing had begun
    nothing.stopped = true;
    return nothing;
  }
  statistics_.waits_for("");
  statistics_.source(prepared.source);
  build(prepared);
  threads_.inbox().post(
      CatalogSeen{.complete_to = prepared.publication.complete_to, .publication = prepared.publication});
  {
    const std::stop_callback stopping(ending_.get_token(), [this] { statistics_.phase(Phase::stopping); });
    threads_.run({.receiver = *receiver_,
                  .loader = *loader_,
                  .catalog_poll = *catalog_poll_,
                  .copy = [this](std::stop_token end) { table_copier_->work(std::move(end)); },
                  .must_confirm = options_.confirm && prepared.slot_is_behind},
                 ending_);
  }
  if (!options_.follow && !stop.stop_requested()) destination_.maintain(destination::Lull::end_of_run);
  return summary(clock_.now().steady - began, stop.stop_requested());
}

// A server that goes away between two queries is waited for in the same way as one that does not answer the first. A
// preparation that failed is made again from the destination's state, so that a commit in doubt is no obstacle.
PreparedRun Run::Impl::prepare_when_it_answers(std::stop_token stop) {
  postgres::Outage outage(options_.conninfo, postgres::ConnectionUse::replication);  // the last that prepare() opens
  LoadRetry patience(options_.destination_retries);
  while (true) {
    try {
      auto prepared = prepare(options_, destination_, types_, server_, observer_, stop);
      outage.over();
      return prepared;
    } catch (const postgres::Stopped&) {
      throw;
    } catch (const destination::DestinationUnreachable& away) {
      if (!options_.follow || stop.stop_requested()) throw;
      patience.unreachable(away, clock_.now());
      Doorbell stopped;
      const std::stop_callback wake(stop, [&stopped] { stopped.ring(); });
      stopped.wait_until(patience.wait().until);
    } catch (const Error& failed) {
      // A connection was opened, but nothing of the run has succeeded yet, so an error that the server returns for a
      // query ends the run.
      if (postgres::consequence_of(failed, postgres::Asked::catalog, false) != postgres::Consequence::wait) throw;
      outage.wait_or_throw(failed, postgres::Asked::catalog);
    }
  }
}

void Run::Impl::build(PreparedRun& prepared) {
  sync_ = std::move(prepared.sync);
  durable_ = prepared.checkpoint.lsn.value;
  protocol_ = prepared.protocol;
  two_phase_ = prepared.two_phase;
  statistics_.checkpoint(prepared.checkpoint.lsn);
  groups_.set(sync_->groups(), sync_->identities());
  SnapshotCopierOptions copying{.conninfo = options_.conninfo.for_copies(),
                                .server = &server_,
                                .follow = options_.follow,
                                .snapshot_wait = options_.snapshot_wait,
                                .spool = {.folder = options_.spool_dir, .max_bytes = options_.max_spool_size}};
  copying.workers = options_.snapshot_workers > 0
                        ? options_.snapshot_workers
                        : std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, most_default_workers);
  copying.chunk_bytes = options_.snapshot_chunk;
  if (options_.format == ValueFormat::text) copying.copy.format = postgres::CopyFormat::text;
  copying.copy.batch_bytes = std::min<std::size_t>(copying.copy.batch_bytes, options_.batch_bytes);
  table_copier_ =
      std::make_unique<SnapshotCopier>(copying, clock_, destination_, types_, threads_.inbox(), observer_, statistics_);
  build_catalog_poll(prepared);
  loader_ = std::make_unique<Loader>(
      LoaderOptions{.checkpoint = prepared.checkpoint,
                    .retries = options_.destination_retries,
                    .suspended_retry = options_.follow ? options_.suspended_retry : milliseconds(0),
                    .waits_for_destination = options_.follow,
                    .until = prepared.until,
                    .follow = options_.follow || options_.until.has_value(),
                    .together = !options_.copy_again.empty(),
                    .newest_load = prepared.newest_load,
                    .server = &server_},
      clock_, destination_, spool_, *sync_, threads_.queue(), groups_, statistics_, durable_,
      [this] { threads_.wake_receiver(); });
  loader_->set_table_copier(*table_copier_);
  loader_->set_catalog(*catalog_poll_);
  build_receiver(prepared);
}

void Run::Impl::build_catalog_poll(PreparedRun& prepared) {
  publication_ = std::move(prepared.kept);
  publications_ = prepared.publications;
  selection_ = prepared.selection;
  catalog_ = std::make_unique<SourceCatalog>(SourceCatalog::Parts{.endpoint = options_.conninfo,
                                                                  .server = server_,
                                                                  .publication = *publication_,
                                                                  .selection = *selection_,
                                                                  .types = types_,
                                                                  .statistics = statistics_},
                                             options_.slot, destination_.capabilities().values);
  catalog_poll_ = std::make_unique<CatalogPoll>(
      CatalogPollOptions{
          .interval = options_.catalog_poll_interval, .follow = options_.follow, .describes = prepared.describes},
      *catalog_, prepared.publication, clock_.now(),
      [this](LoaderMessage message) { threads_.inbox().post(std::move(message)); },
      [this] { threads_.wake_catalog_poll(); });
}

void Run::Impl::build_receiver(const PreparedRun& prepared) {
  ReceiverOptions receiving;
  receiving.assembler = {.parsing = {.limits = destination_.capabilities().values},
                         .batch_bytes = options_.batch_bytes,
                         .batch_rows = options_.batch_rows,
                         .last = prepared.checkpoint.last,
                         .until = options_.until,
                         .selection = prepared.selection,
                         .protocol = protocol_,
                         .parallel_streaming = postgres::streams_in_parallel(protocol_)};
  receiving.confirm = options_.confirm;
  receiving.binary = prepared.binary;
  receiving.reconnect_timeout = options_.conninfo.options().reconnect_timeout;
  receiving.altered_since = [this](std::uint32_t xid) { return altered_since(xid); };
  receiving.shuts_down = [this] { return options_.conninfo.refuses_now(); };
  auto receiver = std::make_unique<Receiver>(
      receiving, [this](const ResumePoint& start, const StreamLimits& limits) { return open_stream(start, limits); },
      types_, groups_, threads_.queue(), durable_);
  const std::lock_guard lock(receiver_mutex_);
  receiver_ = std::move(receiver);
}

bool Run::Impl::altered_since(std::uint32_t xid) {
  auto catalog = postgres::open_checked(options_.conninfo, postgres::ConnectionUse::catalog, &server_);
  return postgres::publication_altered_since(catalog, publications_, xid);
}

std::unique_ptr<postgres::ChangeReader> Run::Impl::open_stream(const ResumePoint& start, const StreamLimits& limits) {
  return postgres::start_streaming({.conninfo = options_.conninfo,
                                    .slot = options_.slot,
                                    .publication = publications_,
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
                                    .logical_decoding_work_mem = options_.logical_decoding_work_mem,
                                    .wait_for_active = options_.slot_timeout},
                                   ending_.get_token());
}

RunStatus Run::Impl::status() const {
  auto status = statistics_.snapshot();
  // As the destination tells of them when no run does. The loader does not wait for it, as it does for a snapshot.
  std::ranges::stable_sort(status.tables, {}, [](const auto& table) { return std::tie(table.schema, table.name); });
  status.source_waits = options_.conninfo.waits();
  const std::lock_guard lock(receiver_mutex_);
  if (receiver_ == nullptr) return status;
  status.received = receiver_->received();
  status.queued_bytes = threads_.queue().bytes();
  auto oldest = threads_.queue().oldest_commit_time();
  if (oldest == 0) oldest = receiver_->oldest_commit_time();
  if (oldest != 0) {
    const auto now = clock_.now().wall.time_since_epoch();
    const auto age = std::chrono::duration_cast<std::chrono::microseconds>(now).count() - oldest;
    status.lag_ms = std::max(0.0, static_cast<double>(age) / 1000.0);
  }
  const bool copying = std::ranges::any_of(status.tables, [](const auto& table) {
    return table.state == OutputState::pending || table.state == OutputState::copying;
  });
  if (!copying) status.waits_for.clear();
  if (status.phase == Phase::streaming && copying) status.phase = Phase::copying;
  return status;
}

void Run::Impl::request(TableRequest request) {
  const auto answer = std::make_shared<TableRequest::Answer>();
  const auto what = request.what;
  request.answer = answer;
  threads_.inbox().post(std::move(request));
  while (true) {
    const bool ended = threads_.is_over();  // read first, so that an answer given before the end counts
    {
      const std::lock_guard lock(answer->mutex);
      if (answer->refused) std::rethrow_exception(answer->refused);
      if (answer->durable) return;
    }
    if (ended) {
      throw Error(ErrorKind::destination,
                  fmt::format("nothing is {}: the run ended before it took the request", done_word(what)),
                  "Try again.");
    }
    std::this_thread::sleep_for(request_poll);
  }
}

void Run::Impl::add_output(const SyncedOutput& output, RunSummary& out) const {
  const auto& record = output.record;
  if (is_suspended_by_request(record)) {
    out.suspended_by_request.push_back(record);
  } else if (record.state == OutputState::suspended || sync_->is_missed(output)) {
    out.suspended.push_back({record, output.suspended_at});
  }
  if (record.state == OutputState::pending && output.postponement) {
    out.postponed.push_back({record, output.postponement->remedy});
  }
  if (record.state == OutputState::streaming && !record.suspect.empty()) out.suspect.push_back(record);
  if (record.state == OutputState::pending || record.state == OutputState::copying) {
    out.unfinished.push_back({.record = record, .copied_rows = statistics_.copied_rows(record.id)});
  }
  if (record.state != OutputState::streaming || output.copy_number == 0) return;
  ++out.copied_tables;
  out.copied_rows += output.copied_rows;
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
    for (const auto& output : table.outputs) add_output(output, out);
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
void Run::request(Requested what, const std::vector<postgres::TableName>& tables) {
  impl_->request({.what = what, .tables = tables});
}

void Run::request_part(const postgres::TableName& table, const std::string& where) {
  impl_->request({.what = Requested::resync, .tables = {table}, .where = where});
}

}  // namespace walbrook::replication

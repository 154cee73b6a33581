#include "test/sim/simulation.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <set>

#include "base/fault.h"
#include "destination/memory/memory_destination.h"
#include "test/sim/auditor.h"
#include "test/sim/descriptions.h"
#include "test/sim/engine.h"
#include "test/sim/replica.h"
#include "test/sim/workload.h"

namespace walbrook::sim {
namespace {

const destination::DestinationOptions destination_options{.url = "memory:simulation", .pipeline = "simulated"};
constexpr int steps = 1000;
constexpr int quiet_rounds_at_most = 600;
constexpr int rounds_to_recover = 100;     // an engine may still find out what had failed before
constexpr std::size_t plenty = 1U << 30U;  // free space in the spool

// Ends the engine's process. It is not an Error, so that the engine does not catch it.
struct Crash {};

// A clock that moves only when the scheduler turns it.
class ModelClock final : public Clock {
 public:
  [[nodiscard]] Now now() const override { return now_; }
  void turn(milliseconds by) {
    now_.steady += by;
    now_.wall += by;
  }

 private:
  Now now_{.steady = SteadyTime(std::chrono::hours(1)), .wall = WallTime(std::chrono::hours(24 * 365 * 30))};
};

struct Weights {
  unsigned crash = 0;              // per mille, at each point of the destination
  unsigned destination_error = 0;  // per mille, at each point of the destination
  unsigned in_doubt = 0;           // per mille, of commits
  unsigned disconnect = 0;         // percent of steps
};

class Simulation {
  using Step = destination::memory::Step;

 public:
  explicit Simulation(const SimulationOptions& options)
      : random_(options.seed),
        traced_(options.traced),
        workload_(server_, workload_options(), Random(random_.next())),
        auditor_(server_.ledger) {
    configure();
  }

  SimulationResult run() {
    try {
      for (int step = 0; step < steps; ++step) {
        switch_trigger(step);
        guarded([this] { act(); });
      }
      come_to_rest();
      auditor_.check_end(replica(), published());
    } catch (const Violation& violation) {
      result_.violation = violation.what();
      if (!last_error_.empty()) result_.violation += fmt::format(" (the engine ended last with: {})", last_error_);
    } catch (const std::exception& failed) {
      result_.violation = fmt::format("the engine gave up: {}", failed.what());
    }
    result_.commits = commits_;
    result_.compared_tables = auditor_.compared_tables();
    result_.followed_commands = auditor_.followed_commands();
    result_.tally = tally_;
    return std::move(result_);
  }

 private:
  WorkloadOptions workload_options() {
    return {.tables = static_cast<unsigned>(random_.between(1, 4)),
            .transactions = static_cast<unsigned>(random_.between(1, 4)),
            .rows = static_cast<unsigned>(random_.between(4, 16)),
            .alters = random_.chance(60)};
  }

  void configure() {
    options_.protocol = static_cast<int>(random_.between(1, 4));
    options_.streaming = options_.protocol >= 2 && random_.chance(70);
    options_.two_phase = options_.protocol >= 3 && random_.chance(50);
    options_.batch_bytes = random_.between(300, 6000);
    options_.batch_rows = random_.between(2, 60);
    options_.queue_bytes = random_.between(500, 8000);
    server_.sends_empty = random_.chance(30);
    server_.slot = {.confirmed = server_.end, .flushed = server_.end, .two_phase = options_.two_phase};
    if (random_.chance(70)) weights_.crash = 4;
    if (random_.chance(60)) weights_.destination_error = 10;
    if (random_.chance(40)) weights_.in_doubt = 10;
    if (random_.chance(60)) weights_.disconnect = 2;
    asks_for_tables_ = random_.chance(40);
    asks_for_parts_ = random_.chance(35);
    choose_trigger();
    store_->set_hook([this](Step step) { maybe_fail(step); });
    fault::set_hook([this](std::string_view point) { maybe_crash(point); });
    network_.confirmed = [this](Lsn lsn) { auditor_.check_confirmed(lsn, checkpoint()); };
  }

  // There are event triggers all along, from some moment on, or but for a while.
  void choose_trigger() {
    if (random_.chance(50)) return;
    trigger_from_ = random_.chance(60) ? 0 : static_cast<int>(random_.below(steps / 2));
    if (random_.chance(60)) return;
    disabled_from_ = trigger_from_ + 1 + static_cast<int>(random_.below(steps / 2));
    disabled_to_ = disabled_from_ + static_cast<int>(random_.below(steps / 2));
  }
  void switch_trigger(int step) {
    if (step == trigger_from_ || step == disabled_to_) {
      enable_trigger(server_);
      note("the event triggers are enabled");
    } else if (step == disabled_from_) {
      disable_trigger(server_);
      note("the event triggers are disabled");
    }
  }

  bool happens(unsigned per_mille) { return !is_quiet_ && random_.below(1000) < per_mille; }
  void maybe_crash(std::string_view point) {
    if (!happens(weights_.crash)) return;
    if (!point.empty()) tally_.add_crash(point);
    throw Crash();
  }
  // Lets the destination fail at that point, or the engine crash.
  void maybe_fail(Step step) {
    if (step == Step::after_commit) ++commits_;
    if (step == Step::change_copy) tally_.add(Happening::copy_altered);
    maybe_crash("");
    const bool of_commit = step == Step::before_commit || step == Step::after_commit;
    if (of_commit && happens(weights_.in_doubt)) {
      tally_.add(step == Step::after_commit ? Happening::in_doubt_and_durable : Happening::in_doubt_and_lost);
      throw Error(ErrorKind::in_doubt, "the commit's answer was lost");
    }
    if (step != Step::after_commit && happens(weights_.destination_error)) {
      tally_.add(Happening::destination_failed);
      throw Error(ErrorKind::destination, "the destination is full");
    }
  }

  // Runs one step, and handles the end of an engine that does not survive it.
  template <class Work>
  void guarded(const Work& work) {
    clock_.turn(milliseconds(random_.below(400)));
    try {
      if (engine_ == nullptr) start_engine();
      work();
    } catch (const Crash&) {
      ++result_.crashes;
      note("the engine crashes");
      engine_.reset();
    } catch (const Error& failed) {
      last_error_ = failed.cause();
      check_may_end(failed);
      note("the engine ends: " + last_error_);
      engine_.reset();
    }
    if (commits_ != audited_commits_) auditor_.check(replica());
    audited_commits_ = commits_;
    if (engine_ != nullptr) {
      auditor_.check_bound("the queue", engine_->queued_bytes(), options_.queue_bytes + 2 * options_.batch_bytes);
      auditor_.check_bound("the spool", engine_->spooled_bytes(), engine_->spool_capacity());
    }
  }

  // A run may end if the destination keeps failing or a transaction does not fit in the spool.
  void check_may_end(const Error& failed) const {
    const bool is_expected = failed.kind() == ErrorKind::destination || failed.kind() == ErrorKind::in_doubt ||
                             failed.kind() == ErrorKind::data;
    if (is_expected && quiet_rounds_ < rounds_to_recover) return;
    throw Violation(fmt::format("the engine ends by itself: {}", failed.cause()));
  }

  void start_engine() {
    note("the engine starts");
    auto destination = std::make_unique<destination::memory::MemoryDestination>(destination_options);
    engine_ =
        std::make_unique<Engine>(server_, network_, std::move(destination), clock_, options_, Random(random_.next()),
                                 [this](const auto& record) { return read_target(*store_, record.target()); });
  }
  ReplicaState replica() const { return read_replica(*store_, destination_options.pipeline, commits_); }
  Lsn checkpoint() const { return read_checkpoint(*store_, destination_options.pipeline); }

  void act() {
    const auto dice = random_.below(100);
    if (random_.below(100) < weights_.disconnect) return break_something();
    if (dice < 40) return note(workload_.statement());
    if (dice < 50) {
      network_.frames += random_.chance(50) ? random_.below(5) : random_.below(60);
      network_.tells_position = random_.chance(70);
      return;
    }
    if (dice < 62) return engine_->step_receiver();
    if (dice < 82) return step_loader();
    if (dice < 90) return note(engine_->step_copies());
    if (dice < 94) return engine_->step_catalog_poll();
    if (dice < 97) return engine_->deliver(random_.between(1, 4));
    if (dice < 98) return ask_for_something();
    if (dice < 99) return be_short();
    server_.slot.flushed = server_.slot.confirmed;
  }

  void ask_for_something() {
    network_.reaches_catalog = !network_.reaches_catalog || random_.chance(70);
    auto table = server_.tables.begin();
    std::advance(table, static_cast<std::ptrdiff_t>(random_.below(server_.tables.size())));
    if (asks_for_parts_ && random_.chance(70)) return ask_for_part(table->second);
    if (!asks_for_tables_ || !random_.chance(50)) return;
    using enum replication::Requested;
    const auto dice = random_.below(100);
    const auto what = dice < 50 ? resync : dice < 75 ? suspend : resume;
    tally_.add(what == resync    ? Happening::resync_requested
               : what == suspend ? Happening::suspend_requested
                                 : Happening::resume_requested);
    auditor_.requested(table->first);
    engine_->request(what, table->second.shape->name);
    note(fmt::format("{} {}", replication::to_string(what), table->second.shape->name));
  }

  // Requests the rows with keys below a bound, some of which may just have been damaged.
  void ask_for_part(const ModelTable& table) {
    const auto& shape = *table.committed_row.shape;
    const auto key = std::ranges::find(shape.columns, true, &ModelColumn::in_primary_key);
    if (key == shape.columns.end()) return;
    const auto bound = static_cast<int>(random_.between(2, 18));
    auto& damaged_below = damaged_below_[shape.oid];
    if (!auditor_.is_damaged(shape.oid)) damaged_below = 0;
    if (random_.chance(60)) damage(shape.oid, key->name, bound);
    const auto where = fmt::format("{} < {}", key->name, std::max(bound, damaged_below));
    tally_.add(Happening::part_requested);
    engine_->request(replication::Requested::resync, shape.name, where);
    note(fmt::format("resync {} --where '{}'", shape.name, where));
  }

  // While an earlier part is under way, it would not be known which of them replaces the rows.
  void damage(Oid oid, const std::string& key, int bound) {
    const auto state = replica();
    const auto table = std::ranges::find(state.tables, oid, &ReplicaTable::oid);
    if (table == state.tables.end() || !table->is_streaming || table->is_leaving || !table->part.empty() ||
        auditor_.is_damaged(oid) || !engine_->has_delivered_all()) {
      return;
    }
    if (!damage_row(*store_, {.schema = table->target_schema, .table = table->target_name}, key, bound)) return;
    damaged_below_[oid] = bound;
    auditor_.damaged(*table);
    tally_.add(Happening::rows_damaged);
    note(fmt::format("a row of table {} is damaged", oid));
  }

  // Takes away a resource that the engine can do without for a while.
  void be_short() {
    if (random_.chance(30)) return note(engine_->run_short_of_slots());
    const auto bytes = random_.below(2000);
    engine_->limit_spool(random_.chance(50) ? bytes : plenty);
  }

  void step_loader() {
    const auto before = checkpoint();
    engine_->step_loader();
    if (traced_ && checkpoint() != before) note("checkpoint " + checkpoint().to_string());
  }

  void break_something() {
    ++network_.broken;
    tally_.add(Happening::disconnected);
    switch (random_.below(4)) {
      case 0:
        tally_.add(Happening::server_crashed);
        server_.slot.confirmed = server_.slot.flushed;
        return note("the server crashes and starts again");
      case 1:
        tally_.add(Happening::crashed_between_steps);
        throw Crash();
      default:
        return note("the connection breaks");
    }
  }

  // Stops all failures, lets the clients finish, and lets the engine catch up.
  void come_to_rest() {
    is_quiet_ = true;
    note("everything is repaired");
    for (auto ended = workload_.end_one(); !ended.empty(); ended = workload_.end_one()) note(ended);
    network_.reaches_catalog = true;
    int caught_up = 0;  // rounds in succession: what the engine decides is stored by the round after it
    for (quiet_rounds_ = 0; quiet_rounds_ < quiet_rounds_at_most; ++quiet_rounds_) {
      network_.frames += 100;
      network_.tells_position = true;
      guarded([this] { engine_->step_receiver(); });
      guarded([this] { step_loader(); });
      guarded([this] { note(engine_->step_copies()); });
      guarded([this] { resume_all(); });
      guarded([this] {
        engine_->step_catalog_poll();
        engine_->deliver(1000);
        engine_->limit_spool(plenty);
        clock_.turn(milliseconds(5'000));
      });
      caught_up = is_caught_up() ? caught_up + 1 : 0;
      if (quiet_rounds_ > 20 && caught_up > 2) return;
    }
  }

  void resume_all() {
    for (const auto& table : replica().tables) {
      if (table.is_suspended) engine_->request(replication::Requested::resume, table.name);
      const bool stays_damaged = auditor_.is_damaged(table.oid) && table.is_streaming && table.part.empty();
      if (stays_damaged && !table.is_leaving) engine_->request(replication::Requested::resync, table.name);
    }
  }

  bool is_caught_up() const {
    const auto replica = this->replica();
    if (replica.checkpoint < server_.end) return false;
    const auto tables = published();
    std::size_t streaming = 0;
    for (const auto& table : replica.tables) streaming += is_settled(table) && tables.contains(table.oid) ? 1U : 0U;
    return streaming == tables.size();
  }

  bool is_settled(const ReplicaTable& table) const {
    return table.is_streaming && table.part.empty() && !auditor_.is_damaged(table.oid);
  }

  std::set<std::uint32_t> published() const {
    std::set<std::uint32_t> oids;
    for (const auto& [oid, table] : server_.tables) {
      if (table.published != 0) oids.insert(oid);
    }
    return oids;
  }

  void note(const std::string& line) {
    if (!traced_ || line.empty()) return;
    spdlog::info("{}", line);  // among the engine's log lines
    result_.trace.push_back(line);
  }

  Random random_;
  bool traced_;
  SimulationResult result_;
  Tally tally_;
  Server server_{.tally = &tally_};
  Workload workload_;
  Network network_;
  std::shared_ptr<destination::memory::MemoryStore> store_ =
      destination::memory::MemoryStore::named(destination_options.url);
  std::uint64_t commits_ = 0;  // durable ones
  Auditor auditor_;
  EngineOptions options_;
  Weights weights_;
  bool asks_for_tables_ = false;
  bool asks_for_parts_ = false;
  std::map<Oid, int> damaged_below_;  // by table: the bound of the keys of its damaged rows
  int trigger_from_ = -1;             // the step; -1: never
  int disabled_from_ = -1;            //
  int disabled_to_ = -1;
  std::unique_ptr<Engine> engine_;
  ModelClock clock_;
  std::uint64_t audited_commits_ = 0;
  bool is_quiet_ = false;
  int quiet_rounds_ = 0;
  std::string last_error_;  // the error that ended an engine
};

}  // namespace

SimulationResult simulate(const SimulationOptions& options) {
  planted::active = options.fault;
  auto result = Simulation(options).run();
  planted::active = planted::Fault::none;
  fault::set_hook(nullptr);
  return result;
}

}  // namespace walbrook::sim

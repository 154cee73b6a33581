#include "test/sim/engine.h"

#include <algorithm>
#include <utility>

#include "replication/core/table_renames.h"
#include "test/sim/catalog_view.h"

namespace walbrook::sim {

std::string ModelCatalog::read_snapshot() {
  return sim::read_snapshot(server_);
}

void CountedSpool::put(const replication::SpoolKey& key, Lsn first_commit, std::string_view bytes) {
  try {
    MemorySpool::put(key, first_commit, bytes);
  } catch (const replication::SpoolFull&) {
    const bool of_output = key.kind == replication::SpoolKey::Kind::output;
    tally_.add(of_output ? Happening::spool_full_for_output : Happening::spool_full_for_transaction);
    throw;
  }
}

void ModelCatalog::require_server() const {
  if (network_.reaches_catalog) return;
  server_.tally->add(Happening::catalog_unreachable);
  throw Error(ErrorKind::connection, "the source does not answer");
}

postgres::Publication ModelCatalog::read_publication() {
  require_server();
  return sim::read_publication(server_);
}

postgres::CatalogMoment ModelCatalog::read_moment() {
  require_server();
  return sim::read_publication(server_).moment;
}

void ModelCatalog::describe(std::vector<postgres::SourceTable>& tables,
                            const std::function<bool(const postgres::SourceTable&)>& is_asked) {
  for (auto& table : tables) {
    if (is_asked(table)) table.described = copied_schema(*server_.tables.at(table.oid).committed_row.shape, limits_);
  }
}

Engine::Engine(Server& server, Network& network, std::unique_ptr<destination::Destination> destination,
               const Clock& clock, const EngineOptions& options, Random random, PartCopies::ReadTarget read_target)
    : server_(server),
      network_(network),
      clock_(clock),
      options_(options),
      random_(random),
      destination_(std::move(destination)),
      catalog_(server, network, destination_->capabilities().values),
      spool_(*server.tally),
      start_(prepare()),
      queue_(
          options.queue_bytes, [] {}, [] {}),
      statistics_({}, clock),
      durable_(start_.checkpoint.lsn.value),
      parts_(server, *destination_, std::move(read_target),
             [this](replication::LoaderMessage message) { tell(std::move(message)); }),
      copies_(server, *destination_, parts_, [this](replication::LoaderMessage message) { tell(std::move(message)); }),
      catalog_poll_(
          {.follow = true}, catalog_, start_.publication, clock.now(),
          [this](replication::LoaderMessage message) { tell(std::move(message)); }, [] {}),
      loader_(loader_options(), clock, *destination_, spool_, *start_.sync, queue_, groups_, statistics_, durable_,
              [] {}),
      receiver_(
          receiver_options(),
          [this](const replication::ResumePoint& start, const replication::StreamLimits& limits) {
            return connect(start, limits);
          },
          types_, groups_, queue_, durable_) {
  groups_.set(start_.sync->groups(), start_.sync->identities());
  loader_.set_table_copier(copies_);
  loader_.set_catalog(catalog_poll_);
  loader_.post(
      replication::CatalogSeen{.complete_to = start_.publication.complete_to, .publication = start_.publication});
}

// Does what replication/setup/prepare.h does, for a source and a slot that exist.
Engine::Start Engine::prepare() {
  Start start;
  auto state = destination_->open();
  start.newest_load = state.newest_load;
  start.publication = sim::read_publication(server_);
  const auto slot = server_.slot.confirmed;
  start.checkpoint = state.checkpoint.value_or(destination::Checkpoint{.slot = "simulated",
                                                                       .systemid = "1",
                                                                       .timeline = 1,
                                                                       .lsn = slot,
                                                                       .publication = "simulated",
                                                                       .last = {.commit_lsn = slot}});
  start.sync = std::make_unique<replication::TableSync>(
      replication::TableSyncOptions{.moves = destination_->capabilities().moves}, destination_->capabilities().names,
      std::move(state));
  auto changed = start.sync->publication_seen(start.publication, start.checkpoint.lsn);
  replication::store_renames(*destination_, *start.sync, changed);
  changed.add(start.sync->compare_targets(*destination_));
  const auto load = destination_->begin({});
  changed.put(*load);
  load->put(destination::PutCheckpoint{start.checkpoint});
  load->commit();
  return start;
}

replication::LoaderOptions Engine::loader_options() const {
  return {.checkpoint = start_.checkpoint,
          .suspended_retry = std::chrono::minutes(1),
          .follow = true,
          .newest_load = start_.newest_load};
}

replication::ReceiverOptions Engine::receiver_options() const {
  replication::ReceiverOptions options;
  options.assembler = {.parsing = {.limits = destination_->capabilities().values},
                       .batch_bytes = options_.batch_bytes,
                       .batch_rows = options_.batch_rows,
                       .last = start_.checkpoint.last,
                       .protocol = options_.protocol,
                       .parallel_streaming = postgres::streams_in_parallel(options_.protocol)};
  options.reconnect_timeout = std::nullopt;
  return options;
}

std::unique_ptr<postgres::ChangeReader> Engine::connect(const replication::ResumePoint& start,
                                                        const replication::StreamLimits& limits) {
  const auto asked = start.compare_from.is_set() ? std::min(start.compare_from, start.checkpoint) : start.checkpoint;
  // A source that keeps its own position begins there, whatever is requested (ChangeReader::begins_at).
  const bool begins_at_slot = random_.chance(20);
  const DecodingOptions options{
      .begins_at = begins_at_slot ? server_.slot.confirmed : std::max(asked, server_.slot.confirmed),
      .protocol = options_.protocol,
      .streaming = options_.streaming && !limits.whole,
      .two_phase = options_.two_phase};
  return open_connection(server_, network_, options, Random(random_.next()));
}

void Engine::step_receiver() {
  static_cast<void>(receiver_.step(clock_.now()));
}

void Engine::step_loader() {
  static_cast<void>(loader_.step(clock_.now()));
}

void Engine::step_catalog_poll() {
  static_cast<void>(catalog_poll_.step(clock_.now()));
}

std::string Engine::step_copies() {
  auto done = copies_.step(clock_.now());
  return done.empty() ? parts_.step() : done;
}

std::string Engine::run_short_of_slots() {
  auto failed = copies_.run_short(clock_.now());
  return failed.empty() ? parts_.run_short() : failed;
}

void Engine::request(replication::Requested what, const std::string& table, const std::string& where) {
  tell(replication::TableRequest{.what = what,
                                 .tables = {{.schema = "public", .name = table, .columns = {}}},
                                 .where = where,
                                 .answer = std::make_shared<replication::TableRequest::Answer>()});
}

void Engine::deliver(std::size_t messages) {
  for (; messages > 0 && !on_their_way_.empty(); --messages) {
    loader_.post(std::move(on_their_way_.front()));
    on_their_way_.pop_front();
  }
}

}  // namespace walbrook::sim

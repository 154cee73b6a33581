// One life of the engine: what a run keeps in memory, over a destination that was opened for it. A crash destroys this
// object without any further step.
//
// Receiver, assembler, queue, loader, table sync, catalog poll and copy plan are the real ones. In place of their
// threads, each has a step here that the scheduler calls. Messages of the catalog poll and of copies reach the loader
// after a delay, in order.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>

#include "destination/destination.h"
#include "replication/core/catalog_poll.h"
#include "replication/core/loader.h"
#include "replication/core/receiver.h"
#include "replication/runtime/batch_queue.h"
#include "test/sim/network.h"
#include "test/sim/table_copies.h"
#include "test/support/memory_spool.h"

namespace walbrook::sim {

struct EngineOptions {
  int protocol = 1;
  bool streaming = false;
  bool two_phase = false;
  std::size_t batch_bytes = 4096;
  std::size_t batch_rows = 1000;
  std::size_t queue_bytes = 8192;
};

// The source's catalog, as a poll reads it.
class ModelCatalog final : public replication::CatalogSource {
 public:
  ModelCatalog(const Server& server, const Network& network, const ValueLimits& limits)
      : server_(server), network_(network), limits_(limits) {}
  [[nodiscard]] std::string read_snapshot() override;
  [[nodiscard]] postgres::Publication read_publication() override;
  [[nodiscard]] postgres::CatalogMoment read_moment() override;
  void describe(std::vector<postgres::SourceTable>& tables,
                const std::function<bool(const postgres::SourceTable&)>& is_asked) override;
  [[nodiscard]] bool commits_wait() override { return false; }
  void forget_types() override {}
  void disconnect() override {}

 private:
  void require_server() const;

  const Server& server_;
  const Network& network_;
  ValueLimits limits_;
};

class CountedSpool final : public test::MemorySpool {
 public:
  explicit CountedSpool(Tally& tally) : tally_(tally) {}
  void put(const replication::SpoolKey& key, Lsn first_commit, std::string_view bytes) override;

 private:
  Tally& tally_;
};

class Engine {
 public:
  // Prepares the run: reads the state, compares it with the catalog, and stores where the run starts. Borrows server,
  // network and clock for its lifetime.
  Engine(Server& server, Network& network, std::unique_ptr<destination::Destination> destination, const Clock& clock,
         const EngineOptions& options, Random random, PartCopies::ReadTarget read_target);

  void step_receiver();
  void step_loader();
  void step_catalog_poll();
  std::string step_copies();
  std::string run_short_of_slots();
  // Makes a user's request for that table of schema public. `where`: of resync, the part to be copied again.
  void request(replication::Requested what, const std::string& table, const std::string& where = {});
  // No message is on its way to the loader.
  [[nodiscard]] bool has_delivered_all() const { return on_their_way_.empty(); }
  // Limits the spool to that many bytes more than it holds now.
  void limit_spool(std::size_t bytes) { spool_.set_capacity(spool_.bytes() + bytes); }
  // Delivers some of the messages that were sent to the loader.
  void deliver(std::size_t messages);

  [[nodiscard]] std::size_t queued_bytes() const { return queue_.bytes(); }
  [[nodiscard]] std::size_t spooled_bytes() const { return spool_.bytes(); }
  [[nodiscard]] std::size_t spool_capacity() const { return spool_.capacity(); }

 private:
  // The inputs of the steps below, constructed before them.
  struct Start {
    destination::Checkpoint checkpoint;
    postgres::Publication publication;
    std::int64_t newest_load = 0;
    std::unique_ptr<replication::TableSync> sync;
  };
  [[nodiscard]] Start prepare();
  [[nodiscard]] replication::LoaderOptions loader_options() const;
  [[nodiscard]] replication::ReceiverOptions receiver_options() const;
  [[nodiscard]] std::unique_ptr<postgres::ChangeReader> connect(const replication::ResumePoint& start,
                                                                const replication::StreamLimits& limits);
  void tell(replication::LoaderMessage message) { on_their_way_.push_back(std::move(message)); }

  Server& server_;
  Network& network_;
  const Clock& clock_;
  EngineOptions options_;
  Random random_;
  BuiltInTypes types_;
  std::unique_ptr<destination::Destination> destination_;
  ModelCatalog catalog_;
  std::deque<replication::LoaderMessage> on_their_way_;
  CountedSpool spool_;
  Start start_;
  replication::TableGroups groups_;
  replication::BatchQueue queue_;
  replication::Statistics statistics_;
  std::atomic<std::uint64_t> durable_{0};
  PartCopies parts_;
  TableCopies copies_;
  replication::CatalogPoll catalog_poll_;
  replication::Loader loader_;
  replication::Receiver receiver_;
};

}  // namespace walbrook::sim

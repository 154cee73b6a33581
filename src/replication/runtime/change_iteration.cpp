#include "replication/runtime/change_iteration.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "base/publication_list.h"
#include "model/same_table.h"
#include "postgres/catalog/catalog_types.h"
#include "postgres/catalog/table_name.h"
#include "postgres/slot/slot_error.h"
#include "postgres/stream/walsender_stream.h"
#include "replication/runtime/batch_queue.h"
#include "replication/runtime/receiver_loop.h"
#include "replication/setup/prepare.h"

namespace walbrook::replication {
namespace {

constexpr milliseconds ask_interval{200};  // how often the server is asked whether the end has been reached

}  // namespace

class ChangeIteration::Impl {
 public:
  explicit Impl(IterationOptions options);
  ~Impl();
  [[nodiscard]] std::optional<HandedOut> next();

 private:
  struct Table {
    std::string schema, name;
  };
  // What is still to be handed out: rows of a batch, or a TRUNCATE.
  struct Slice {
    std::string schema, name;
    std::shared_ptr<const RowBatch> batch;  // nullptr: a TRUNCATE of `truncated`
    std::size_t begin = 0, end = 0;
    TableSchemaRef truncated;
    std::uint32_t transaction = 0;
  };
  void read_source();
  [[nodiscard]] std::unique_ptr<postgres::ChangeReader> open_stream(const ResumePoint& start,
                                                                    const StreamLimits& limits);
  void read();
  [[nodiscard]] Table table_of(const TableSchema& relation) const;
  [[nodiscard]] bool is_wanted(const Table& table) const;
  void take_batch(Batch&& batch);
  void check_errors(const CommitBatch& batch) const;
  void cut_slices(std::vector<Operation>& operations);
  [[nodiscard]] HandedOut hand_out();
  void advance(Lsn durable) { durable_ = std::max(durable_.load(), durable.value); }
  void finish_batch();
  [[nodiscard]] std::optional<HandedOut> ask();
  void end();

  static IterationOptions stopped_by(const std::stop_source& ending, IterationOptions options) {
    options.conninfo = postgres::Endpoint(options.conninfo.conninfo(), {.stop = ending.get_token()});
    return options;
  }

  std::stop_source ending_;  // ends the handing out; the first member, because it also ends waits in the source
  IterationOptions options_;
  postgres::KnownServer server_;
  postgres::CatalogTypes types_;
  SystemClock clock_;
  Doorbell asker_bell_;
  BatchQueue queue_;
  TableGroups groups_;
  std::map<Oid, Table> tables_;  // by the OID of every relation that the publication names for them
  std::atomic<std::uint64_t> durable_{0};
  Lsn until_;
  std::unique_ptr<Receiver> receiver_;
  std::unique_ptr<ReceiverLoop> reading_loop_;
  std::atomic<bool> handed_out_{false};
  std::exception_ptr failure_;  // written before the queue is closed
  std::atomic<bool> failed_{false};

  // The batch in hand, used by the asking thread only.
  std::deque<Slice> slices_;
  std::vector<Transaction> transactions_;
  Lsn complete_;
  bool in_hand_ = false;
  bool in_parts_ = false;  // a part of a transaction was handed out, but not its end
  bool done_ = false;
  std::jthread reading_;
};

ChangeIteration::Impl::Impl(IterationOptions options)
    : options_(stopped_by(ending_, std::move(options))),
      server_(options_.standby),
      types_(options_.conninfo, &server_),
      queue_(
          options_.batch_bytes, [this] { asker_bell_.ring(); }, [this] { reading_loop_->wake(); }) {
  read_source();
  reading_ = std::jthread([this] { read(); });
}

ChangeIteration::Impl::~Impl() {
  end();
}

void ChangeIteration::Impl::read_source() {
  auto catalog = postgres::Connection::open(options_.conninfo, postgres::ConnectionUse::catalog);
  const auto server = postgres::identify_by_query(catalog);
  if (server.standby && !options_.standby) {
    throw Error(
        ErrorKind::source_not_ready,
        fmt::format("{} is a standby, and walbrook reads from primaries only", catalog.where()),
        remedy("Give the primary's host, or promote this server; {} reads from the standby.", RemedyOption::standby),
        {.server = catalog.where()});
  }
  server_.set(server);
  until_ = end_of_committed(catalog);
  const auto slot = postgres::read_slot(catalog, options_.slot);
  auto publication = postgres::read_publication(catalog, options_.publication);
  if (!slot || !publication) {
    const auto missing = postgres::missing_publications(catalog, parse_publications(options_.publication));
    throw Error(ErrorKind::source_not_ready,
                slot ? fmt::format("{} does not exist", named_publications(missing))
                     : fmt::format("slot {} does not exist", options_.slot),
                "init_replication creates publication and slot.");
  }
  if (const auto error = postgres::slot_error(slot, options_.slot, catalog.database(), {})) throw *error;
  // Such a slot sends prepared transactions whether two_phase is requested or not (tried on 15), and never again once
  // they were confirmed.
  if (slot->two_phase) {
    throw Error(ErrorKind::source_not_ready,
                fmt::format("slot {} sends prepared transactions before it is known whether they commit: only a "
                            "pipeline can hold them",
                            options_.slot),
                "Iterate a slot that init_replication created.");
  }
  const auto selection = std::make_shared<const ColumnSelection>(options_.include_columns, options_.overrides);
  for (const auto& table : publication->tables) selection->require_fit(*publication, table);
  selection->restrict_tables(*publication);
  std::unordered_map<Oid, Oid> groups;
  RowIdentities identities;
  for (const auto& table : publication->tables) {
    tables_[table.oid] = {table.schema, table.name};
    identities[table.oid] = table.row_identity.rows;
    if (!table.row_identity.unclear.empty()) {
      spdlog::warn("table {}: an UPDATE or DELETE in the stream does not identify its row, because {}\n  {}",
                   table.full_name(), table.row_identity.unclear, table.row_identity.remedy);
    }
    for (const auto member : table.members) {
      tables_[member] = {table.schema, table.name};
      groups[member] = table.oid;
    }
  }
  groups_.set(std::move(groups), std::move(identities));
  durable_ = slot->confirmed_flush_lsn.value;
  const ReceiverOptions receiving{.assembler = {.parsing = {.limits = options_.limits},
                                                .batch_bytes = options_.batch_bytes,
                                                .until = until_,
                                                .selection = selection},
                                  .confirm = options_.confirm};
  receiver_ = std::make_unique<Receiver>(
      receiving, [this](const ResumePoint& start, const StreamLimits& limits) { return open_stream(start, limits); },
      types_, groups_, queue_, durable_);
  reading_loop_ = std::make_unique<ReceiverLoop>(*receiver_, clock_);
}

std::unique_ptr<postgres::ChangeReader> ChangeIteration::Impl::open_stream(const ResumePoint& start,
                                                                           const StreamLimits& limits) {
  return postgres::start_streaming({.conninfo = options_.conninfo,
                                    .slot = options_.slot,
                                    .publication = options_.publication,
                                    .start = start.checkpoint,
                                    .compare_from = start.compare_from,
                                    .server = &server_,
                                    .streaming = false,
                                    .origin = {},
                                    .binary = limits.binary,
                                    .position_interval = ask_interval,
                                    .as_stored = limits.as_stored},
                                   ending_.get_token());
}

void ChangeIteration::Impl::read() {
  const std::stop_callback wake(ending_.get_token(), [this] { reading_loop_->wake(); });
  try {
    reading_loop_->read(ending_.get_token(), [] {});
  } catch (...) {
    failure_ = std::current_exception();
    failed_ = true;
  }
  queue_.close();
  if (failed_) return;
  // Keepalives are answered until the asking thread has come to the end.
  reading_loop_->answer_until([this] { return handed_out_ || ending_.stop_requested(); });
  receiver_->confirm();
}

std::optional<HandedOut> ChangeIteration::Impl::next() {
  const std::stop_callback stopped(options_.stop, [this] {
    ending_.request_stop();
    asker_bell_.ring();
  });
  try {
    if (auto changes = ask()) return changes;
  } catch (...) {
    // The iteration ends for good: continuing would confirm what was not handed out.
    end();
    failure_ = std::current_exception();
    failed_ = true;
  }
  end();
  if (failed_) std::rethrow_exception(failure_);
  return std::nullopt;
}

std::optional<HandedOut> ChangeIteration::Impl::ask() {
  while (!done_ && !ending_.stop_requested()) {
    if (!slices_.empty()) return hand_out();
    if (in_hand_) finish_batch();
    auto taken = queue_.take();
    if (taken.batch) {
      take_batch(*std::move(taken.batch));
    } else if (taken.closed) {
      if (!failed_ && !ending_.stop_requested()) advance(until_);
      done_ = true;
    } else {
      if (taken.idle_position.is_set()) advance(taken.idle_position);
      asker_bell_.wait_until(SteadyTime::max());
    }
  }
  return std::nullopt;
}

ChangeIteration::Impl::Table ChangeIteration::Impl::table_of(const TableSchema& relation) const {
  const auto found = tables_.find(relation.oid);
  // The table joined the publication after the iteration began, or has left it since these changes.
  return found != tables_.end() ? found->second : Table{relation.schema, relation.name};
}

bool ChangeIteration::Impl::is_wanted(const Table& table) const {
  return options_.tables.empty() || std::ranges::any_of(options_.tables, same_table_as(table));
}

void ChangeIteration::Impl::take_batch(Batch&& batch) {
  in_hand_ = true;
  complete_ = {};
  if (auto* commits = std::get_if<CommitBatch>(&batch)) {
    check_errors(*commits);
    complete_ = commits->checkpoint;
    in_parts_ = false;
    cut_slices(commits->operations);
    transactions_ = std::move(commits->transactions);
  } else if (auto* part = std::get_if<TransactionPart>(&batch)) {
    in_parts_ = true;
    cut_slices(part->operations);
    transactions_ = std::move(part->transactions);
  } else if (!std::holds_alternative<StreamRestart>(batch)) {
    throw Error(ErrorKind::protocol, "a prepared or streamed transaction came from a slot that sends none");
  } else if (in_parts_) {
    // The transaction would start over: its rows would come twice within one iteration.
    throw Error(ErrorKind::connection,
                "the connection broke within a large transaction, of which batches were already handed out",
                "Iterate again: it begins with that transaction.");
  }
}

// A pipeline could suspend the table and copy it again; a reader of changes alone must know before anything is
// confirmed.
void ChangeIteration::Impl::check_errors(const CommitBatch& batch) const {
  for (const auto& error : batch.errors) {
    if (error.label || error.is_read) continue;  // the rows are as they were sent
    const auto table = table_of(*error.described);
    if (!is_wanted(table)) continue;
    const auto name = table.schema + "." + table.name;
    throw Error(ErrorKind::data, fmt::format("changes of table {} cannot be read: {}", name, error.reason),
                "To leave the table out, set table_names. Nothing of this transaction or of later ones was confirmed.",
                {.slot = options_.slot, .table = name});
  }
}

void ChangeIteration::Impl::cut_slices(std::vector<Operation>& operations) {
  for (auto& operation : operations) {
    if (auto* rows = std::get_if<RowBatch>(&operation)) {
      const auto table = table_of(*rows->schema);
      if (!is_wanted(table)) continue;
      const auto batch = std::make_shared<const RowBatch>(std::move(*rows));
      for (std::size_t begin = 0; begin < batch->rows();) {
        const auto end = end_of_rows(*batch, begin, options_.slice_rows);
        slices_.push_back({.schema = table.schema,
                           .name = table.name,
                           .batch = batch,
                           .begin = begin,
                           .end = end,
                           .truncated = nullptr});
        begin = end;
      }
    } else if (const auto* truncate = std::get_if<walbrook::Truncate>(&operation)) {
      for (const auto& schema : truncate->tables) {
        const auto table = table_of(*schema);
        if (!is_wanted(table)) continue;
        slices_.push_back({.schema = table.schema,
                           .name = table.name,
                           .batch = nullptr,
                           .truncated = schema,
                           .transaction = truncate->transaction});
      }
    }  // MergeParts: its parts were handed out when they came. AlteredTable: rows that follow have its columns
  }
}

HandedOut ChangeIteration::Impl::hand_out() {
  Slice slice = std::move(slices_.front());
  slices_.pop_front();
  auto rows = slice.batch == nullptr ? ChangeRows(slice.truncated, transactions_[slice.transaction])
                                     : ChangeRows(std::move(slice.batch), slice.begin, slice.end, transactions_);
  return {.schema = std::move(slice.schema),
          .name = std::move(slice.name),
          .rows = std::move(rows),
          .complete = slices_.empty() ? complete_ : Lsn{}};
}

void ChangeIteration::Impl::finish_batch() {
  if (complete_.is_set()) advance(complete_);
  in_hand_ = false;
  queue_.finish_batch();
  reading_loop_->wake();
}

// The reading thread confirms what is durable and releases the slot.
void ChangeIteration::Impl::end() {
  if (!reading_.joinable()) return;
  if (done_) handed_out_ = true;
  if (!done_) ending_.request_stop();
  reading_loop_->wake();
  done_ = true;
  reading_.join();
  receiver_.reset();
}

ChangeIteration::ChangeIteration(IterationOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
ChangeIteration::~ChangeIteration() = default;

std::optional<HandedOut> ChangeIteration::next() {
  return impl_->next();
}

}  // namespace walbrook::replication

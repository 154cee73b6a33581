#include "walbrook/change_batches.h"

#include <fmt/format.h>

#include <utility>

#include "api/published_tables.h"
#include "api/resources.h"
#include "api/source_access.h"
#include "replication/runtime/change_iteration.h"
#include "walbrook/replication_resource.h"

namespace walbrook {

struct ChangeBatch::Rows {
  explicit Rows(replication::HandedOut of)
      : changes(std::move(of)), complete_lsn(changes.complete.is_set() ? changes.complete.to_string() : std::string()) {
    const auto& schema = changes.rows.schema();
    if (!schema.has_key()) return;
    for (const auto column : schema.key_columns()) key_columns.push_back(schema.columns[column].shown_name());
  }

  replication::HandedOut changes;
  std::string complete_lsn;
  std::vector<std::string> key_columns;
};

ChangeBatch::ChangeBatch(std::shared_ptr<const Rows> rows) : rows_(std::move(rows)) {}
ChangeBatch::~ChangeBatch() = default;
ChangeBatch::ChangeBatch(const ChangeBatch&) = default;
ChangeBatch& ChangeBatch::operator=(const ChangeBatch&) = default;
ChangeBatch::ChangeBatch(ChangeBatch&&) noexcept = default;
ChangeBatch& ChangeBatch::operator=(ChangeBatch&&) noexcept = default;

const std::string& ChangeBatch::schema_name() const {
  return rows_->changes.schema;
}
const std::string& ChangeBatch::table_name() const {
  return rows_->changes.name;
}
std::size_t ChangeBatch::rows() const {
  return rows_->changes.rows.rows();
}
const std::vector<std::string>& ChangeBatch::key_columns() const {
  return rows_->key_columns;
}
const std::string& ChangeBatch::complete_lsn() const {
  return rows_->complete_lsn;
}

void ChangeBatch::export_to(ArrowArrayStream* stream) const {
  api::with_facts({.table = api::dotted(schema_name(), table_name())}, [&] {
    const auto& rows = rows_->changes.rows;
    export_stream(rows.fields(), rows.array(), stream);
  });
}

void ChangeBatch::export_to(ArrowSchema* schema, ArrowArray* array) const {
  api::with_facts({.table = api::dotted(schema_name(), table_name())}, [&] {
    const auto& rows = rows_->changes.rows;
    auto exported = rows.array();
    export_schema(rows.fields()).move_to(schema);
    exported.move_to(array);
  });
}

class ChangeBatches::Reader {
 public:
  Reader(const ReplicationResource::Parts& parts, std::stop_token stop)
      : facts_{.slot = parts.slot, .publication = parts.publication}, iteration_(checked(parts, std::move(stop))) {}

  [[nodiscard]] std::optional<ChangeBatch> next() {
    return api::with_facts(facts_, [this]() -> std::optional<ChangeBatch> {
      auto changes = iteration_.next();
      if (!changes) return std::nullopt;
      return ChangeBatch(std::make_shared<const ChangeBatch::Rows>(*std::move(changes)));
    });
  }

 private:
  static replication::IterationOptions checked(const ReplicationResource::Parts& parts, std::stop_token stop) {
    if (parts.target_batch_size == 0) {
      throw Error(ErrorKind::configuration, "target_batch_size: a batch of no rows", "Give at least 1.",
                  {.setting = "target_batch_size"});
    }
    // The types are those of a target table, which the destination decides; nothing is opened.
    const auto destination = destination::open_destination({.url = "duckdb:///none.duckdb", .pipeline = parts.name});
    api::PublishedTables published(parts.conninfo, parts.slot, parts.publication, parts.keyless);
    replication::IterationOptions options{.conninfo = parts.conninfo,
                                          .slot = parts.slot,
                                          .publication = published.list(),
                                          .tables = published.named(parts.tables, "table_names"),
                                          .include_columns = published.named(parts.include_columns, "include_columns"),
                                          .limits = destination->capabilities().values,
                                          .slice_rows = parts.target_batch_size,
                                          .confirm = parts.flush_slot,
                                          .standby = parts.standby,
                                          .stop = std::move(stop)};
    published.check(options.include_columns, *destination);
    options.overrides = published.resolve(api::parse_overrides(parts.columns), *destination);
    return options;
  }

  ErrorFacts facts_;
  replication::ChangeIteration iteration_;
};

ChangeBatches::ChangeBatches(std::unique_ptr<Reader> reader) : reader_(std::move(reader)) {}
ChangeBatches::~ChangeBatches() = default;
ChangeBatches::ChangeBatches(ChangeBatches&&) noexcept = default;
ChangeBatches& ChangeBatches::operator=(ChangeBatches&&) noexcept = default;

std::optional<ChangeBatch> ChangeBatches::next() {
  return reader_->next();
}

ChangeBatches ReplicationResource::batches(std::stop_token stop) const {
  return api::with_facts({.slot = parts_->slot, .publication = parts_->publication}, [&] {
    return ChangeBatches(std::make_unique<ChangeBatches::Reader>(*parts_, std::move(stop)));
  });
}

}  // namespace walbrook

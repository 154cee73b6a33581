#include "replication/runtime/part_copy.h"

#include <spdlog/spdlog.h>

#include <array>
#include <utility>

#include "base/fault.h"
#include "model/part_codec.h"
#include "postgres/connection/failure_consequence.h"
#include "postgres/connection/shortage.h"
#include "replication/runtime/file_spool.h"
#include "replication/runtime/target_keys.h"

namespace walbrook::replication {
namespace {

class PartCopy {
 public:
  PartCopy(const PartSurroundings& around, const PartOrder& order)
      : around_(around), order_(order), rows_(std::make_unique<FileSpool>(around.options.spool)) {
    result_.output = order.record.id;
    result_.number = order.number;
  }

  PartResult copy(const postgres::SlotWait& wait, const std::stop_token& stop) {
    postgres::SnapshotSource snapshot(around_.options.conninfo, wait, stop, around_.options.server);
    postgres::SnapshotReader reader(around_.options.conninfo, snapshot.name(), around_.options.server);
    snapshot.drop_slot();
    result_.consistent_point = snapshot.consistent_point();
    const auto& values = around_.destination.capabilities().values;
    if (reader.prepare(order_.source, around_.types, values) != postgres::SnapshotReader::Readiness::ready) {
      result_.kind = PartResult::Kind::postponed;
      result_.why.reason = "the table was altered";
      return std::move(result_);
    }
    fault::hit("copy_started");
    result_.columns = reader.schema();
    if (values.user_types) around_.destination.make_types(reader.type_definitions());
    remove_keys(reader, stop);
    write_rows(reader, stop);
    result_.rows = std::move(rows_);
    return std::move(result_);
  }

 private:
  void remove_keys(postgres::SnapshotReader& reader, const std::stop_token& stop) {
    TargetKeys target(around_.destination, order_.record);
    for (auto keys = target.next(); !keys.front().empty(); keys = target.next()) {
      reader.copy_keys(
          keys, order_.record.resync_where, [this](RowBatch rows, std::size_t) { put(std::move(rows), Op::remove); },
          stop);
    }
  }

  void write_rows(postgres::SnapshotReader& reader, const std::stop_token& stop) {
    auto how = around_.options.copy;
    how.format = postgres::CopyFormat::text;  // no value needs the rows to be read twice
    how.condition = order_.record.resync_where;
    reader.copy(
        how,
        [this](RowBatch rows, std::size_t) {
          result_.copied_rows += rows.rows();
          for (std::size_t c = 0; c < rows.columns.size(); ++c) {
            if (rows.columns[c].overflow().empty()) continue;
            result_.overflow_columns.insert(rows.schema->columns[c].name);
          }
          put(std::move(rows), Op::update);
          fault::hit("mid_copy");
        },
        stop);
  }

  void put(RowBatch copied, Op op) {
    RowBatch rows(copied.schema);
    rows.columns = std::move(copied.columns);
    for (std::size_t row = 0; row < copied.rows(); ++row) rows.finish_row(op, 0);
    const std::array<Operation, 1> operations{std::move(rows)};
    rows_->put(output_key(order_.record.id), {}, write_part({Transaction{}}, operations));
  }

  const PartSurroundings& around_;
  const PartOrder& order_;
  std::unique_ptr<Spool> rows_;
  PartResult result_;
};

// Only what is wrong with the condition or with a value would fail again.
bool may_succeed_later(const Error& failed) {
  if (postgres::is_shortage(failed) || failed.kind() == ErrorKind::destination) return true;
  return postgres::consequence_of(failed, postgres::Asked::copy, true) != postgres::Consequence::table;
}

// What the source says of one of its rows, rather than of the condition: data that is corrupted (XX), and characters
// that the connection's encoding lacks. https://www.postgresql.org/docs/current/errcodes-appendix.html
bool is_about_a_row(const std::string& sqlstate) {
  return sqlstate.starts_with("XX") || sqlstate == "22021" || sqlstate == "22P05";
}

PartResult::Kind end_of(const Error& failed) {
  if (may_succeed_later(failed)) return PartResult::Kind::postponed;
  if (failed.kind() == ErrorKind::permission_denied) return PartResult::Kind::refused;
  const auto& sqlstate = failed.facts().sqlstate;
  return sqlstate.empty() || is_about_a_row(sqlstate) ? PartResult::Kind::failed : PartResult::Kind::refused;
}

}  // namespace

PartResult copy_part(const PartSurroundings& around, const PartOrder& order, const postgres::SlotWait& wait,
                     const std::stop_token& stop) {
  PartResult result{.output = order.record.id, .number = order.number};
  try {
    return PartCopy(around, order).copy(wait, stop);
  } catch (const postgres::WritersStayOpen& open) {
    result.kind = PartResult::Kind::postponed;
    result.why = {.reason = open.cause(), .remedy = open.remedy(), .waited = true};
  } catch (const SpoolFull& full) {
    result.kind = PartResult::Kind::postponed;
    result.why = {.reason = full.cause(), .remedy = full.remedy()};
  } catch (const Error& failed) {
    result.kind = end_of(failed);
    result.why = {.reason = failed.cause(), .remedy = failed.remedy()};
  }
  return result;
}

}  // namespace walbrook::replication

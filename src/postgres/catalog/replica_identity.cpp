#include "postgres/catalog/replica_identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "postgres/catalog/catalog.h"

namespace walbrook::postgres {
namespace {

// Selects one row per relation that stores rows: the table itself, or each leaf of a partition root. An index counts
// under the conditions of table_schema.cpp. The columns that route rows to partitions are those on which the partition
// key depends, including in expressions (StorePartitionKey records them in pg_depend). Keys are looked up by their
// relation: if they were materialized, all of them would be read for each relation, which took 50 s with 20,000.
constexpr auto identities_query = R"(
WITH RECURSIVE tree(root, oid) AS (
  SELECT r.oid, r.oid FROM pg_catalog.pg_class r WHERE r.oid = ANY ($1::oid[])
  UNION ALL
  SELECT tree.root, i.inhrelid FROM tree JOIN pg_catalog.pg_class p ON p.oid = tree.oid AND p.relkind = 'p'
    JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid
  WHERE NOT i.inhdetachpending
), routing AS (
  SELECT tree.root, pg_catalog.jsonb_agg(DISTINCT a.attname) AS columns
  FROM tree JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = tree.oid
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = tree.oid
      AND d.refclassid = d.classid AND d.refobjid = tree.oid AND d.refobjsubid = 0 AND d.objsubid > 0 AND d.deptype = 'i'
    JOIN pg_catalog.pg_attribute a ON a.attrelid = tree.oid AND a.attnum = d.objsubid
  GROUP BY tree.root
), keys AS NOT MATERIALIZED (
  SELECT i.indrelid, i.indisprimary, i.indisreplident, i.indimmediate,
    (string_to_array(i.indkey::text, ' ')::int2[])[1:i.indnkeyatts] AS columns
  FROM pg_catalog.pg_index i
  WHERE i.indisvalid AND i.indisunique AND i.indpred IS NULL
)
SELECT tree.root, pg_catalog.format('%I.%I', n.nspname, c.relname), c.relreplident,
  (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(a.attname, a.attgenerated) ORDER BY a.attname)
    FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      AND (c.relreplident = 'f' OR EXISTS (SELECT FROM keys k WHERE k.indrelid = c.oid AND k.indimmediate
        AND CASE c.relreplident WHEN 'd' THEN k.indisprimary WHEN 'i' THEN k.indisreplident ELSE false END
        AND a.attnum = ANY (k.columns)))),
  (SELECT pg_catalog.jsonb_agg(a.attname ORDER BY a.attname) FROM keys k
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (k.columns)
    WHERE k.indrelid = c.oid AND k.indimmediate AND k.indisprimary
    HAVING pg_catalog.bool_and(a.attgenerated = '')),
  EXISTS (SELECT FROM keys k WHERE k.indrelid = c.oid AND k.indisprimary AND NOT k.indimmediate),
  routing.columns, c.oid <> tree.root
FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid AND c.relkind = 'r'
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN routing ON routing.root = tree.root
ORDER BY tree.root, c.oid
)";
constexpr int generated_published_version = 180000;

// A relation that stores rows.
struct Stored {
  std::string name;  // for SQL
  ReplicaIdentity setting = ReplicaIdentity::key;
  std::vector<std::string> columns;      // of the identity, sorted; for FULL all that it covers
  std::vector<std::string> generated;    // those of them that are generated
  bool generated_virtual = false;        // one of the generated ones is not even stored
  std::vector<std::string> primary_key;  // the one that would count, without generated columns; sorted
  bool deferrable_key = false;
  bool leaf = false;
  std::string lack;

  [[nodiscard]] bool whole() const { return setting == ReplicaIdentity::full; }
  [[nodiscard]] bool same_identity(const Stored& other) const {
    return whole() == other.whole() && (whole() || columns == other.columns);
  }
};

std::vector<std::string> names_in(const Rows& rows, int row, int column) {
  if (rows.is_null(row, column)) return {};
  return nlohmann::json::parse(rows.json(row, column)).get<std::vector<std::string>>();
}

Stored stored_of(const Rows& rows, int row) {
  Stored stored{.name = rows.text(row, 1),
                .setting = static_cast<ReplicaIdentity>(rows.text(row, 2).at(0)),
                .primary_key = names_in(rows, row, 4),
                .deferrable_key = rows.boolean(row, 5),
                .leaf = rows.boolean(row, 7)};
  std::ranges::sort(stored.primary_key);
  if (rows.is_null(row, 3)) return stored;
  for (const auto& column : nlohmann::json::parse(rows.json(row, 3))) {
    stored.columns.push_back(column.at(0));
    const std::string generated = column.at(1);
    if (generated.empty()) continue;
    stored.generated.push_back(column.at(0));
    stored.generated_virtual = stored.generated_virtual || generated == "v";
  }
  std::ranges::sort(stored.columns);
  return stored;
}

bool is_in(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

bool holds_all(const std::vector<std::string>& names, const std::vector<std::string>& parts) {
  return std::ranges::all_of(parts, [&names](const std::string& part) { return is_in(names, part); });
}

class Judge {
 public:
  Judge(const SourceTable& table, std::vector<Stored> stored, std::vector<std::string> routing, int version)
      : table_(table),
        stored_(std::move(stored)),
        routing_(std::move(routing)),
        via_root_(table.via_root),
        version_(version) {}

  TableIdentity judge() {
    for (auto& each : stored_) each.lack = lack_of(each);
    TableIdentity out;
    if (via_root_) out.rows = via_root();
    out.lack = all_lacks();
    out.unclear = unclear();
    if (!out.lack.empty() || !out.unclear.empty()) out.remedy = remedy();
    return out;
  }

 private:
  [[nodiscard]] bool published(const Stored& of, const std::string& column) const {
    if (!table_.columns.empty()) {
      return std::ranges::find(table_.columns, column, &SourceColumn::name) != table_.columns.end();
    }
    if (!table_.published_columns.empty()) return is_in(table_.published_columns, column);
    return !is_in(of.generated, column);
  }

  // Returns why the source refuses UPDATE and DELETE of this relation (CheckCmdReplicaIdentity).
  [[nodiscard]] std::string lack_of(const Stored& each) const {
    if (each.setting == ReplicaIdentity::nothing) return "its replica identity is NOTHING";
    if (each.columns.empty() && !each.whole()) {
      if (each.setting == ReplicaIdentity::index) return "the index of its replica identity is gone";
      return each.deferrable_key ? "its primary key is deferrable, which does not count as replica identity"
                                 : "it has no primary key";
    }
    std::vector<std::string> generated;
    std::vector<std::string> unlisted;
    for (const auto& column : each.columns) {
      if (published(each, column)) continue;
      (is_in(each.generated, column) ? generated : unlisted).push_back(column);
    }
    if (!unlisted.empty()) {
      return fmt::format("its replica identity holds columns that the publication's column list leaves out ({})",
                         fmt::join(unlisted, ", "));
    }
    // 14 to 17 leave generated columns out of FULL too.
    if (!generated.empty() && version_ >= generated_published_version) {
      return fmt::format("its replica identity holds generated columns that are not published ({})",
                         fmt::join(generated, ", "));
    }
    return {};
  }

  [[nodiscard]] std::string all_lacks() const {
    std::string text;
    for (const auto& each : stored_) {
      if (each.lack.empty()) continue;
      if (!text.empty()) text += "; ";
      text += each.leaf ? fmt::format("partition {}: {}", each.name, each.lack) : each.lack;
    }
    return text;
  }

  [[nodiscard]] RowIdentity via_root() const {
    RowIdentity rows;
    rows.leaves_comparable = table_.published_columns.empty();
    if (stored_.empty()) return {};
    const auto& first = stored_.front();
    if (std::ranges::all_of(stored_, [](const Stored& each) { return each.columns.empty() && !each.whole(); })) {
      rows.kind = RowIdentity::Kind::unidentified;
    } else if (first.whole()) {
      rows.kind = RowIdentity::Kind::whole_row;
    } else {
      rows.kind = RowIdentity::Kind::key;
      rows.columns = first.columns;
    }
    return rows;
  }

  // Rows of several leaves are in one target table, so a key must also identify the leaf.
  [[nodiscard]] bool identifies_leaf(const std::vector<std::string>& key) const {
    return stored_.size() < 2 || holds_all(key, routing_);
  }

  [[nodiscard]] std::string unclear() const {
    for (const auto& each : stored_) {
      // 14 to 17 send no generated column, so a part of the key would be missing in every tuple.
      if (!each.whole() && version_ < generated_published_version && !each.generated.empty()) {
        return fmt::format("the replica identity of {} holds generated columns, which are not published ({})",
                           each.name, fmt::join(each.generated, ", "));
      }
    }
    if (!table_.partitioned) return {};
    const auto lacking = std::ranges::count_if(stored_, [](const Stored& each) { return !each.lack.empty(); });
    if (lacking == std::ssize(stored_)) return {};  // the source refuses them all
    if (lacking > 0 && via_root_) return "not every partition has a replica identity: " + all_lacks();
    const auto& first = stored_.front();
    for (const auto& each : stored_) {
      if (!each.lack.empty()) continue;
      if (via_root_ && !each.same_identity(first)) {
        return fmt::format("its partitions have different replica identities ({}: {}; {}: {})", first.name,
                           text_of(first), each.name, text_of(each));
      }
      if (!each.whole() && !identifies_leaf(each.columns)) {
        return fmt::format(
            "the replica identity of partition {} ({}) does not hold the partition key ({}), so rows of "
            "other partitions may have an equal one",
            each.name, text_of(each), fmt::join(routing_, ", "));
      }
    }
    return {};
  }

  static std::string text_of(const Stored& each) {
    return each.whole() ? "all columns" : fmt::format("{}", fmt::join(each.columns, ", "));
  }

  // Suggests the primary key if every relation has the same one and it tells rows apart, otherwise the whole row.
  [[nodiscard]] std::string remedy() const {
    const auto& first = stored_.front();
    const auto key_serves = [&](const Stored& each) {
      return !each.primary_key.empty() && each.primary_key == first.primary_key &&
             std::ranges::all_of(each.primary_key, [&](const std::string& name) { return published(each, name); });
    };
    const bool by_key = std::ranges::all_of(stored_, key_serves) && identifies_leaf(first.primary_key);
    const auto wanted = by_key ? ReplicaIdentity::key : ReplicaIdentity::full;
    std::string sql;
    for (const auto& each : stored_) {
      if (each.setting == wanted && each.lack.empty()) continue;
      if (each.setting == wanted || (!by_key && unpublished_in_full(each))) {
        return fmt::format(
            "Publish all columns of {0}, or give it a primary key of published columns that are not generated and "
            "ALTER "
            "TABLE {0} REPLICA IDENTITY DEFAULT;",
            each.name);
      }
      sql += fmt::format("{}ALTER TABLE {} REPLICA IDENTITY {};", sql.empty() ? "" : " ", each.name,
                         by_key ? "DEFAULT" : "FULL");
    }
    if (!table_.partitioned && !by_key && first.primary_key.empty()) sql += " Or give it a primary key.";
    return sql;
  }
  // Returns whether FULL would not help, because it covers columns that are not published. (For the published relation
  // it is known which columns there are.)
  [[nodiscard]] bool unpublished_in_full(const Stored& each) const {
    return !table_.published_columns.empty() || (version_ >= generated_published_version && !each.generated.empty());
  }

  const SourceTable& table_;
  std::vector<Stored> stored_;
  std::vector<std::string> routing_;
  bool via_root_;
  int version_;
};

}  // namespace

bool RowIdentity::agrees_with(const TableSchema& leaf) const {
  if (kind == RowIdentity::Kind::as_announced || !leaves_comparable) return true;
  if (kind == RowIdentity::Kind::whole_row || leaf.identity == ReplicaIdentity::full) {
    return kind == RowIdentity::Kind::whole_row && leaf.identity == ReplicaIdentity::full;
  }
  std::vector<std::string> key;
  for (const auto at : leaf.key_columns()) key.push_back(leaf.columns[at].name);
  std::ranges::sort(key);
  return key == columns;
}

void RowIdentity::apply(TableSchema& schema) const {
  if (kind == RowIdentity::Kind::as_announced) return;
  if (kind == RowIdentity::Kind::whole_row) schema.identity = ReplicaIdentity::full;
  if (kind == RowIdentity::Kind::unidentified) schema.identity = ReplicaIdentity::nothing;
  if (kind == RowIdentity::Kind::key && schema.identity != ReplicaIdentity::index)
    schema.identity = ReplicaIdentity::key;
  for (auto& column : schema.columns) {
    column.in_key =
        kind == RowIdentity::Kind::whole_row || (kind == RowIdentity::Kind::key && is_in(columns, column.name));
  }
}

void read_row_identities(Connection& catalog, std::vector<SourceTable>& tables) {
  const auto needs_identity = [](const SourceTable& table) {
    return table.operations.updates || table.operations.deletes;
  };
  for (auto& table : tables) table.row_identity = {};
  if (std::ranges::none_of(tables, needs_identity)) return;
  const auto rows = catalog.query(identities_query, {oid_array(tables)}, "reading replica identities");
  std::map<Oid, std::vector<Stored>> stored;
  std::map<Oid, std::vector<std::string>> routing;
  for (int row = 0; row < rows.size(); ++row) {
    stored[rows.oid(row, 0)].push_back(stored_of(rows, row));
    routing[rows.oid(row, 0)] = names_in(rows, row, 6);
  }
  for (auto& table : tables) {
    const auto found = stored.find(table.oid);
    // Not found: a root without leaves, or a table dropped in the meantime.
    if (found == stored.end() || !needs_identity(table)) continue;
    table.row_identity =
        Judge(table, std::move(found->second), std::move(routing[table.oid]), catalog.server_version()).judge();
  }
}

}  // namespace walbrook::postgres

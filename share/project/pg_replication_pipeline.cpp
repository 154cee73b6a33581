// Five ways to replicate PostgreSQL tables. In each example a source pipeline writes tables into the schema
// "source_dataset" of the source, as your applications would, and a destination pipeline replicates them.
//
//   cmake -S . -B build && cmake --build build
//   build/pg_replication_pipeline                            # a single table with its initial load
//   build/pg_replication_pipeline replicate_entire_schema    # another example
//
// For your own tables you only need the destination pipeline: init_replication, replication_resource, pipeline.run.
// The source's credentials come from the configuration. The role needs LOGIN and REPLICATION; for the source pipeline,
// which creates the tables, and for the publication, it also needs CREATE on the database.
#include <libpq-fe.h>
#include <walbrook/walbrook.h>

#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "rows.h"

namespace {

constexpr const char* slot_name = "example_slot";
constexpr const char* pub_name = "example_pub";
constexpr const char* schema_name = "source_dataset";

// The source pipeline, whose destination is the source database. It begins without the tables of an earlier example.
walbrook::Pipeline source_pipeline() {
  const auto credentials = walbrook::Credentials::from_configuration().reveal();
  const bool is_url = credentials.find("://") != std::string::npos;
  auto pipeline = walbrook::pipeline({.pipeline_name = "source_pipeline",
                                      .destination = is_url ? credentials : "postgresql:" + credentials,
                                      .dataset_name = schema_name});
  pipeline.drop();
  return pipeline;
}

// Writes rows into a table of the source, which the first rows create. The first column is the primary key: a row
// replaces the one that has its key.
void write_source(walbrook::Pipeline& source, const std::string& table, std::vector<rows::Column> columns) {
  const auto key = columns.front().name;
  auto stream = rows::stream(std::move(columns));
  source.run(&stream, {.write_disposition = "merge", .table_name = table, .primary_key = {key}});
}

// Runs a statement in the source.
void change_source(const std::string& sql) {
  const auto credentials = walbrook::Credentials::from_configuration();
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(credentials.reveal().c_str()), &PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(connection.get()));
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), sql.c_str()), &PQclear);
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    throw std::runtime_error(PQerrorMessage(connection.get()));
  }
}

// The destination pipeline. With dev_mode, each start of this program fills a new dataset.
walbrook::Pipeline destination_pipeline(const std::string& dataset_name) {
  return walbrook::pipeline({.pipeline_name = "pg_replication_pipeline",
                             .destination = "duckdb",
                             .dataset_name = dataset_name,
                             .dev_mode = true});
}

void run_and_show(walbrook::Pipeline& pipeline, const auto& resource) {
  std::cout << pipeline.run(resource) << '\n';
}

// 1. A single table with its initial load: its present rows, and then every change. This example is the default.
void replicate_single_table_with_initial_load() {
  auto src_pl = source_pipeline();
  write_source(src_pl, "my_source_table", {rows::integers("id", {1, 2}), rows::booleans("val", {true, false})});
  auto dest_pl = destination_pipeline("replicate_single_table");

  // Creates publication and slot, and returns a resource for the initial load. The role needs REPLICATION.
  const auto snapshot = walbrook::init_replication({.slot_name = slot_name,
                                                    .pub_name = pub_name,
                                                    .schema_name = schema_name,
                                                    .table_names = "my_source_table",
                                                    .persist_snapshots = true,
                                                    .reset = true});
  run_and_show(dest_pl, snapshot);

  const auto changes = walbrook::replication_resource({.slot_name = slot_name, .pub_name = pub_name});
  write_source(src_pl, "my_source_table", {rows::integers("id", {2, 3}), rows::booleans("val", {true, true})});
  change_source("DELETE FROM source_dataset.my_source_table WHERE id = 1");
  run_and_show(dest_pl, changes);
}

// 2. A single table without its initial load: a row from before is copied only when it changes.
void replicate_single_table_changes_only() {
  auto src_pl = source_pipeline();
  write_source(src_pl, "my_source_table", {rows::integers("id", {0}), rows::booleans("val", {true})});
  auto dest_pl = destination_pipeline("replicate_changes_only");
  walbrook::init_replication({.slot_name = slot_name,
                              .pub_name = pub_name,
                              .schema_name = schema_name,
                              .table_names = "my_source_table",
                              .reset = true});

  const auto changes = walbrook::replication_resource({.slot_name = slot_name, .pub_name = pub_name});
  write_source(src_pl, "my_source_table", {rows::integers("id", {1, 2}), rows::booleans("val", {true, false})});
  run_and_show(dest_pl, changes);
  write_source(src_pl, "my_source_table", {rows::integers("id", {2}), rows::booleans("val", {true})});
  run_and_show(dest_pl, changes);
  change_source("DELETE FROM source_dataset.my_source_table WHERE id = 2");
  run_and_show(dest_pl, changes);
}

// 3. Initial loads only: several tables as of one moment. They can be loaded again at any time.
void replicate_with_initial_load() {
  auto src_pl = source_pipeline();
  write_source(src_pl, "customers", {rows::integers("id", {1, 2}), rows::texts("name", {"Ada", "Grace"})});
  write_source(src_pl, "orders", {rows::integers("id", {1, 2, 3}), rows::integers("customer_id", {1, 1, 2})});
  auto dest_pl = destination_pipeline("replicate_with_initial_load");
  const auto snapshots = walbrook::init_replication({.slot_name = slot_name,
                                                     .pub_name = pub_name,
                                                     .schema_name = schema_name,
                                                     .table_names = {"customers", "orders"},
                                                     .persist_snapshots = true,
                                                     .reset = true});
  run_and_show(dest_pl, snapshots);
  write_source(src_pl, "orders", {rows::integers("id", {4}), rows::integers("customer_id", {2})});
  run_and_show(dest_pl, snapshots);
}

// 4. A whole schema, without table_names. The next run adds a table that is created later, if the role owns it;
// init_replication, called again, adds it at once.
void replicate_entire_schema() {
  auto src_pl = source_pipeline();
  write_source(src_pl, "tbl_x", {rows::integers("id_x", {}), rows::booleans("val_x", {})});
  write_source(src_pl, "tbl_y", {rows::integers("id_y", {}), rows::texts("val_y", {})});
  auto dest_pl = destination_pipeline("replicate_entire_schema");
  const walbrook::InitReplicationOptions whole_schema = {
      .slot_name = slot_name, .pub_name = pub_name, .schema_name = schema_name};
  auto again = whole_schema;
  again.reset = true;
  walbrook::init_replication(again);

  const auto changes = walbrook::replication_resource({.slot_name = slot_name, .pub_name = pub_name});
  write_source(src_pl, "tbl_x", {rows::integers("id_x", {1, 2}), rows::booleans("val_x", {true, false})});
  write_source(src_pl, "tbl_y", {rows::integers("id_y", {1, 2}), rows::texts("val_y", {"foo", "bar"})});
  run_and_show(dest_pl, changes);

  write_source(src_pl, "tbl_z", {rows::integers("id_z", {}), rows::json("val_z", {})});
  walbrook::init_replication(whole_schema);
  write_source(src_pl, "tbl_z", {rows::integers("id_z", {1}), rows::json("val_z", {R"({"foo": 1, "bar": 2})"})});
  run_and_show(dest_pl, changes);
}

// 5. Selected columns: two of tbl_x, all of tbl_y. The columns of the primary key must be among them.
void replicate_with_column_selection() {
  auto src_pl = source_pipeline();
  write_source(src_pl, "tbl_x",
               {rows::integers("c1", {1}), rows::booleans("c2", {true}), rows::texts("c3", {"not copied"})});
  write_source(src_pl, "tbl_y", {rows::integers("d1", {1}), rows::booleans("d2", {false})});
  auto dest_pl = destination_pipeline("replicate_with_column_selection");
  const walbrook::IncludeColumns include_columns = {{"tbl_x", {"c1", "c2"}}};
  const auto initial_load = walbrook::init_replication({.slot_name = slot_name,
                                                        .pub_name = pub_name,
                                                        .schema_name = schema_name,
                                                        .table_names = {"tbl_x", "tbl_y"},
                                                        .persist_snapshots = true,
                                                        .include_columns = include_columns,
                                                        .reset = true});
  run_and_show(dest_pl, initial_load);

  const auto changes = walbrook::replication_resource(
      {.slot_name = slot_name, .pub_name = pub_name, .include_columns = include_columns});
  write_source(src_pl, "tbl_x",
               {rows::integers("c1", {2}), rows::booleans("c2", {true}), rows::texts("c3", {"not copied either"})});
  write_source(src_pl, "tbl_y", {rows::integers("d1", {2}), rows::booleans("d2", {false})});
  run_and_show(dest_pl, changes);
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, void (*)()> examples = {
      {"replicate_single_table_with_initial_load", replicate_single_table_with_initial_load},
      {"replicate_single_table_changes_only", replicate_single_table_changes_only},
      {"replicate_with_initial_load", replicate_with_initial_load},
      {"replicate_entire_schema", replicate_entire_schema},
      {"replicate_with_column_selection", replicate_with_column_selection}};
  const auto example = examples.find(argc > 1 ? argv[1] : "replicate_single_table_with_initial_load");
  if (example == examples.end()) {
    std::cerr << "usage: pg_replication_pipeline [EXAMPLE], where EXAMPLE is one of\n";
    for (const auto& [name, function] : examples) std::cerr << "  " << name << '\n';
    return 2;
  }
  try {
    example->second();
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << '\n';
    return 1;
  }
}

// Five ways to replicate PostgreSQL tables. Each example drops and creates the schema "source_dataset" in the source,
// fills and changes its tables with plain SQL, as their owner would, and copies them to the destination.
//
//   cmake -S . -B build && cmake --build build
//   build/pg_replication_pipeline                            # a single table with its initial load
//   build/pg_replication_pipeline replicate_entire_schema    # another example
//
// For your own tables you only need the destination pipeline: init_replication, replication_resource, pipeline.run.
// The source's credentials come from the configuration. The role needs LOGIN, REPLICATION and SELECT. To create the
// publication, it also needs CREATE on the database and ownership of the tables.
#include <libpq-fe.h>
#include <walbrook/walbrook.h>

#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

namespace {

constexpr const char* slot_name = "example_slot";
constexpr const char* pub_name = "example_pub";
constexpr const char* schema_name = "source_dataset";

// Acts as the application that writes to the source database.
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

void make_source(const std::string& tables) {
  change_source(
      "SET client_min_messages = warning; DROP SCHEMA IF EXISTS source_dataset CASCADE;"
      "CREATE SCHEMA source_dataset; SET search_path = source_dataset;" +
      tables);
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
  make_source(
      "CREATE TABLE my_source_table(id integer PRIMARY KEY, val boolean);"
      "INSERT INTO my_source_table VALUES (1, true), (2, false)");
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
  change_source(
      "INSERT INTO source_dataset.my_source_table VALUES (3, true);"
      "UPDATE source_dataset.my_source_table SET val = true WHERE id = 2;"
      "DELETE FROM source_dataset.my_source_table WHERE id = 1");
  run_and_show(dest_pl, changes);
}

// 2. A single table without its initial load: a row from before is copied only when it changes.
void replicate_single_table_changes_only() {
  make_source(
      "CREATE TABLE my_source_table(id integer PRIMARY KEY, val boolean);"
      "INSERT INTO my_source_table VALUES (0, true)");
  auto dest_pl = destination_pipeline("replicate_changes_only");
  walbrook::init_replication({.slot_name = slot_name,
                              .pub_name = pub_name,
                              .schema_name = schema_name,
                              .table_names = "my_source_table",
                              .reset = true});

  const auto changes = walbrook::replication_resource({.slot_name = slot_name, .pub_name = pub_name});
  change_source("INSERT INTO source_dataset.my_source_table VALUES (1, true), (2, false)");
  run_and_show(dest_pl, changes);
  change_source("UPDATE source_dataset.my_source_table SET val = true WHERE id = 2");
  run_and_show(dest_pl, changes);
  change_source("DELETE FROM source_dataset.my_source_table WHERE id = 2");
  run_and_show(dest_pl, changes);
}

// 3. Initial loads only: several tables as of one moment. They can be loaded again at any time.
void replicate_with_initial_load() {
  make_source(
      "CREATE TABLE customers(id integer PRIMARY KEY, name text);"
      "CREATE TABLE orders(id integer PRIMARY KEY, customer_id integer REFERENCES customers);"
      "INSERT INTO customers VALUES (1, 'Ada'), (2, 'Grace'); INSERT INTO orders VALUES (1, 1), (2, 1), (3, 2)");
  auto dest_pl = destination_pipeline("replicate_with_initial_load");
  const auto snapshots = walbrook::init_replication({.slot_name = slot_name,
                                                     .pub_name = pub_name,
                                                     .schema_name = schema_name,
                                                     .table_names = {"customers", "orders"},
                                                     .persist_snapshots = true,
                                                     .reset = true});
  run_and_show(dest_pl, snapshots);
  change_source("INSERT INTO source_dataset.orders VALUES (4, 2)");
  run_and_show(dest_pl, snapshots);
}

// 4. A whole schema, without table_names. The next run adds a table that is created later, if the role owns it;
// init_replication, called again, adds it at once.
void replicate_entire_schema() {
  make_source(
      "CREATE TABLE tbl_x(id_x integer PRIMARY KEY, val_x boolean);"
      "CREATE TABLE tbl_y(id_y integer PRIMARY KEY, val_y varchar(8))");
  auto dest_pl = destination_pipeline("replicate_entire_schema");
  const walbrook::InitReplicationOptions whole_schema = {
      .slot_name = slot_name, .pub_name = pub_name, .schema_name = schema_name};
  auto again = whole_schema;
  again.reset = true;
  walbrook::init_replication(again);

  const auto changes = walbrook::replication_resource({.slot_name = slot_name, .pub_name = pub_name});
  change_source(
      "INSERT INTO source_dataset.tbl_x VALUES (1, true), (2, false);"
      "INSERT INTO source_dataset.tbl_y VALUES (1, 'foo'), (2, 'bar')");
  run_and_show(dest_pl, changes);

  change_source("CREATE TABLE source_dataset.tbl_z(id_z integer PRIMARY KEY, val_z json)");
  walbrook::init_replication(whole_schema);
  change_source("INSERT INTO source_dataset.tbl_z VALUES (1, '{\"foo\": 1, \"bar\": 2}')");
  run_and_show(dest_pl, changes);
}

// 5. Selected columns: two of tbl_x, all of tbl_y. The columns of the primary key must be among them.
void replicate_with_column_selection() {
  make_source(
      "CREATE TABLE tbl_x(c1 integer PRIMARY KEY, c2 boolean, c3 text);"
      "CREATE TABLE tbl_y(d1 integer PRIMARY KEY, d2 boolean);"
      "INSERT INTO tbl_x VALUES (1, true, 'not copied'); INSERT INTO tbl_y VALUES (1, false)");
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
  change_source(
      "INSERT INTO source_dataset.tbl_x VALUES (2, true, 'not copied either');"
      "INSERT INTO source_dataset.tbl_y VALUES (2, false)");
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

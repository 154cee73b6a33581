#include "destination/ducklake/lake_url.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/error.h"

namespace walbrook::destination::ducklake {
namespace {

std::string refusal_of(const std::string& url) {
  try {
    static_cast<void>(parse_lake_url(url));
  } catch (const Error& refused) {
    EXPECT_EQ(refused.kind(), ErrorKind::configuration);
    return refused.cause();
  }
  return "";
}

TEST(LakeUrl, a_catalog_in_a_file_has_an_absolute_path) {
  const auto lake = parse_lake_url("ducklake:shop.ducklake?data_path=lake/");
  const auto here = std::filesystem::weakly_canonical(std::filesystem::current_path());
  EXPECT_EQ(lake.kind, CatalogKind::file);
  EXPECT_EQ(lake.catalog, (here / "shop.ducklake").string());
  EXPECT_EQ(lake.catalog_file, lake.catalog);
  EXPECT_EQ(lake.data_path, (here / "lake").string());
  EXPECT_FALSE(lake.in_bucket);
  EXPECT_EQ(lake.label, "ducklake:shop.ducklake");
}

TEST(LakeUrl, prefixes_name_the_kind_of_catalog) {
  const auto file = parse_lake_url("ducklake:duckdb:/tmp/a.db");
  EXPECT_EQ(file.kind, CatalogKind::file);
  EXPECT_EQ(file.catalog, "/tmp/a.db");
  const auto sqlite = parse_lake_url("ducklake:sqlite:/tmp/shop.sqlite?data_path=/tmp/lake");
  EXPECT_EQ(sqlite.kind, CatalogKind::sqlite);
  EXPECT_EQ(sqlite.catalog, "sqlite:/tmp/shop.sqlite");
  EXPECT_EQ(sqlite.catalog_file, "/tmp/shop.sqlite");
  EXPECT_EQ(sqlite.label, "ducklake:shop.sqlite");
  const auto postgres = parse_lake_url("ducklake:postgres:dbname=lake host=db?data_path=/tmp/lake");
  EXPECT_EQ(postgres.kind, CatalogKind::postgres);
  EXPECT_EQ(postgres.catalog, "postgres:dbname=lake host=db");
  EXPECT_EQ(postgres.catalog_file, "");
}

TEST(LakeUrl, the_last_data_path_divides) {
  const auto lake = parse_lake_url("ducklake:/tmp/a?data_path=b c?d?data_path=/tmp/lake");
  EXPECT_EQ(lake.catalog, "/tmp/a?data_path=b c?d");
  EXPECT_EQ(lake.data_path, "/tmp/lake");
  const auto postgres =
      parse_lake_url("ducklake:postgres:postgresql://joe@db/lake?sslmode=require?data_path=/tmp/lake");
  EXPECT_EQ(postgres.catalog, "postgres:postgresql://joe@db/lake?sslmode=require");
  EXPECT_EQ(parse_lake_url("ducklake:/tmp/a?b").data_path, "") << "the catalog names it";
}

TEST(LakeUrl, a_data_path_in_a_bucket_takes_the_bucket_s_options) {
  const auto lake = parse_lake_url(
      "ducklake:/tmp/a?data_path=s3://key:s%2Fecret@bucket/some/prefix/?region=eu-1&endpoint=127.0.0.1:9000&"
      "url_style=path&use_ssl=false");
  EXPECT_TRUE(lake.in_bucket);
  EXPECT_EQ(lake.data_path, "s3://bucket/some/prefix");
  EXPECT_EQ(lake.access.key_id, "key");
  EXPECT_EQ(lake.access.secret, "s/ecret");
  EXPECT_EQ(lake.access.region, "eu-1");
  EXPECT_EQ(lake.access.endpoint, "127.0.0.1:9000");
  EXPECT_EQ(lake.access.url_style, "path");
  EXPECT_EQ(lake.access.use_ssl, "false");
}

TEST(LakeUrl, what_cannot_be_used_is_refused) {
  EXPECT_NE(refusal_of("ducklake:?data_path=/tmp/lake").find("names no catalog"), std::string::npos);
  EXPECT_NE(refusal_of("ducklake:postgres: ?data_path=/tmp/lake").find("names no catalog"), std::string::npos);
  EXPECT_NE(refusal_of("ducklake:/tmp/a?data_path=").find("names no data path"), std::string::npos);
  EXPECT_NE(refusal_of("ducklake:/tmp/a?data_path=s3://").find("names no bucket"), std::string::npos);
  EXPECT_NE(refusal_of("ducklake:/tmp/a?data_path=s3://b?region").find("without a value"), std::string::npos);
  EXPECT_NE(refusal_of("ducklake:/tmp/a?data_path=s3://b?colour=red").find("unknown option of the bucket \"colour\""),
            std::string::npos);
  EXPECT_NE(refusal_of("ducklake:/tmp/a\n?data_path=/tmp/lake").find("line break"), std::string::npos);
}

TEST(LakeUrl, passwords_are_in_no_label_and_in_no_message) {
  for (const auto* catalog :
       {"postgres:dbname=lake password=tr0ub4dor host=db", "postgres:postgresql://joe:tr0ub4dor@db/lake"}) {
    const auto lake = parse_lake_url(std::string("ducklake:") + catalog + "?data_path=/tmp/lake");
    EXPECT_EQ(lake.catalog, catalog);
    EXPECT_EQ(lake.label.find("tr0ub4dor"), std::string::npos) << lake.label;
    EXPECT_EQ(refusal_of(std::string("ducklake:") + catalog + "?data_path=").find("tr0ub4dor"), std::string::npos);
  }
  EXPECT_EQ(refusal_of("ducklake:/tmp/a?data_path=s3://key:tr0ub4dor@b?colour=red").find("tr0ub4dor"),
            std::string::npos);
}

}  // namespace
}  // namespace walbrook::destination::ducklake

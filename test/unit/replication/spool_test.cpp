// The spool, in a file and in memory: order, entries that replace others, space that is freed, and a limit.
#include "replication/core/spool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>

#include "replication/runtime/file_spool.h"
#include "test/support/memory_spool.h"

namespace walbrook::replication {
namespace {

using Texts = std::vector<std::string>;

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "walbrook-spool-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Texts texts(Spool& spool, const SpoolKey& key) {
  Texts found;
  spool.for_each(key, [&found](std::string_view bytes) { found.emplace_back(bytes); });
  return found;
}

struct Kind {
  std::string name;
  std::function<std::unique_ptr<Spool>(const std::string& folder, std::uint64_t capacity)> open;
};

class SpoolTest : public ::testing::TestWithParam<Kind> {
 protected:
  void open(std::uint64_t capacity = 1U << 30U) { spool_ = GetParam().open(folder_.path(), capacity); }
  [[nodiscard]] Spool& spool() { return *spool_; }
  [[nodiscard]] Texts read(const SpoolKey& key) { return texts(*spool_, key); }
  void put(const SpoolKey& key, std::uint64_t commit, std::string_view bytes) { spool_->put(key, Lsn{commit}, bytes); }

 private:
  TempFolder folder_;
  std::unique_ptr<Spool> spool_;
};

TEST_P(SpoolTest, bytes_come_back_verbatim_by_key_in_the_order_of_their_puts) {
  open();
  std::string all_bytes;
  for (int i = 0; i < 256; ++i) all_bytes += static_cast<char>(i);
  const std::string large(3U << 20U, 'x');
  put(transaction_key(5), 0, "one");
  put(output_key({5}), 0x100, "of a table");
  put(transaction_key(5), 0, "");
  put(transaction_key(5), 0, large);
  put(transaction_key(6), 0, "of another");
  put(transaction_key(5), 0, all_bytes);
  EXPECT_EQ(read(transaction_key(5)), (Texts{"one", "", large, all_bytes}));
  EXPECT_EQ(read(transaction_key(5)), (Texts{"one", "", large, all_bytes})) << "reading takes nothing away";
  EXPECT_EQ(read(transaction_key(6)), Texts{"of another"});
  EXPECT_EQ(read(output_key({5})), Texts{"of a table"});
  EXPECT_EQ(read(output_key({7})), Texts{});
}

TEST_P(SpoolTest, thousands_of_keys_keep_their_own_bytes) {
  open();
  for (int round = 0; round < 5; ++round) {
    for (std::uint32_t oid = 1; oid <= 3000; ++oid) {
      put(output_key({oid}), 0x100, std::string(oid % 900, static_cast<char>('a' + round)));
    }
  }
  for (const std::uint32_t oid : {1U, 899U, 2000U, 3000U}) {
    const auto found = read(output_key({oid}));
    ASSERT_EQ(found.size(), 5U);
    EXPECT_EQ(found[3], std::string(oid % 900, 'd'));
  }
}

TEST_P(SpoolTest, bytes_are_counted_by_key_and_in_all) {
  open();
  put(output_key({1}), 0x100, std::string(1000, 'a'));
  put(output_key({1}), 0x200, std::string(500'000, 'b'));
  put(transaction_key(1), 0, "xyz");
  EXPECT_EQ(spool().bytes(), 501'003U);
  using Keys = std::vector<std::pair<SpoolKey, std::uint64_t>>;
  EXPECT_EQ(spool().keys(), (Keys{{transaction_key(1), 3}, {output_key({1}), 501'000}}));
  spool().discard(output_key({1}));
  EXPECT_EQ(spool().bytes(), 3U);
  spool().discard(transaction_key(1));
  EXPECT_EQ(spool().bytes(), 0U);
  EXPECT_EQ(spool().keys(), Keys{});
}

TEST_P(SpoolTest, transactions_are_discarded_together_and_tables_stay) {
  open();
  put(transaction_key(1), 0, "one");
  put(transaction_key(2), 0, std::string(100'000, 'x'));
  put(output_key({1}), 0x100, "table");
  spool().discard_transactions();
  EXPECT_EQ(read(transaction_key(1)), Texts{});
  EXPECT_EQ(read(transaction_key(2)), Texts{});
  EXPECT_EQ(read(output_key({1})), Texts{"table"});
  EXPECT_EQ(spool().bytes(), 5U);
}

TEST_P(SpoolTest, p2_what_comes_again_from_a_commit_on_replaces_itself) {
  open();
  const std::string large(200'000, 'x');
  put(output_key({1}), 0x100, "a");
  put(output_key({1}), 0x200, "b");
  put(output_key({1}), 0x200, large);
  put(output_key({1}), 0x200, "c");
  put(output_key({2}), 0x100, "other");
  put(transaction_key(1), 0, "open");
  spool().discard_from(Lsn{0x300});
  EXPECT_EQ(read(output_key({1})), (Texts{"a", "b", large, "c"})) << "nothing of it comes again";
  spool().discard_from(Lsn{0x200});
  EXPECT_EQ(read(output_key({1})), Texts{"a"});
  EXPECT_EQ(read(output_key({2})), Texts{"other"});
  EXPECT_EQ(read(transaction_key(1)), Texts{"open"});
  EXPECT_EQ(spool().bytes(), 10U);
  put(output_key({1}), 0x200, "b again");
  EXPECT_EQ(read(output_key({1})), (Texts{"a", "b again"}));
}

TEST_P(SpoolTest, p2_what_comes_again_is_cut_out_of_a_written_chunk) {
  open();
  Texts kept;
  for (std::uint64_t commit = 1; commit <= 500; ++commit) {
    const auto bytes = std::to_string(commit) + std::string(1000, 'x');
    put(output_key({1}), commit, bytes);
    if (commit < 100) kept.push_back(bytes);
  }
  spool().discard_from(Lsn{100});
  EXPECT_EQ(read(output_key({1})), kept);
  put(output_key({1}), 100, "again");
  kept.emplace_back("again");
  EXPECT_EQ(read(output_key({1})), kept);
}

TEST_P(SpoolTest, p5_a_full_spool_refuses_and_stays_as_it_was) {
  open(10'000);
  put(output_key({1}), 0x100, std::string(6000, 'a'));
  try {
    put(transaction_key(9), 0, std::string(6000, 'b'));
    FAIL() << "there was room for 10,000 bytes";
  } catch (const SpoolFull& full) {
    EXPECT_EQ(full.key(), transaction_key(9));
    EXPECT_EQ(full.bytes(), 6000U);
    EXPECT_EQ(full.kind(), ErrorKind::data);
  }
  EXPECT_EQ(spool().bytes(), 6000U);
  EXPECT_EQ(read(transaction_key(9)), Texts{});
  spool().discard(output_key({1}));
  put(transaction_key(9), 0, std::string(6000, 'b'));
  EXPECT_EQ(read(transaction_key(9)), Texts{std::string(6000, 'b')});
}

TEST_P(SpoolTest, bytes_are_put_under_another_key_while_one_is_read) {
  open();
  for (int i = 0; i < 300; ++i) put(transaction_key(1), 0, std::to_string(i) + std::string(1000, 'x'));
  int seen = 0;
  spool().for_each(transaction_key(1), [&](std::string_view bytes) {
    EXPECT_TRUE(bytes.starts_with(std::to_string(seen++))) << seen;
    put(output_key({1}), 0x100, bytes);
  });
  EXPECT_EQ(seen, 300);
  EXPECT_EQ(read(output_key({1})), read(transaction_key(1)));
}

INSTANTIATE_TEST_SUITE_P(Of, SpoolTest,
                         ::testing::Values(Kind{"file",
                                                [](const std::string& folder, std::uint64_t capacity) {
                                                  return std::make_unique<FileSpool>(
                                                      FileSpoolOptions{.folder = folder, .max_bytes = capacity});
                                                }},
                                           Kind{"memory",
                                                [](const std::string& /*folder*/, std::uint64_t capacity) {
                                                  return std::make_unique<test::MemorySpool>(capacity);
                                                }}),
                         [](const auto& tested) { return tested.param.name; });

TEST(FileSpool, leaves_no_name_in_its_folder) {
  const TempFolder folder;
  FileSpool spool({.folder = folder.path()});
  spool.put(transaction_key(1), {}, std::string(1U << 20U, 'x'));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(FileSpool, p5_room_of_a_discarded_key_comes_back) {
  const TempFolder folder;
  FileSpool spool({.folder = folder.path()});
  const std::string part(1U << 20U, 'x');
  for (int i = 0; i < 20; ++i) {
    spool.put(transaction_key(1), {}, part);
    spool.put(output_key({1}), Lsn{0x100}, part);
  }
  const auto full = spool.bytes_on_disk();
  EXPECT_GE(full, 40U << 20U);
  spool.discard(transaction_key(1));
  EXPECT_LE(spool.bytes_on_disk(), 22U << 20U) << "between the other key's chunks";
  for (int i = 0; i < 20; ++i) spool.put(transaction_key(2), {}, part);
  EXPECT_LE(spool.bytes_on_disk(), full + (1U << 20U)) << "the room is used again";
  EXPECT_EQ(texts(spool, output_key({1})), Texts(20, part));
  EXPECT_EQ(texts(spool, transaction_key(2)), Texts(20, part));
  spool.discard(output_key({1}));
  spool.discard(transaction_key(2));
  EXPECT_EQ(spool.bytes_on_disk(), 0U);
}

// While they are copied, each put may find the memory full of other tables' changes.
TEST(FileSpool, many_tables_that_change_a_little_take_time_in_proportion) {
  constexpr std::uint32_t tables = 20'000;
  const TempFolder folder;
  FileSpool spool({.folder = folder.path()});
  const auto began = std::chrono::steady_clock::now();
  for (std::uint64_t commit = 1; commit <= 5; ++commit) {
    for (std::uint32_t oid = 1; oid <= tables; ++oid) {
      spool.put(output_key({oid}), Lsn{commit}, std::string(200, static_cast<char>('a' + commit)));
    }
  }
  // If each put examined all tables, it would take 20 s and more.
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  spool.discard_from(Lsn{4});
  EXPECT_EQ(spool.bytes(), tables * 3U * 200U);
  const Texts kept = {std::string(200, 'b'), std::string(200, 'c'), std::string(200, 'd')};
  for (const std::uint32_t oid : {1U, 7'777U, tables}) EXPECT_EQ(texts(spool, output_key({oid})), kept);
}

TEST(FileSpool, without_a_bound_takes_half_of_what_is_free) {
  const TempFolder folder;
  const auto free = std::filesystem::space(folder.path()).available;
  const FileSpool spool({.folder = folder.path()});
  EXPECT_NEAR(static_cast<double>(spool.capacity()), static_cast<double>(free) / 2, static_cast<double>(free) / 20);
}

TEST(FileSpool, a_folder_that_is_not_there_is_named) {
  try {
    const FileSpool spool({.folder = "/nowhere/at all"});
    FAIL() << "it was created";
  } catch (const Error& failed) {
    EXPECT_EQ(failed.kind(), ErrorKind::configuration);
    EXPECT_NE(failed.cause().find("/nowhere/at all"), std::string::npos) << failed.cause();
    EXPECT_NE(failed.hint().find("--spool-dir"), std::string::npos) << failed.hint();
  }
}

// A limit on the size of files simulates a full disk.
TEST(FileSpool, p5_a_full_disk_is_a_full_spool) {
  const TempFolder folder;
  FileSpool spool({.folder = folder.path()});
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small { .rlim_cur = 1U << 20U, .rlim_max = before.rlim_max };
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string part(300'000, 'x');
  int fit = 0;
  EXPECT_THROW(
      {
        while (fit < 10) {
          spool.put(transaction_key(1), {}, part);
          ++fit;
        }
      },
      SpoolFull);
  EXPECT_EQ(texts(spool, transaction_key(1)), Texts(static_cast<std::size_t>(fit), part));
  spool.discard(transaction_key(1));
  spool.put(transaction_key(2), {}, part);
  EXPECT_EQ(texts(spool, transaction_key(2)), Texts{part});
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, ignored);
}

}  // namespace
}  // namespace walbrook::replication

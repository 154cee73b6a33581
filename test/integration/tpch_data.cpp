#include "test/integration/tpch_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <stdexcept>
#include <string_view>

namespace walbrook::test::tpch {
namespace {

using Words = std::vector<std::string_view>;

const Words regions = {"AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"};
// The specification's 25 nations, each with the number of its region.
const std::vector<std::pair<std::string_view, int>> nations = {
    {"ALGERIA", 0},      {"ARGENTINA", 1},  {"BRAZIL", 1},  {"CANADA", 1},         {"EGYPT", 4},
    {"ETHIOPIA", 0},     {"FRANCE", 3},     {"GERMANY", 3}, {"INDIA", 2},          {"INDONESIA", 2},
    {"IRAN", 4},         {"IRAQ", 4},       {"JAPAN", 2},   {"JORDAN", 4},         {"KENYA", 0},
    {"MOROCCO", 0},      {"MOZAMBIQUE", 0}, {"PERU", 1},    {"CHINA", 2},          {"ROMANIA", 3},
    {"SAUDI ARABIA", 4}, {"VIETNAM", 2},    {"RUSSIA", 3},  {"UNITED KINGDOM", 3}, {"UNITED STATES", 1}};
const Words type_kinds = {"STANDARD", "SMALL", "MEDIUM", "LARGE", "ECONOMY", "PROMO"};
const Words type_finishes = {"ANODIZED", "BURNISHED", "PLATED", "POLISHED", "BRUSHED"};
const Words type_metals = {"TIN", "NICKEL", "BRASS", "STEEL", "COPPER"};
const Words container_sizes = {"SM", "LG", "MED", "JUMBO", "WRAP"};
const Words container_kinds = {"CASE", "BOX", "BAG", "JAR", "PKG", "PACK", "CAN", "DRUM"};
const Words segments = {"AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY", "HOUSEHOLD"};
const Words priorities = {"1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"};
const Words instructions = {"DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"};
const Words ship_modes = {"REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"};
const Words colours = {"almond", "azure", "beige", "blue",  "brown", "coral", "cream", "forest",
                       "green",  "ivory", "khaki", "lemon", "linen", "navy",  "olive", "peach",
                       "plum",   "red",   "rose",  "sandy", "tan",   "white"};
const Words comment_words = {"carefully", "final",       "special", "packages", "requests",  "deposits",
                             "sleep",     "quickly",     "ironic",  "accounts", "furiously", "bold",
                             "pending",   "theodolites", "express", "blithely", "even",      "foxes"};

constexpr int parts_per_unit = 200'000;
constexpr int suppliers_per_unit = 10'000;
constexpr int customers_per_unit = 150'000;
constexpr int orders_per_unit = 1'500'000;
constexpr int suppliers_of_part = 4;
constexpr int first_day = 8035;    // 1992-01-01, in days since 1970
constexpr int last_order = 10440;  // 1998-08-02: 151 days before the last day in the data
constexpr int current_day = 9298;  // 1995-06-17: what was shipped later is still open

// The distributions of std give different numbers with each library; these do not.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  long between(long least, long most) {
    return least + static_cast<long>(engine_() % static_cast<std::uint64_t>(most - least + 1));
  }
  std::string_view one_of(const Words& words) {
    return words[static_cast<std::size_t>(between(0, static_cast<long>(words.size()) - 1))];
  }
  std::string words(const Words& from, long count) {
    std::string text;
    for (long i = 0; i < count; ++i) text += fmt::format("{}{}", i == 0 ? "" : " ", one_of(from));
    return text;
  }

 private:
  std::mt19937_64 engine_;
};

std::string money(long cents) {
  return fmt::format("{}{}.{:02}", cents < 0 ? "-" : "", std::abs(cents) / 100, std::abs(cents) % 100);
}

std::string day_text(long day) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string phone(Random& random, long nation) {
  return fmt::format("{}-{}-{}-{}", nation + 10, random.between(100, 999), random.between(100, 999),
                     random.between(1000, 9999));
}

// 4.2.3 of the specification, in cents.
long retail_price(long part) {
  return 90'000 + (part / 10) % 20'001 + 100 * (part % 1'000);
}

// Returns the i-th of the four suppliers of a part.
long supplier_of(long part, long i, long suppliers) {
  return (part + i * (suppliers / suppliers_of_part + (part - 1) / suppliers)) % suppliers + 1;
}

// Order keys use the first 8 of every 32; the others are free for new orders.
long order_key(long number) {
  return number / 8 * 32 + number % 8;
}

std::string region_csv(Random& random) {
  std::string csv;
  for (std::size_t i = 0; i < regions.size(); ++i) {
    csv += fmt::format("{}|{}|{}\n", i, regions[i], random.words(comment_words, 5));
  }
  return csv;
}

std::string nation_csv(Random& random) {
  std::string csv;
  for (std::size_t i = 0; i < nations.size(); ++i) {
    csv += fmt::format("{}|{}|{}|{}\n", i, nations[i].first, nations[i].second, random.words(comment_words, 5));
  }
  return csv;
}

std::string part_csv(Random& random, long parts) {
  std::string csv;
  for (long part = 1; part <= parts; ++part) {
    const long maker = random.between(1, 5);
    csv += fmt::format("{}|{}|Manufacturer#{}|Brand#{}{}|{} {} {}|{}|{} {}|{}|{}\n", part, random.words(colours, 5),
                       maker, maker, random.between(1, 5), random.one_of(type_kinds), random.one_of(type_finishes),
                       random.one_of(type_metals), random.between(1, 50), random.one_of(container_sizes),
                       random.one_of(container_kinds), money(retail_price(part)), random.words(comment_words, 2));
  }
  return csv;
}

std::string supplier_csv(Random& random, long suppliers) {
  std::string csv;
  for (long supplier = 1; supplier <= suppliers; ++supplier) {
    const long nation = random.between(0, 24);
    // Query 16 excludes suppliers with complaints of customers.
    const auto* complaint = supplier % 200 == 7 ? "Customer loud Complaints " : "";
    csv += fmt::format("{}|Supplier#{:09}|{}|{}|{}|{}|{}{}\n", supplier, supplier, random.words(colours, 3), nation,
                       phone(random, nation), money(random.between(-99'999, 999'999)), complaint,
                       random.words(comment_words, 6));
  }
  return csv;
}

std::string partsupp_csv(Random& random, long parts, long suppliers) {
  std::string csv;
  for (long part = 1; part <= parts; ++part) {
    for (long i = 0; i < suppliers_of_part; ++i) {
      csv += fmt::format("{}|{}|{}|{}|{}\n", part, supplier_of(part, i, suppliers), random.between(1, 9'999),
                         money(random.between(100, 100'000)), random.words(comment_words, 10));
    }
  }
  return csv;
}

std::string customer_csv(Random& random, long customers) {
  std::string csv;
  for (long customer = 1; customer <= customers; ++customer) {
    const long nation = random.between(0, 24);
    csv += fmt::format("{}|Customer#{:09}|{}|{}|{}|{}|{}|{}\n", customer, customer, random.words(colours, 3), nation,
                       phone(random, nation), money(random.between(-99'999, 999'999)), random.one_of(segments),
                       random.words(comment_words, 8));
  }
  return csv;
}

// Orders and their lines.
class OrderBook {
 public:
  OrderBook(long parts, long suppliers, long customers, std::uint64_t seed)
      : random_(seed), parts_(parts), suppliers_(suppliers), customers_(customers) {}

  void add(long key) {
    const long day = random_.between(first_day, last_order);
    const long line_count = random_.between(1, 7);
    long total = 0;
    long open = 0;
    for (long number = 1; number <= line_count; ++number) total += add_line(key, number, day, open);
    // A third of the customers never order (4.2.3); query 22 looks for them.
    long customer = random_.between(1, customers_);
    if (customer % 3 == 0) customer = customer > 1 ? customer - 1 : 1;
    const auto* status = open == 0 ? "F" : open == line_count ? "O" : "P";
    orders += fmt::format("{}|{}|{}|{}|{}|{}|Clerk#{:09}|0|{}\n", key, customer, status, money(total), day_text(day),
                          random_.one_of(priorities), random_.between(1, 1'000), random_.words(comment_words, 5));
  }

  std::string orders;
  std::string lines;

 private:
  // Returns the price with tax and discount, in cents.
  long add_line(long key, long number, long order_day, long& open) {
    const long part = random_.between(1, parts_);
    const long supplier = supplier_of(part, random_.between(0, suppliers_of_part - 1), suppliers_);
    const long quantity = random_.between(1, 50);
    const long price = quantity * retail_price(part);
    const long discount = random_.between(0, 10);
    const long tax = random_.between(0, 8);
    const long shipped = order_day + random_.between(1, 121);
    const long committed = order_day + random_.between(30, 90);
    const long received = shipped + random_.between(1, 30);
    const bool is_open = shipped > current_day;
    open += is_open ? 1 : 0;
    const auto* returned = received > current_day ? "N" : random_.between(0, 1) == 0 ? "R" : "A";
    lines += fmt::format("{}|{}|{}|{}|{}|{}|0.{:02}|0.{:02}|{}|{}|{}|{}|{}|{}|{}|{}\n", key, part, supplier, number,
                         quantity, money(price), discount, tax, returned, is_open ? "O" : "F", day_text(shipped),
                         day_text(committed), day_text(received), random_.one_of(instructions),
                         random_.one_of(ship_modes), random_.words(comment_words, 3));
    return price * (100 + tax) * (100 - discount) / 10'000;
  }

  Random random_;
  long parts_;
  long suppliers_;
  long customers_;
};

}  // namespace

const std::vector<Table>& tables() {
  static const std::vector<Table> all = {
      {"region", "r_regionkey int PRIMARY KEY, r_name varchar(25) NOT NULL, r_comment varchar(152)"},
      {"nation",
       "n_nationkey int PRIMARY KEY, n_name varchar(25) NOT NULL, n_regionkey int NOT NULL, n_comment varchar(152)"},
      {"part",
       "p_partkey bigint PRIMARY KEY, p_name varchar(55), p_mfgr varchar(25), p_brand varchar(10), p_type varchar(25), "
       "p_size int, p_container varchar(10), p_retailprice numeric(15,2), p_comment varchar(23)"},
      {"supplier",
       "s_suppkey bigint PRIMARY KEY, s_name varchar(25), s_address varchar(40), s_nationkey int, s_phone char(15), "
       "s_acctbal numeric(15,2), s_comment varchar(101)"},
      {"partsupp",
       "ps_partkey bigint, ps_suppkey bigint, ps_availqty int, ps_supplycost numeric(15,2), ps_comment varchar(199), "
       "PRIMARY KEY (ps_partkey, ps_suppkey)"},
      {"customer",
       "c_custkey bigint PRIMARY KEY, c_name varchar(25), c_address varchar(40), c_nationkey int, c_phone char(15), "
       "c_acctbal numeric(15,2), c_mktsegment varchar(10), c_comment varchar(117)"},
      {"orders",
       "o_orderkey bigint PRIMARY KEY, o_custkey bigint, o_orderstatus char(1), o_totalprice numeric(15,2), "
       "o_orderdate date, o_orderpriority varchar(15), o_clerk char(15), o_shippriority int, o_comment varchar(79)"},
      {"lineitem",
       "l_orderkey bigint, l_partkey bigint, l_suppkey bigint, l_linenumber bigint, l_quantity numeric(15,2), "
       "l_extendedprice numeric(15,2), l_discount numeric(15,2), l_tax numeric(15,2), l_returnflag char(1), "
       "l_linestatus char(1), l_shipdate date, l_commitdate date, l_receiptdate date, l_shipinstruct varchar(25), "
       "l_shipmode varchar(10), l_comment varchar(44), PRIMARY KEY (l_orderkey, l_linenumber)"},
  };
  return all;
}

const std::vector<std::string>& indexes() {
  static const std::vector<std::string> all = {
      "CREATE INDEX ON lineitem(l_partkey, l_suppkey)",
      "CREATE INDEX ON orders(o_custkey)",
      "CREATE INDEX ON partsupp(ps_suppkey)",
  };
  return all;
}

Data::Data(double scale, std::uint64_t seed)
    : parts_(static_cast<long>(parts_per_unit * scale)),
      suppliers_(static_cast<long>(suppliers_per_unit * scale)),
      customers_(static_cast<long>(customers_per_unit * scale)),
      orders_(static_cast<long>(orders_per_unit * scale)) {
  Random random(seed);
  csv_.emplace_back("region", region_csv(random));
  csv_.emplace_back("nation", nation_csv(random));
  csv_.emplace_back("part", part_csv(random, parts_));
  csv_.emplace_back("supplier", supplier_csv(random, suppliers_));
  csv_.emplace_back("partsupp", partsupp_csv(random, parts_, suppliers_));
  csv_.emplace_back("customer", customer_csv(random, customers_));
  OrderBook book(parts_, suppliers_, customers_, seed + 1);
  for (long number = 1; number <= orders_; ++number) book.add(order_key(number));
  csv_.emplace_back("orders", std::move(book.orders));
  csv_.emplace_back("lineitem", std::move(book.lines));
}

const std::string& Data::csv(const std::string& table) const {
  const auto found = std::ranges::find(csv_, table, &std::pair<std::string, std::string>::first);
  if (found == csv_.end()) throw std::runtime_error("TPC-H has no table " + table);
  return found->second;
}

Data::Refresh Data::new_orders(long count, std::uint64_t seed) const {
  OrderBook book(parts_, suppliers_, customers_, seed);
  for (long number = 1; number <= count; ++number) book.add(order_key(number) + 8);
  return {.orders = std::move(book.orders), .lines = std::move(book.lines)};
}

}  // namespace walbrook::test::tpch

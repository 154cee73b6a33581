#include "test/differential/value_cases.h"

namespace walbrook::postgres {
namespace {

std::string list(const std::string& type, const std::vector<std::string>& values) {
  std::string sql = "SELECT x::" + type + " FROM (VALUES (NULL)";
  for (const auto& value : values) sql.append(", (").append(value).append(")");
  return sql + ") AS given(x)";
}

std::string decimal(int precision, int scale) {
  const auto digits = std::to_string(scale);
  return "CASE WHEN v <> 'NaN' AND abs(v) <> 'Infinity' AND abs(v) < 10::numeric ^ " +
         std::to_string(precision - scale) + " AND round(v, " + digits + ") = v THEN trim_scale(v * 10::numeric ^ " +
         digits + ")::text END";
}

// Numbers with 1 to 32 digits before the point and 1 to 12 after it, of both signs.
constexpr auto random_numerics = R"( UNION ALL
  SELECT (sign || left(digits, 1 + g % 32) || '.' || substr(digits, 33, 1 + g / 32 % 12))::numeric
  FROM (SELECT g, CASE WHEN random() < 0.5 THEN '-' ELSE '' END AS sign,
               translate(md5(g::text) || md5(random()::text), 'abcdef', '012900') AS digits
        FROM generate_series(1, 3000) g) AS random_digits)";

std::vector<ValueCase> number_cases() {
  return {
      {"bools", "bool", list("bool", {"'t'", "'f'"}), "v::int::text"},
      {"int2s", "int2", list("int2", {"-32768", "-1", "0", "1", "32767"}), "v::text"},
      {"int4s", "int4",
       list("int4", {"-2147483648", "-1", "0", "2147483647"}) +
           " UNION ALL SELECT ((random() - 0.5) * 4e9)::int FROM generate_series(1, 1000)",
       "v::text"},
      {"int8s", "int8", list("int8", {"-9223372036854775808", "0", "-1", "9223372036854775807"}), "v::text"},
      {"oids", "oid", list("oid", {"0::oid", "4294967295::oid", "2147483648::oid"}), "v::text"},
      {"xid8s", "xid8", list("xid8", {"'0'", "'18446744073709551615'", "'9223372036854775808'"}), "v::text"},
      {"float4s", "float4",
       list("float4", {"'-0'", "'0'", "'NaN'", "'Infinity'", "'-Infinity'", "'1e-45'", "'1.1754942e-38'",
                       "'3.4028235e+38'", "'0.1'", "'16777217'"}) +
           " UNION ALL SELECT ((random() - 0.5) * 10 ^ (random() * 74 - 37))::float4 FROM generate_series(1, 2000)",
       ""},
      {"float8s", "float8",
       list("float8", {"'-0'", "'0'", "'NaN'", "'Infinity'", "'-Infinity'", "'5e-324'", "'2.2250738585072009e-308'",
                       "'1.7976931348623157e+308'", "'0.1'", "'1e15'", "'1e16'", "'9007199254740993'"}) +
           " UNION ALL SELECT (random() - 0.5) * 10 ^ (random() * 600 - 300) FROM generate_series(1, 3000)",
       ""},
      {"numerics", "numeric",
       list("numeric", {"'NaN'",
                        "'Infinity'",
                        "'-Infinity'",
                        "'0'",
                        "'-0.000'",
                        "'1.10'",
                        "'0.000000001'",
                        "'-0.0000000011'",
                        "'1.0000000000'",
                        "'1.23456789012345678901234567890123456789012345678901'",
                        "'10000'",
                        "'100000000'",
                        "repeat('9', 29)",
                        "repeat('9', 30)",
                        "'-' || repeat('9', 29) || '.999999999'",
                        "repeat('9', 38)",
                        "'1' || repeat('0', 38)",
                        "repeat('7', 50)",
                        "repeat('9', 131072)",
                        "repeat('8', 131072) || '.' || repeat('3', 16383)",
                        "'-' || '0.' || repeat('0', 16382) || '1'",
                        "'1' || repeat('0', 131071)",
                        "'1e-16383'",
                        "'1e131071'",
                        "'0.00000001'",
                        "'0.0001'",
                        "'123e20'"}) +
           random_numerics,
       decimal(38, 9)},
      {"numeric12_2", "numeric(12, 2)",
       list("numeric", {"'NaN'", "'0'", "'-0.01'", "'9999999999.99'", "'-9999999999.99'", "'1.1'", "'10000'"}),
       decimal(12, 2)},
      {"numeric38_38", "numeric(38, 38)",
       list("numeric", {"'0.' || repeat('9', 38)", "'-0.' || repeat('0', 37) || '1'", "'0.5'", "'NaN'"}),
       decimal(38, 38)},
      {"numeric38_0", "numeric(38, 0)", list("numeric", {"repeat('9', 38)", "'-1' || repeat('0', 37)", "'10000'"}),
       decimal(38, 0)},
      {"numeric5_m3", "numeric(5, -3)", list("numeric", {"'12345678'", "'-99999000'", "'499'"}), decimal(38, 9)},
      {"numeric3_5", "numeric(3, 5)", list("numeric", {"'0.00999'", "'-0.00001'", "'NaN'"}), decimal(38, 9)},
      {"numeric100_50", "numeric(100, 50)", list("numeric", {"'0.5'", "'1e-50'", "repeat('9', 50)"}), decimal(38, 9)},
      {"prices", "price", list("price", {"'9999.999'", "'-999.999'", "'0.1'", "'NaN'"}), decimal(7, 3)},
  };
}

std::vector<ValueCase> text_cases() {
  // Every 997th code point, and those around the limits of the encoding.
  const std::string unicode =
      " UNION ALL SELECT 'a' || chr(g) || 'b' FROM (SELECT generate_series(1, 1114111, 997) UNION SELECT unnest(ARRAY["
      "127, 128, 2047, 2048, 55295, 57344, 65533, 65534, 65535, 65536, 1114111])) AS points(g)"
      " WHERE g NOT BETWEEN 55296 AND 57343";
  return {
      {"texts", "text",
       list("text", {"''", "' '", "'\\N'", "'NULL'", "E'tab\\t nl\\n cr\\r bs\\\\'", "repeat('x', 100000)",
                     "E'e\\u0301'", "E'\\u0001'"}) +
           unicode,
       ""},
      {"varchars", "varchar(10)", list("text", {"''", "'a '", "'0123456789'", "'ÄÖÜäöüß€'"}), ""},
      {"bpchars", "char(5)", list("text", {"''", "'a'", "'ab  '", "'ÄÖÜ'", "'12345'"}), ""},
      {"names", "name", list("name", {"''", "'Pg \"x\"'", "repeat('n', 63)"}), ""},
      {"chars", "\"char\"", "SELECT (g - 128)::\"char\" FROM generate_series(0, 255) g", ""},
      {"moods", "mood", list("mood", {"'calm'", "'Grüße, \"x\"'", "'it''s'"}), ""},
      {"domains", "shorter_text", list("text", {"''", "'a  '", "'ÄÖÜ'"}), ""},
      {"jsons", "json",
       list("json", {"'null'", "'{\"b\" :  1,\"a\":2, \"b\":3}'", "'9007199254740993'", "'\"\\u00e9\\n\"'", "' [ ] '"}),
       ""},
      {"jsonbs", "jsonb",
       list("jsonb", {"'null'", "'{\"b\" :  1,\"a\":2, \"b\":3}'", "'123456789012345678901234567890.10'",
                      "'\"\\u00e9\\n\"'", "'[1, [2, {}]]'"}),
       ""},
      {"byteas", "bytea",
       list("bytea", {"''", "'\\x00'", "'abc'", "'\\\\'", "decode(repeat('00ff41', 40000), 'hex')"}) +
           " UNION ALL SELECT set_byte('\\x00', 0, g) FROM generate_series(0, 255) g",
       ""},
      {"uuids", "uuid",
       list("uuid", {"'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"}) +
           " UNION ALL SELECT gen_random_uuid() FROM generate_series(1, 300)",
       ""},
      // As PostgreSQL prints them; their binary form is not read.
      {"xmls", "xml", list("xml", {"'<a b=\"c\">é</a>'"}), ""},
      {"points", "point", list("point", {"'(1,-0)'", "'(1e300,NaN)'"}), ""},
      {"ranges", "int4range", list("int4range", {"'empty'", "'(,5]'", "'[1,)'"}), ""},
      {"inets", "inet", list("inet", {"'10.0.0.1/8'", "'::1'"}), ""},
  };
}

// Maps the infinities too; `finite` is the integer of all other values.
std::string or_infinite(const std::string& infinity, const std::string& finite) {
  return "CASE WHEN v = 'infinity' THEN '" + infinity + "' WHEN v = '-infinity' THEN '-" + infinity + "' ELSE " +
         finite + " END";
}

std::vector<ValueCase> datetime_cases() {
  // extract(epoch FROM v) would not do: the server rounds it near the end of the range.
  const std::string instant = or_infinite("9223372036854775807",
                                          "(SELECT CASE WHEN us < 9223372036854775807 THEN trunc(us)::text END FROM "
                                          "(SELECT (v::date - date '1970-01-01') * "
                                          "86400000000::numeric + extract(epoch FROM v::time) * 1000000) AS sum(us))");
  const std::string microseconds = "trunc(extract(epoch FROM v) * 1000000)::text";
  const std::vector<std::string> instants = {"'infinity'",
                                             "'-infinity'",
                                             "'4714-11-24 00:00:00 BC'",
                                             "'0044-03-15 12:00:00.5 BC'",
                                             "'0001-02-29 BC'",
                                             "'0001-12-31 23:59:59.999999 BC'",
                                             "'0001-01-01'",
                                             "'1969-12-31 23:59:59.999999'",
                                             "'1970-01-01'",
                                             "'1999-12-31 23:59:59.999999'",
                                             "'2000-01-01'",
                                             "'2000-02-29 00:00:00.1'",
                                             "'9999-12-31 23:59:59.999999'",
                                             "'10000-01-01'",
                                             "'123456-07-08 09:10:11.1213'",
                                             "'294247-01-10 04:00:54.775806'",
                                             "'294247-01-10 04:00:54.775807'",
                                             "'294247-01-10 04:00:54.775808'",
                                             "'294276-12-31 23:59:59.999999'",
                                             "'2026-10-25 01:30:00'",
                                             "'2026-03-29 02:30:00'"};
  const auto random_instants = [](const std::string& type) {
    return " UNION ALL SELECT " + type + " '2000-01-01' + (random() - 0.5) * interval '12000 years' " +
           "FROM generate_series(1, 2000) UNION ALL SELECT " + type +
           " '294200-01-01' + random() * interval '76 years' FROM generate_series(1, 2000)";
  };
  return {
      {"dates", "date",
       list("date",
            {"'infinity'", "'-infinity'", "'4714-11-24 BC'", "'0001-12-31 BC'", "'0001-02-29 BC'", "'0001-01-01'",
             "'1969-12-31'", "'1970-01-01'", "'2000-02-29'", "'9999-12-31'", "'10000-01-01'", "'5874897-12-31'"}) +
           " UNION ALL SELECT date '4714-11-24 BC' + (random() * 2147483493)::int FROM generate_series(1, 2000)"
           " UNION ALL SELECT date '4714-11-24 BC' + (random() * 4000000)::int FROM generate_series(1, 2000)",
       or_infinite("2147483647", "(v - date '1970-01-01')::text")},
      {"times", "time",
       list("time", {"'00:00:00'", "'00:00:00.000001'", "'23:59:59.999999'", "'24:00:00'", "'12:34:56.7'"}) +
           " UNION ALL SELECT time '00:00' + random() * interval '24 hours' FROM generate_series(1, 500)",
       microseconds},
      {"times0", "time(0)", list("time", {"'23:59:59.7'", "'12:00:00.4'"}), microseconds},
      {"timetzs", "timetz",
       list("timetz", {"'00:00:00+00'", "'24:00:00-15:59:59'", "'00:00:00+15:59:59'", "'12:00:00.5+05:53:28'",
                       "'12:00:00-00:00:01'", "'12:00:00-03:30'", "'12:00:00+00:19:32'", "'23:59:59.999999+13'"}),
       ""},
      {"timestamps", "timestamp", list("timestamp", instants) + random_instants("timestamp"), instant},
      {"timestamps3", "timestamp(3)", list("timestamp", {"'2026-01-01 00:00:00.9996'", "'infinity'"}), instant},
      {"timestamptzs", "timestamptz", list("timestamptz", instants) + random_instants("timestamptz"), instant},
      {"intervals", "interval",
       list("interval", {"'0'",
                         "'1 year'",
                         "'1 mon'",
                         "'1 day'",
                         "'1 sec'",
                         "'-1 year -2 mons +3 days -04:05:06.789'",
                         "'1 year -1 day'",
                         "'-1 day 2 hours'",
                         "'1 mon -00:00:00.000001'",
                         "'-00:00:01'",
                         "'36:00:00'",
                         "'178956970 years 7 mons'",
                         "'-178956970 years -8 mons'",
                         "'2147483647 days'",
                         "'-2147483648 days'",
                         "'2562047788:00:54.775807'",
                         "'-2562047788:00:54.775807'",
                         "'11 mons -12 years'",
                         "'-0.5 sec'",
                         "'178956970 years 7 mons 2147483647 days 2562047788:00:54.775806'"}) +
           " UNION ALL SELECT (random() * 20000 - 10000)::int * interval '1 mon'"
           " + (random() * 20000 - 10000)::int * interval '1 day' + (random() - 0.5) * 1e9 * interval '1 sec'"
           " FROM generate_series(1, 2000)",
       ""},
  };
}

const std::string one_dimension = "(array_ndims(v) IS NULL OR array_ndims(v) = 1 AND array_lower(v, 1) = 1)";

// Arrays of `elements`: each element alone, all of them together, none, with NULLs, in two dimensions, and with other
// bounds.
ValueCase array_case(const std::string& name, const std::string& element, const std::vector<std::string>& elements,
                     const std::string& held = "true") {
  std::string all;
  for (const auto& each : elements) all += (all.empty() ? "" : ", ") + each + "::" + element;
  const auto array = "ARRAY[" + all + "]";
  std::vector<std::string> values = {"'{}'",
                                     "'{NULL}'",
                                     "ARRAY[NULL, NULL]::" + element + "[]",
                                     array,
                                     "ARRAY[" + all + ", NULL]",
                                     "ARRAY[" + array + ", " + array + "]",
                                     "('[0:0]={NULL}'::" + element + "[])",
                                     "('[-1:-1]={NULL}'::" + element + "[])"};
  for (const auto& each : elements) values.push_back("ARRAY[" + each + "::" + element + "]");
  return {name, element + "[]", list(element + "[]", values), "", one_dimension + " AND " + held};
}

std::vector<ValueCase> array_cases() {
  const std::string finite =
      "NOT EXISTS (SELECT FROM unnest(v) AS e WHERE e = 'NaN' OR abs(e) = 'Infinity' OR abs(e) >= 1e29)";
  return {
      array_case("bool_arrays", "bool", {"'t'", "'f'"}),
      array_case("int2_arrays", "int2", {"'-32768'", "'32767'"}),
      array_case("int4_arrays", "int4", {"'-2147483648'", "'0'", "'2147483647'"}),
      array_case("int8_arrays", "int8", {"'-9223372036854775808'", "'7'"}),
      array_case("oid_arrays", "oid", {"'0'", "'4294967295'"}),
      array_case("xid8_arrays", "xid8", {"'18446744073709551615'"}),
      array_case("float4_arrays", "float4", {"'-0'", "'NaN'", "'-Infinity'", "'1e-45'"}),
      array_case("float8_arrays", "float8", {"'-0'", "'NaN'", "'Infinity'", "'0.1'"}),
      array_case("numeric_arrays", "numeric", {"'1.10'", "'-0.000000001'", "'NaN'", "'Infinity'", "repeat('7', 50)"},
                 finite),
      array_case("numeric12_2_arrays", "numeric(12,2)", {"'1.10'", "'NaN'", "'-9999999999.99'"}, finite),
      array_case("price_arrays", "price", {"'9999.999'", "'NaN'"}, finite),
      array_case("text_arrays", "text",
                 {"''", "'NULL'", "'null'", "'a,b'", "'{x}'", "'q\"uote'", "'back\\slash'", "' blank '",
                  "E'tab\\t nl\\n'", "'Grüße'", "repeat('x', 100000)"}),
      array_case("varchar_arrays", "varchar(10)", {"''", "'a '"}),
      array_case("bpchar_arrays", "char(5)", {"''", "'a'"}),
      array_case("name_arrays", "name", {"'Pg \"x\"'"}),
      array_case("bytea_arrays", "bytea", {"''", "'\\x00'", "'\\xff22'"}),
      array_case("uuid_arrays", "uuid", {"'00000000-0000-0000-0000-000000000000'"}),
      array_case("date_arrays", "date", {"'infinity'", "'4714-11-24 BC'", "'2000-02-29'"}),
      array_case("time_arrays", "time", {"'24:00:00'", "'12:34:56.7'"}),
      array_case("timetz_arrays", "timetz", {"'24:00:00-15:59:59'", "'12:00:00.5+05:53:28'"}),
      array_case("timestamp_arrays", "timestamp", {"'infinity'", "'0044-03-15 12:00:00.5 BC'"}),
      array_case("timestamptz_arrays", "timestamptz", {"'-infinity'", "'2026-10-25 01:30:00'"}),
      array_case("interval_arrays", "interval", {"'-1 year -2 mons +3 days -04:05:06.789'", "'0'"}),
      array_case("json_arrays", "json", {"'null'", "'{\"b\" :  1,\"a\":[2]}'"}),
      array_case("jsonb_arrays", "jsonb", {"'null'", "'{\"b\" :  1,\"a\":[2]}'"}),
      array_case("mood_arrays", "mood", {"'calm'", "'Grüße, \"x\"'", "'it''s'"}),
      array_case("bit_arrays", "bit(3)", {"B'101'", "B'000'"}),
      array_case("varbit_arrays", "varbit", {"B'1'", "B'10101010101'", "B''"},
                 "NOT EXISTS (SELECT FROM unnest(v) AS e WHERE e = B'')"),
      array_case("inet_arrays", "inet", {"'10.0.0.1/8'", "'::1'"}),
      array_case("box_arrays", "box", {"'(1,1),(0,0)'", "'(2,2),(1,1)'"}),
      array_case("pair_arrays", "pair", {"ROW(1, 'x\"y\\z')", "ROW(NULL, NULL)", "ROW(2, '')"}),
      array_case("hstore_arrays", "hstore", {"'a=>1'", "''", "'\"k \\\"\"=>NULL'"}),
      {"price_lists", "prices_list", list("prices_list", {"'{}'", "'{1.10,-999.99,NULL}'", "'{NaN}'", "'{{1,2}}'"}), "",
       one_dimension + " AND NOT EXISTS (SELECT FROM unnest(v) AS e WHERE e = 'NaN')"},
  };
}

std::string composite_list(const std::string& type, std::vector<std::string> rows) {
  for (auto& row : rows) row += "::" + type;
  return list(type, rows);
}

std::vector<ValueCase> composite_cases() {
  return {
      {"bits", "bit(11)", list("bit(11)", {"B'10101010101'", "B'00000000000'", "B'11111111111'"}), ""},
      {"varbits", "varbit",
       list("varbit", {"B''", "B'1'", "B'0'", "B'10000000'", "B'011111111'", "repeat('10', 5000)::varbit"}), "",
       "v <> B''"},
      {"pairs", "pair",
       composite_list("pair",
                      {"ROW(1, 'x')", "ROW(NULL, NULL)", "ROW(2, '')", "ROW(3, ' \"q\" ')", "ROW(4, 'a,b(c)\\d')",
                       "ROW(5, E'nl\\n')", "ROW(6, 'NULL')", "ROW(7, repeat('y', 50000))"}),
       ""},
      {"any_pairs", "any_pair", list("any_pair", {"ROW(1, 'x')::pair", "ROW(NULL, NULL)::pair"}), ""},
      {"singles", "single", composite_list("single", {"ROW(NULL)", "ROW('')", "ROW('x')"}), ""},
      {"deeps", "deep",
       composite_list("deep",
                      {"ROW(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
                       "ROW(ROW(1, 'x\"\\'), ARRAY[ROW(2, 'y,\"')::pair, NULL, ROW(NULL, NULL)::pair], 1.5, 'it''s', "
                       "-1.125, ROW(3, ''), "
                       "'a=>\"b \\\" c\", n=>NULL', '2026-01-01 00:00+02', '{1.5,NULL}')",
                       "ROW(ROW(1, 'x'), '{}', 'NaN', 'calm', 0, NULL, '', 'infinity', '{}')",
                       "ROW(ROW(1, 'x'), '[0:0]={NULL}', 1, 'calm', 0, NULL, '', 'infinity', '{}')",
                       "ROW(ROW(1, 'x'), '{}', 1, 'calm', 0, NULL, '', 'infinity', '{NaN}')"}),
       "",
       "(v).\"n N\" IS DISTINCT FROM 'NaN' AND array_lower((v).ps, 1) IS DISTINCT FROM 0 AND 'NaN' <> ALL "
       "(coalesce((v).pl, '{}')) "
       "IS NOT FALSE"},
      {"hstores", "hstore",
       list("hstore", {"''", "'a=>1'", "'a=>NULL'", "'a=>\"NULL\", \"b \\\"q\\\" \\\\\"=>\"x,y=>z\", \"\"=>\"\"'",
                       "(SELECT hstore(array_agg(g::text), array_agg(md5(g::text))) FROM generate_series(1, 500) g)"}),
       ""},
  };
}

}  // namespace

std::vector<ValueCase> value_cases() {
  auto all = number_cases();
  for (auto more : {text_cases(), datetime_cases(), array_cases(), composite_cases()}) {
    for (auto& item : more) all.push_back(std::move(item));
  }
  return all;
}

}  // namespace walbrook::postgres

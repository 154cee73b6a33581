#include "base/publication_list.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace walbrook {
namespace {

using Names = std::vector<std::string>;

std::string refusal_of_list(std::string_view text) {
  try {
    static_cast<void>(parse_publications("--publication", text));
    return "taken";
  } catch (const Error& refused) {
    EXPECT_EQ(refused.kind(), ErrorKind::configuration);
    return refused.cause();
  }
}

TEST(PublicationList, names_are_exact_and_separated_by_commas) {
  EXPECT_EQ(parse_publications("walbrook"), (Names{"walbrook"}));
  EXPECT_EQ(parse_publications("Sales, stock ,\tx y"), (Names{"Sales", "stock", "x y"}));
  EXPECT_EQ(parse_publications(R"(we"ird)"), (Names{R"(we"ird)"}));
}

TEST(PublicationList, a_quoted_name_may_contain_commas_and_quotes) {
  EXPECT_EQ(parse_publications(R"("a,b",c)"), (Names{"a,b", "c"}));
  EXPECT_EQ(parse_publications(R"( "say ""hi"", you" , " c ")"), (Names{R"(say "hi", you)", " c "}));
}

TEST(PublicationList, a_written_list_is_read_as_the_same_names) {
  for (const auto& names : {Names{"a"}, Names{"a", "b"}, Names{"a,b", "\"", " c", "d\n", "x y"}, Names{"a\"b"}}) {
    EXPECT_EQ(parse_publications(publication_list(names)), names) << publication_list(names);
  }
  EXPECT_EQ(publication_list({"a", "b,c"}), R"(a,"b,c")");
}

TEST(PublicationList, refuses_what_is_no_list) {
  EXPECT_EQ(refusal_of_list(""), R"(--publication "" is empty)");
  EXPECT_EQ(refusal_of_list("a,"), R"(--publication "a," has an empty name)");
  EXPECT_EQ(refusal_of_list(",a"), R"(--publication ",a" has an empty name)");
  EXPECT_EQ(refusal_of_list("a, a"), R"(--publication "a, a" names publication a twice)");
  EXPECT_EQ(refusal_of_list("\"a,b"), R"(--publication ""a,b" has a double quote that is not closed)");
  EXPECT_EQ(refusal_of_list(R"("a"b)"), R"(--publication ""a"b" has no comma after a name in double quotes)");
  EXPECT_NE(refusal_of_list("a," + std::string(64, 'x')).find("longer than PostgreSQL's 63 bytes"), std::string::npos);
}

TEST(PublicationList, sentences_name_all) {
  EXPECT_EQ(named_publications({"a"}), "publication a");
  EXPECT_EQ(named_publications({"a", "b"}), "publications a and b");
  EXPECT_EQ(named_publications({"a", "b", "c"}), "publications a, b and c");
}

}  // namespace
}  // namespace walbrook

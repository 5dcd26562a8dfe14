package org.vivarium.vmm.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.vmm.InvalidConfigException;

/** Our trees are Jackson's own, and their texts too. */
class JsonTest {
  private final ObjectMapper jackson = new ObjectMapper();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "null",
        "true",
        "\"\\u00e9\\n\\\"\\u0000\"",
        "-1",
        "2147483648",
        "9223372036854775808",
        "-123456789012345678901234567890",
        "1.5e300",
        "0.1",
        "{\"a\":[1,{\"b\":null,\"c\":[]},\"x\"],\"d\":{\"e\":false}}"
      })
  void treeAndTextsAreAsJacksonsOwn(String text) throws Exception {
    var tree = Json.parse(text);

    assertEquals(jackson.readTree(text), tree);
    assertEquals(jackson.writeValueAsString(tree), Json.line(tree));
    assertEquals(
        jackson.writerWithDefaultPrettyPrinter().writeValueAsString(tree) + "\n",
        Json.pretty(tree));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", " ", "{", "[1,", "{\"a\"}", "{} {}", "1 2", "{\"a\":1,\"a\":2}", "nul"})
  void whatIsNoJsonIsRefused(String text) {
    assertThrows(InvalidConfigException.class, () -> Json.parse(text));
  }

  @Test
  void nestingIsBounded() throws Exception {
    String most = "[".repeat(Json.MAX_DEPTH) + "]".repeat(Json.MAX_DEPTH);

    assertTrue(Json.parse(most).isArray());
    assertThrows(InvalidConfigException.class, () -> Json.parse("[" + most + "]"));
  }

  @Test
  void whatFollowsIsNamedWithItsPlace() {
    InvalidConfigException refused =
        assertThrows(InvalidConfigException.class, () -> Json.parse("{}\n  []"));

    assertEquals(
        "It is not valid JSON in line 2, column 4: More follows where it should end.",
        refused.getMessage());
  }
}

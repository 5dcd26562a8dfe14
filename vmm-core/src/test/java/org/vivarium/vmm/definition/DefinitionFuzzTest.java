package org.vivarium.vmm.definition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import org.vivarium.vmm.InvalidConfigException;

/**
 * Whatever stands in a definition, it is read or refused in a sentence, and reads back the same.
 */
class DefinitionFuzzTest {
  @FuzzTest
  void anyTextIsReadOrRefused(FuzzedDataProvider data) {
    String text = data.consumeRemainingAsString();
    try {
      VmDefinition read = DefinitionJson.read("test", text).definition();
      assertEquals(read, DefinitionJson.read("test", DefinitionJson.write(read)).definition());
    } catch (InvalidConfigException e) {
      assertTrue(String.valueOf(e.getMessage()).endsWith("."), e.getMessage());
    }
  }
}

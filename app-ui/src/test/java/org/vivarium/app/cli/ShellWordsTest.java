package org.vivarium.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.vivarium.vmm.InvalidConfigException;

class ShellWordsTest {
  @Test
  void wordsAreSplitAsAShellDoes() throws Exception {
    assertEquals(
        List.of("sh", "-c", "echo 'a  b'; exit", "", "x y"),
        ShellWords.split("--command", "sh -c \"echo 'a  b'; exit\"  '' x\\ y "));
    assertEquals(List.of(), ShellWords.split("--command", "  "));
  }

  @Test
  void anOpenQuoteIsRefused() {
    assertEquals(
        "Option --command: a quote is not closed.",
        assertThrows(InvalidConfigException.class, () -> ShellWords.split("--command", "sh 'x"))
            .getMessage());
  }
}

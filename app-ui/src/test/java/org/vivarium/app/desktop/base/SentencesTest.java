package org.vivarium.app.desktop.base;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class SentencesTest {
  private static final Path CHINESE =
      Path.of("src/main/resources/org/vivarium/app/desktop/sentences_zh_TW.txt");

  private final Sentences chinese = Sentences.of(Texts.Language.TRADITIONAL_CHINESE);

  @Test
  void placesAreLookedUpInTurn() {
    assertEquals(
        "引擎：qemu（軟體模擬），因為沒有 /dev/kvm。",
        chinese.translated("Engine: qemu (software emulation), because there is no /dev/kvm."));
    assertEquals("正在啟動 web-1", chinese.translated("Starting web-1"));
  }

  @Test
  void whatIsNotKnownStaysAsItIs() {
    assertEquals("The disk is purple.", chinese.translated("The disk is purple."));
    assertEquals(
        "Starting web-1", Sentences.of(Texts.Language.ENGLISH).translated("Starting web-1"));
  }

  @Test
  void bothLinesOfEachPairHaveTheSamePlaces() throws IOException {
    List<String> lines = lines();
    assertEquals(0, lines.size() % 2);
    for (int i = 0; i < lines.size(); i += 2) {
      assertEquals(places(lines.get(i)), places(lines.get(i + 1)), lines.get(i));
    }
  }

  /** A sentence that was reworded below would silently be English again. */
  @Test
  void layersBelowStillSaySo() throws IOException {
    String said = sources();
    List<String> gone = new ArrayList<>();
    for (int i = 0; i < lines().size(); i += 2) {
      // States and enumerations are put together where they are said.
      for (String part : lines().get(i).split("\\{}|, | and |\\.$")) {
        if (part.length() > 20 && !part.startsWith("The machine is ") && !said.contains(part)) {
          gone.add(part);
        }
      }
    }
    assertEquals(List.of(), gone);
  }

  private static List<String> lines() throws IOException {
    return Files.readAllLines(CHINESE).stream()
        .filter(line -> !line.isBlank() && !line.startsWith("#"))
        .toList();
  }

  private static long places(String line) {
    return Pattern.compile(Pattern.quote("{}")).matcher(line).results().count();
  }

  /** All that the modules below say, each sentence in one piece and with no escapes. */
  private static String sources() throws IOException {
    StringBuilder all = new StringBuilder();
    for (String module : List.of("guest-images", "vmm-core", "app-ui")) {
      try (Stream<Path> files = Files.walk(Path.of("..", module, "src/main"))) {
        for (Path file : files.toList()) {
          if (file.toString().endsWith(".java") || file.endsWith("entries.json")) {
            all.append(Files.readString(file));
          }
        }
      }
    }
    return all.toString().replaceAll("\"\\s*\\+\\s*\"", "").replace("\\\"", "\"");
  }
}

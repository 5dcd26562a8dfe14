package org.vivarium.images.catalog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vivarium.images.ImageException;
import org.vivarium.images.disk.DiskFormat;

class EntryReaderTest {
  private static final String SHA = "0123456789abcdef".repeat(4);
  private static final String IMAGE =
      """
      {"id": "own", "kind": "image", "url": "https://images.example/a.qcow2",
       "sha256": "%s", "format": "qcow2", "diskMib": 4096, "user": "debian"}\
      """
          .formatted(SHA);

  private static List<CatalogueEntry> read(String json) throws ImageException {
    return new EntryReader("own.json", true).read(json.getBytes(StandardCharsets.UTF_8));
  }

  private static String refusal(String json) {
    return assertThrows(ImageException.class, () -> read(json)).getMessage();
  }

  @Test
  void readsAnImageWithItsDefaults() throws ImageException {
    CatalogueEntry entry = read(IMAGE).getFirst();

    GuestRecipe.Image image = (GuestRecipe.Image) entry.recipe();
    assertEquals(SHA, image.check().digest());
    assertEquals(DiskFormat.QCOW2, image.format());
    assertEquals(new CatalogueEntry.Defaults(1, 512, 4096), entry.defaults());
    assertEquals("own", entry.title());
    assertEquals("debian", entry.user());
    assertTrue(entry.own());
  }

  @Test
  void readsAnArray() throws ImageException {
    List<CatalogueEntry> entries =
        read("[" + IMAGE + ", {\"id\":\"t\",\"kind\":\"tiny\",\"flavour\":\"cloud\"}]");

    assertEquals(2, entries.size());
    assertEquals(0, entries.get(1).defaults().diskMib());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"own\"|\"../x\"|has the id \"../x\", which must be a word of a-z, 0-9, '.' and '-'.",
        "\"image\"|\"iso\"|has the kind \"iso\", not one of tiny, debian, image, disk.",
        "https:|file:|has the url \"file://images.example/a.qcow2\", which must begin with http://"
            + " or https://.",
        "\"qcow2\"|\"vmdk\"|has the format \"vmdk\", not one of raw, qcow2.",
        "4096|15|has the diskMib 15, which must be a number from 16 to 67108864.",
        "4096|1e3|has the diskMib 1000.0, which must be a number from 16 to 67108864.",
        "\"user\"|\"usr\"|has the field \"usr\", which this version does not know.",
        "\"debian\"|\"a b\"|has the user \"a b\", which is no user's name.",
        "0123456789abcdef|0123|has the sha256 \"0123012301230123\", which must be 64 hexadecimal"
            + " digits, in small letters.",
      })
  void namesTheFieldThatIsWrong(String good, String bad, String sentence) {
    assertEquals("The catalogue file own.json " + sentence, refusal(IMAGE.replace(good, bad)));
  }

  @Test
  void namesTheFieldThatIsMissing() {
    assertEquals(
        "The catalogue file own.json lacks the field \"kind\".", refusal("{\"id\":\"x\"}"));
  }

  @Test
  void refusesWhatIsNoJson() {
    assertTrue(refusal("{\"id\": \n x}").contains("own.json is not JSON"));
    assertTrue(refusal("").contains("must hold an object"));
    assertTrue(refusal("{} {}").contains("own.json is not JSON"));
    assertTrue(refusal("[".repeat(100)).contains("own.json is not JSON"));
  }

  @FuzzTest(maxDuration = "30s")
  void anyBytesAreReadOrRefused(byte[] json) {
    try {
      new EntryReader("fuzz.json", true).read(json);
    } catch (ImageException e) {
      assertEquals(1, e.getMessage().lines().count());
    }
  }
}

package org.vivarium.images.oci;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;

/** Whatever a layer's archive holds, it is unpacked or refused in a sentence. */
class LayerFuzzTest {
  @FuzzTest
  void anyBytesAreUnpackedOrRefused(byte[] archive) throws IOException {
    Path folder = Files.createTempDirectory("layer-fuzz");
    try {
      Path layout = new ImageFixture().rawLayer(archive, archive).layout(folder.resolve("layout"));
      new OciStore(folder.resolve("images"))
          .obtain(
              layout.toString(),
              OciStore.Form.ARCHIVE,
              new LayerReader.Limits(1000, 1 << 20),
              Progress.NONE);
    } catch (ImageException refused) {
      if (!Character.isUpperCase(refused.getMessage().charAt(0))) {
        throw new AssertionError("no sentence: " + refused.getMessage(), refused);
      }
    } finally {
      DurableFiles.deleteFolder(folder);
    }
  }
}

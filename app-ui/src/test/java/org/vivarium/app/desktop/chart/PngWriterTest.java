package org.vivarium.app.desktop.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import javafx.scene.image.WritableImage;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PngWriterTest {
  @TempDir Path folder;

  @Test
  void anotherReaderSeesTheSamePixels() throws IOException {
    WritableImage image = new WritableImage(3, 2);
    image.getPixelWriter().setArgb(2, 1, 0xff_12_34_56);
    Path file = folder.resolve("image.png");

    PngWriter.write(image, file);

    BufferedImage read = ImageIO.read(file.toFile());
    assertEquals(3, read.getWidth());
    assertEquals(2, read.getHeight());
    assertEquals(0xff_12_34_56, read.getRGB(2, 1));
  }
}

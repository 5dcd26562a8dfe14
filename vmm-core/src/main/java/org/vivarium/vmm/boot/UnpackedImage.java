package org.vivarium.vmm.boot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.kernel.UnpackedKernel;
import org.vivarium.vmm.InvalidConfigException;

/**
 * The unpacked form of a bzImage, open.
 *
 * @param file what it is read from
 * @param kernel its checked header
 */
record UnpackedImage(ImageFile file, UnpackedKernel kernel) implements AutoCloseable {
  private static final String OWNER = "unix:uid";

  /**
   * Opens what lies beside a kernel, if it was made of that very bzImage.
   *
   * <p>It must belong to the owner of the kernel: in a folder that all may write to, anybody can
   * lay a file beside it.
   *
   * @param path the kernel's
   * @param image the kernel
   * @return null if there is none, or none that may be used
   * @throws InvalidConfigException if the kernel cannot be read
   */
  static @Nullable UnpackedImage beside(Path path, BootImage image) throws InvalidConfigException {
    Path unpacked = UnpackedKernel.beside(path);
    if (image.size() < UnpackedKernel.START_BYTES || !belongsTogether(path, unpacked)) {
      return null;
    }
    ImageFile file;
    try {
      file = ImageFile.open("Unpacked kernel", unpacked);
    } catch (InvalidConfigException _) {
      // Nothing that is needed: the kernel can unpack itself.
      return null;
    }
    UnpackedKernel kernel = null;
    try {
      kernel = header(file, image);
    } finally {
      if (kernel == null) {
        file.close();
      }
    }
    return kernel == null ? null : new UnpackedImage(file, kernel);
  }

  private static boolean belongsTogether(Path kernel, Path unpacked) {
    try {
      return Files.isRegularFile(unpacked)
          && Files.getAttribute(unpacked, OWNER).equals(Files.getAttribute(kernel, OWNER));
    } catch (IOException _) {
      return false;
    }
  }

  private static @Nullable UnpackedKernel header(ImageFile file, BootImage image)
      throws InvalidConfigException {
    if (file.size() < UnpackedKernel.PAGE) {
      return null;
    }
    ByteBuffer header = file.copy(0, UnpackedKernel.PAGE);
    ByteBuffer start = image.copy(0, UnpackedKernel.START_BYTES);
    ByteBuffer end = image.copy(image.size() - UnpackedKernel.END_BYTES, UnpackedKernel.END_BYTES);
    return UnpackedKernel.isOf(header, image.size(), start, end)
        ? UnpackedKernel.read(header, file.size())
        : null;
  }

  @Override
  public void close() throws InvalidConfigException {
    file.close();
  }
}

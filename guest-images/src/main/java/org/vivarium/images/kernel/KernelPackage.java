package org.vivarium.images.kernel;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.ImageException;
import org.vivarium.images.deb.DebArchive;
import org.vivarium.images.deb.DebEntry;

/**
 * The kernel and the modules of a distribution's kernel packages.
 *
 * <p>The modules are kept in one scratch file while the package is open, since which of them are
 * wanted is known only once some have been looked into. Belongs to one thread.
 */
public final class KernelPackage implements Closeable {
  private static final Pattern KERNEL = Pattern.compile("boot/vmlinuz-([A-Za-z0-9.+~_-]+)");
  private static final Pattern MODULE_FILE =
      Pattern.compile("(?:usr/)?lib/modules/([^/]+)/(.+\\.ko(?:\\.xz|\\.zst|\\.gz)?)");
  private static final Pattern BUILT_IN =
      Pattern.compile("(?:usr/)?lib/modules/([^/]+)/modules\\.builtin");

  /** Largest kernel that is read, compressed as it is. */
  private static final int MAX_KERNEL = 256 << 20;

  private record Extent(long offset, int size) {}

  private final FileChannel scratch;
  private final Map<String, Extent> modules = new HashMap<>();
  private long scratchSize;
  private String builtIn = "";
  private @Nullable String release;
  private byte @Nullable [] kernel;

  private KernelPackage(FileChannel scratch) {
    this.scratch = scratch;
  }

  /**
   * Reads kernel packages that belong together.
   *
   * @param debs one or more, of which exactly one holds a kernel
   * @param scratchFolder an existing folder for the scratch file, which vanishes on close
   */
  public static KernelPackage read(List<Path> debs, Path scratchFolder) throws ImageException {
    try {
      Path file = Files.createTempFile(scratchFolder, "modules", ".tmp");
      FileChannel scratch =
          FileChannel.open(
              file,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.DELETE_ON_CLOSE);
      KernelPackage read = new KernelPackage(scratch);
      boolean complete = false;
      try {
        for (Path deb : debs) {
          DebArchive.read(deb, DebArchive.Limits.DEFAULT, read::take);
        }
        read.requireKernel(debs);
        complete = true;
        return read;
      } finally {
        if (!complete) {
          scratch.close();
        }
      }
    } catch (IOException e) {
      throw new ImageException(
          "Cannot unpack the kernel's modules into %s.".formatted(scratchFolder), e);
    }
  }

  /** The kernel's release: "6.1.0-56-cloud-amd64". */
  public String release() {
    return required(release);
  }

  /** The bzImage, unmodified. */
  public byte[] kernel() {
    return required(kernel);
  }

  /** The kernel's modules; usable until this package is closed. */
  public KernelModules modules() {
    return new KernelModules(modules.keySet(), builtIn, this::module);
  }

  @Override
  public void close() throws IOException {
    scratch.close();
  }

  private static <T> T required(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("The package was read without a kernel");
    }
    return value;
  }

  private void requireKernel(List<Path> debs) throws ImageException {
    if (kernel == null) {
      throw new ImageException("No kernel is in the packages %s.".formatted(debs));
    }
  }

  private void take(DebEntry entry, InputStream content) throws IOException, ImageException {
    if (entry.kind() != DebEntry.Kind.FILE) {
      return;
    }
    Matcher kernelFile = KERNEL.matcher(entry.path());
    Matcher moduleFile = MODULE_FILE.matcher(entry.path());
    if (kernelFile.matches()) {
      if (kernel != null || entry.size() > MAX_KERNEL) {
        throw new ImageException(
            "The kernel packages hold several kernels, or one that is too large: %s."
                .formatted(entry.path()));
      }
      kernel = whole(entry, content);
      release = kernelFile.group(1);
    } else if (moduleFile.matches()) {
      modules.put(moduleFile.group(2), keep(whole(entry, content)));
    } else if (BUILT_IN.matcher(entry.path()).matches()) {
      builtIn = new String(whole(entry, content), StandardCharsets.UTF_8);
    }
  }

  private static byte[] whole(DebEntry entry, InputStream content) throws IOException {
    byte[] bytes = content.readNBytes(Math.toIntExact(entry.size()));
    if (bytes.length != entry.size()) {
      throw new IOException("the archive ends within " + entry.path());
    }
    return bytes;
  }

  private Extent keep(byte[] bytes) throws IOException {
    Extent extent = new Extent(scratchSize, bytes.length);
    ByteBuffer rest = ByteBuffer.wrap(bytes);
    while (rest.hasRemaining()) {
      scratchSize += scratch.write(rest, scratchSize);
    }
    return extent;
  }

  private byte[] module(String path) throws IOException {
    Extent extent = modules.get(path);
    if (extent == null) {
      throw new IOException("no module " + path);
    }
    ByteBuffer bytes = ByteBuffer.allocate(extent.size());
    while (bytes.hasRemaining()) {
      if (scratch.read(bytes, extent.offset() + bytes.position()) < 0) {
        throw new IOException("the scratch file was cut short");
      }
    }
    return bytes.array();
  }
}

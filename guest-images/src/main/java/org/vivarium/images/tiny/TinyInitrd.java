package org.vivarium.images.tiny;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;
import org.vivarium.images.deb.DebArchive;
import org.vivarium.images.deb.DebEntry;
import org.vivarium.images.initramfs.FileList;
import org.vivarium.images.initramfs.InitramfsTree;
import org.vivarium.images.kernel.KernelModules;

/**
 * Puts the initial RAM disk together: busybox, the files of the recipe, the kernel's modules.
 *
 * <p>It stays uncompressed: of 4.8 MB, Linux 6.1 unpacks that in 35 million instructions, with gzip
 * or zstd in 135 million, with xz in 560 million, and the host need not read a smaller file faster.
 */
final class TinyInitrd {
  /** Debian's busybox has 2 MB. */
  private static final int MAX_BUSYBOX = 32 << 20;

  private static final Pattern BUSYBOX = Pattern.compile("(usr/)?bin/busybox");

  private TinyInitrd() {}

  /**
   * Returns the archive.
   *
   * @param release the kernel's release
   */
  static byte[] make(byte[] busybox, String release, KernelModules.Selection modules)
      throws IOException {
    InitramfsTree tree = new InitramfsTree();
    FileList.Contents contents =
        location ->
            switch (location) {
              case "busybox" -> busybox;
              case "stage" -> Stage.elf();
              case "enter" -> Enter.elf();
              default -> recipeFile(location);
            };
    try {
      FileList.addTo(tree, TinyRecipe.files(), contents);
    } catch (ImageException e) {
      throw new IOException(e.getMessage(), e);
    }
    String base = "lib/modules/" + release + "/";
    for (KernelModules.Module module : modules.modules()) {
      tree.file(base + module.path(), 0644, module.elf());
    }
    tree.file(base + "modules.dep", 0644, modules.modulesDep().getBytes(DurableFiles.TEXT));
    tree.file(base + "modules.alias", 0644, modules.modulesAlias().getBytes(DurableFiles.TEXT));
    ByteArrayOutputStream out = new ByteArrayOutputStream(8 << 20);
    tree.write(out);
    return out.toByteArray();
  }

  private static byte[] recipeFile(String location) throws IOException {
    try {
      return TinyRecipe.bytes(location);
    } catch (ImageException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** Takes busybox out of its package. */
  static byte[] busybox(Path deb) throws ImageException {
    ByteArrayOutputStream found = new ByteArrayOutputStream(2 << 20);
    DebArchive.read(
        deb,
        DebArchive.Limits.DEFAULT,
        (entry, content) -> {
          if (entry.kind() == DebEntry.Kind.FILE && BUSYBOX.matcher(entry.path()).matches()) {
            found.write(content.readNBytes(MAX_BUSYBOX));
          }
        });
    if (found.size() == 0) {
      throw new ImageException("No busybox is in the package %s.".formatted(deb));
    }
    return found.toByteArray();
  }
}

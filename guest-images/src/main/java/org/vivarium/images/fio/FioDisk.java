package org.vivarium.images.fio;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.deb.DebArchive;
import org.vivarium.images.deb.DebEntry;
import org.vivarium.images.deb.DebPackage;
import org.vivarium.images.deb.PackageSource;
import org.vivarium.images.store.ImageStore;
import org.vivarium.images.store.Tool;

/**
 * An ext4 disk with the distribution's fio in {@code bin} and every library that it names in {@code
 * lib}, the dynamic linker among them: {@code lib/ld-linux-x86-64.so.2 --library-path lib bin/fio}.
 *
 * <p>In the images folder it is {@code fio/disk/disk.raw}, made where it is not there and kept
 * until somebody deletes it.
 */
public final class FioDisk {
  private static final String NAME = "disk";
  private static final String FILE = "disk.raw";

  /** Where a package's libraries lie: fio's own do not care for subfolders but for one. */
  private static final Pattern LIBRARY =
      Pattern.compile("(usr/)?lib(64)?/(x86_64-linux-gnu/)?(ceph/)?(lib|ld-)[^/]*\\.so[^/]*");

  private static final String FIO = "usr/bin/fio";

  /** Far more packages than fio depends on. */
  private static final int MOST_PACKAGES = 200;

  private static final long SLACK_BYTES = 24L << 20;
  private static final int TOOL_SECONDS = 120;

  private final ImageStore store;
  private final PackageSource source;
  private final Progress progress;

  private FioDisk(ImageStore store, PackageSource source, Progress progress) {
    this.store = store;
    this.source = source;
    this.progress = progress;
  }

  /**
   * Returns the disk, made first where it is not there; to be attached read-only.
   *
   * @throws ImageException if a package or mke2fs cannot be had
   */
  public static Path obtain(Path imagesFolder, PackageSource source, Progress progress)
      throws ImageException {
    ImageStore store = new ImageStore(imagesFolder.toAbsolutePath().resolve("fio"));
    Path disk = store.folder().resolve(NAME).resolve(FILE);
    return store.alone(
        () -> {
          if (!Files.exists(disk)) {
            new FioDisk(store, source, progress).make();
          }
          return disk;
        });
  }

  private void make() throws ImageException, IOException {
    Path work = store.begin();
    try {
      Path root = Files.createDirectories(work.resolve("root"));
      Files.createDirectories(root.resolve("bin"));
      Files.createDirectories(root.resolve("lib"));
      long bytes = 0;
      for (DebPackage part : packages().values()) {
        Path deb = work.resolve("package.deb");
        source.fetch(part, deb, progress);
        bytes += unpack(deb, root);
        Files.delete(deb);
      }
      if (!Files.exists(root.resolve("bin/fio"))) {
        throw new ImageException("The package fio holds no %s.".formatted(FIO));
      }
      progress.advanced("Making the disk with fio", 0, 0);
      mke2fs(work, root, bytes + bytes / 8 + SLACK_BYTES);
      DurableFiles.deleteFolder(root);
      store.publish(work, NAME);
    } finally {
      DurableFiles.deleteFolder(work);
    }
  }

  /** fio's package and the libraries' that it depends on, by name. */
  private Map<String, DebPackage> packages() throws ImageException {
    progress.advanced("Looking for fio", 0, 0);
    DebPackage fio = source.find("fio").orElse(null);
    if (fio == null) {
      source.refresh(progress);
      fio =
          source
              .find("fio")
              .orElseThrow(() -> new ImageException("No package fio was found in the index."));
    }
    Map<String, DebPackage> found = new LinkedHashMap<>();
    Deque<DebPackage> open = new ArrayDeque<>(List.of(fio));
    while (!open.isEmpty()) {
      DebPackage next = open.remove();
      if (found.size() > MOST_PACKAGES) {
        throw new ImageException(
            "The package fio depends on more than %d libraries.".formatted(MOST_PACKAGES));
      }
      if (found.putIfAbsent(next.name(), next) == null) {
        for (String name : next.depends()) {
          if ((name.startsWith("lib") || name.startsWith("zlib")) && !found.containsKey(name)) {
            source.find(name).ifPresent(open::add);
          }
        }
      }
    }
    return found;
  }

  /** Takes fio and libraries out of a package; returns their bytes. */
  private static long unpack(Path deb, Path root) throws ImageException {
    long[] bytes = {0};
    DebArchive.read(
        deb,
        DebArchive.Limits.DEFAULT,
        (entry, content) -> {
          if (entry.path().equals(FIO)) {
            bytes[0] += write(content, root.resolve("bin/fio"));
          } else if (LIBRARY.matcher(entry.path()).matches()) {
            bytes[0] += library(entry, content, root.resolve("lib"));
          }
        });
    return bytes[0];
  }

  private static long library(DebEntry entry, InputStream content, Path folder) throws IOException {
    Path target = folder.resolve(last(entry.path()));
    if (entry.kind() == DebEntry.Kind.FILE) {
      return write(content, target);
    }
    if (entry.kind() == DebEntry.Kind.SYMBOLIC_LINK
        && !last(entry.target()).equals(last(entry.path()))) {
      Files.deleteIfExists(target);
      // All libraries lie in one folder here, so the link's own folders are left out.
      Files.createSymbolicLink(target, Path.of(last(entry.target())));
    }
    return 0;
  }

  private static long write(InputStream content, Path target) throws IOException {
    Files.deleteIfExists(target);
    long bytes = Files.copy(content, target);
    Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwxr-xr-x"));
    return bytes;
  }

  private static String last(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private static void mke2fs(Path work, Path root, long bytes) throws ImageException, IOException {
    Optional<Path> program = Tool.find("mke2fs", System.getenv());
    if (program.isEmpty()) {
      throw new ImageException("Making a disk needs mke2fs; install the package e2fsprogs.");
    }
    Path log = work.resolve("log");
    Tool tool = new Tool(log, TOOL_SECONDS);
    List<String> command =
        List.of(
            program.get().toString(),
            "-q",
            "-t",
            "ext4",
            "-b",
            "4096",
            "-m",
            "0",
            "-O",
            "^has_journal",
            "-E",
            "root_owner=0:0",
            "-d",
            root.toString(),
            work.resolve(FILE).toString(),
            bytes / 1024 + "k");
    if (tool.run(command, _ -> {}) != 0) {
      throw new ImageException("The disk with fio cannot be made: %s".formatted(tool.tail()));
    }
    Files.delete(log);
  }
}

package org.vivarium.images.debian;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.deb.Sha256;
import org.vivarium.images.store.ImageStore;
import org.vivarium.images.store.Tool;

/**
 * One build of a Debian disk. Used once, by the thread that holds the store's lock.
 *
 * <p>mmdebstrap installs the packages: as root, in a user name space or under fakechroot, whichever
 * this user can have. Its archive becomes a file system under fakeroot, which keeps owners, modes
 * and device nodes without root and without a loop device.
 */
final class DebianBuild {
  /**
   * What was built.
   *
   * @param name the folder's name in the store
   * @param release the kernel's release
   */
  record Result(String name, String release) {}

  private static final long BUILD_SECONDS = 3600;

  /** The file system's size before a machine's disk lets it grow; sparse on the host. */
  private static final String SIZE = "2G";

  private static final String LOG = "log.txt";
  private static final String ARCHIVE = "root.tar";
  private static final int NAME_DIGITS = 32;
  private static final String STEP = "I: ";

  /** What mmdebstrap says where the new system's programs do not run under fakechroot. */
  private static final String NOT_UNDER_FAKECHROOT = "doesn't work under fakechroot";

  private static final int MAX_LOG = 4 << 20;
  private static final int MAX_REASON = 300;

  /**
   * Archive to disk, kernel and list of packages, in the folder $1. No zeroing of inode tables by
   * the guest: the blocks of a new sparse file are zeros.
   */
  private static final String MAKE_DISK =
      """
      set -e
      cd "$1"
      mkdir root
      tar --extract --file root.tar --directory root --numeric-owner
      rm root.tar
      cp --dereference root/vmlinuz vmlinuz
      cp --dereference root/initrd.img initrd.img
      basename "$(readlink root/vmlinuz)" > release
      sed -n 's/^Package: //p; s/^Version: //p' root/var/lib/dpkg/status > packages.txt
      mke2fs -q -t ext4 -L vivarium-root -m 1 -E lazy_itable_init=0,root_owner=0:0 -d root disk.raw %s
      rm -r root
      """
          .formatted(SIZE);

  private final ImageStore store;
  private final DebianRecipe recipe;
  private final Map<String, String> environment;
  private final Progress progress;

  DebianBuild(
      ImageStore store, DebianRecipe recipe, Map<String, String> environment, Progress progress) {
    this.store = store;
    this.recipe = recipe;
    this.environment = environment;
    this.progress = progress;
  }

  Result run() throws ImageException, IOException {
    checkTools();
    progress.advanced("Looking for Debian \"%s\"".formatted(recipe.suite()), 0, 0);
    Path folder = store.begin();
    try {
      List<String> sources = DebianSources.of(recipe.suite(), environment, folder);
      install(folder, sources);
      progress.advanced("Making the disk", 0, 0);
      makeDisk(folder);
      String release = Files.readString(folder.resolve("release")).strip();
      String name = name(folder);
      for (String scrap : List.of("release", LOG, "sources.txt", "InRelease")) {
        Files.deleteIfExists(folder.resolve(scrap));
      }
      Files.setPosixFilePermissions(
          folder.resolve(DebianImage.DISK), PosixFilePermissions.fromString("r--r-----"));
      store.publish(folder, name);
      return new Result(name, release.replaceFirst("^vmlinuz-", ""));
    } finally {
      DurableFiles.deleteFolder(folder);
    }
  }

  private void checkTools() throws ImageException {
    List<String> missing = new ArrayList<>();
    for (String tool : List.of("mmdebstrap", "fakeroot", "mke2fs")) {
      if (Tool.find(tool, environment).isEmpty()) {
        missing.add(tool.equals("mke2fs") ? "e2fsprogs" : tool);
      }
    }
    boolean root = "root".equals(System.getProperty("user.name"));
    if (!root
        && Tool.find("newuidmap", environment).isEmpty()
        && Tool.find("fakechroot", environment).isEmpty()) {
      missing.add("fakechroot");
    }
    if (!missing.isEmpty()) {
      throw new ImageException(
          "Building a Debian disk needs %s; install with: apt-get install %s"
              .formatted(String.join(", ", missing), String.join(" ", missing)));
    }
  }

  private void install(Path folder, List<String> sources) throws ImageException, IOException {
    List<String> command = new ArrayList<>(List.of("mmdebstrap", "--variant=minbase"));
    command.add("--architectures=amd64");
    command.add("--include=" + String.join(",", recipe.packages()));
    command.add("--aptopt=Apt::Install-Recommends \"false\"");
    for (String kind : List.of("man", "doc", "locale", "info")) {
      command.add("--dpkgopt=path-exclude=/usr/share/" + kind + "/*");
    }
    command.add("--dpkgopt=path-include=/usr/share/doc/*/copyright");
    command.add("--essential-hook=" + recipe.essential());
    command.add("--customize-hook=" + recipe.customize());
    command.add(recipe.suite());
    command.add(folder.resolve(ARCHIVE).toString());
    command.addAll(sources);
    Tool tool = new Tool(folder.resolve(LOG), BUILD_SECONDS);
    int status =
        tool.run(
            command,
            line -> {
              if (line.startsWith(STEP)) {
                progress.advanced(
                    "Debian: " + line.substring(STEP.length()).replaceAll("[^ -~]", "?"), 0, 0);
              }
            });
    if (status != 0) {
      throw new ImageException(
          "mmdebstrap could not install Debian \"%s\": %s"
              .formatted(recipe.suite(), reason(tool.log())));
    }
  }

  private void makeDisk(Path folder) throws ImageException, IOException {
    Tool tool = new Tool(folder.resolve(LOG), BUILD_SECONDS);
    List<String> command = List.of("fakeroot", "sh", "-c", MAKE_DISK, "sh", folder.toString());
    int status = tool.run(command, _ -> progress.advanced("Making the disk", 0, 0));
    if (status != 0) {
      throw new ImageException(
          "The disk could not be made in %s: %s".formatted(folder, reason(tool.log())));
    }
  }

  private String reason(Path log) throws IOException {
    byte[] text;
    try (InputStream in = Files.newInputStream(log)) {
      text = in.readNBytes(MAX_LOG);
    }
    return reason(new String(text, StandardCharsets.UTF_8), recipe.suite());
  }

  /** What was wrong, as far as a program's output tells. */
  static String reason(String output, String suite) {
    if (output.contains(NOT_UNDER_FAKECHROOT)) {
      return "this computer's C library is too old for Debian \"%s\" under fakechroot; install with:"
              .formatted(suite)
          + " apt-get install uidmap";
    }
    List<String> lines = output.lines().map(String::strip).filter(s -> !s.isEmpty()).toList();
    Optional<String> error = lines.stream().filter(l -> l.startsWith("E: ")).findFirst();
    String found = error.orElse(lines.isEmpty() ? "it gave no reason" : lines.getLast());
    found = found.substring(0, Math.min(found.length(), MAX_REASON));
    return found.replaceAll("[^ -~]", "?").replaceAll("^E: |\\.$", "") + ".";
  }

  private String name(Path folder) throws IOException {
    MessageDigest digest = Sha256.digest();
    digest.update(recipe.digest().getBytes(DurableFiles.TEXT));
    digest.update(Files.readAllBytes(folder.resolve(DebianImage.PACKAGES)));
    return Sha256.hex(digest).substring(0, NAME_DIGITS);
  }
}

package org.vivarium.images.oci;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.deb.DebArchive;
import org.vivarium.images.deb.DebEntry;
import org.vivarium.images.deb.DebPackage;
import org.vivarium.images.deb.PackageSource;

/**
 * Images made here from the distribution's packages, without a registry: what the comparison of
 * machines and containers runs. Each is an OCI layout, made anew when its packages have changed.
 */
public enum WorkloadImage {
  /** A shell and its tools, in one program. */
  BUSYBOX(List.of("busybox-static"), "", List.of("sh"), List.of(), List.of()),
  /** A web server with what it needs, and the shell. */
  WEB(
      List.of("busybox-static", "nginx"),
      "libc6|libcrypt1|libpcre\\S*|libssl\\S*|zlib1g",
      List.of("serve"),
      List.of("80/tcp"),
      List.of("bin/serve", "etc/nginx.conf", "srv/index.html")),
  /** A database that keeps what it is told on the disk and speaks on a Unix socket. */
  DATABASE(
      List.of("busybox-static", "redis-server", "redis-tools"),
      "libatomic1|libc6|libcap2|libgcc-s1|libgcrypt20|libgpg-error0|libjemalloc2|liblz4-1|liblzf1"
          + "|liblzma5|libssl\\S*|libstdc\\S*|libsystemd0|libzstd1",
      List.of("database"),
      List.of(),
      List.of("bin/database")),
  /** A compressor, and a job for it that ends by itself. */
  BATCH(
      List.of("busybox-static", "xz-utils"),
      "libc6|liblzma5",
      List.of("batch"),
      List.of(),
      List.of("bin/batch"));

  private static final String PACKAGES = "packages.txt";
  private static final String APPLETS = "applets.txt";
  private static final Attributes FOLDER = Attributes.IMPLIED;

  /** What of a package a program needs to run. */
  private static final Pattern WANTED =
      Pattern.compile("(usr/)?(s?bin|lib|lib64)/.*|etc/.*|usr/share/nginx/html/.*");

  private final List<String> packages;
  private final Pattern libraries;
  private final List<String> command;
  private final List<String> ports;
  private final List<String> recipe;

  /**
   * @param libraries regular expression: which packages that these depend on belong to it too
   * @param recipe files of our own in it; those in {@code bin} are programs
   */
  WorkloadImage(
      List<String> packages,
      String libraries,
      List<String> command,
      List<String> ports,
      List<String> recipe) {
    this.packages = packages;
    this.libraries = Pattern.compile(libraries);
    this.command = command;
    this.ports = ports;
    this.recipe = recipe;
  }

  /** The name for people, and of the image's folder. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether its command ends by itself. */
  public boolean isBatch() {
    return this == BATCH;
  }

  /** Finds an image by its name. */
  public static Optional<WorkloadImage> named(String id) {
    return List.of(values()).stream().filter(image -> image.id().equals(id)).findFirst();
  }

  /**
   * Returns the OCI layout's folder, made unless it is there.
   *
   * @param imagesFolder where all images are kept
   * @throws ImageException if a package cannot be had, or the folder cannot be written to
   */
  public Path obtain(Path imagesFolder, PackageSource source, Progress progress)
      throws ImageException {
    Path workloads = imagesFolder.toAbsolutePath().resolve("workloads");
    Path layout = workloads.resolve(id());
    try {
      Path list = layout.resolve(PACKAGES);
      String known = Files.exists(list) ? Files.readString(list) : "";
      if (known.startsWith(source.indexState() + "\n")) {
        return layout;
      }
      List<DebPackage> wanted = find(source);
      Files.createDirectories(workloads);
      Path work = Files.createTempDirectory(workloads, ".new");
      try {
        Path made = Files.createDirectory(work.resolve("layout"));
        make(wanted, source, progress, work, made);
        Files.writeString(made.resolve(PACKAGES), source.indexState() + "\n" + names(wanted));
        DurableFiles.deleteFolder(layout);
        Files.move(made, layout, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        DurableFiles.deleteFolder(work);
      }
      return layout;
    } catch (IOException e) {
      throw new ImageException(
          "The image \"%s\" cannot be written to %s (%s).".formatted(id(), layout, e.getMessage()),
          e);
    }
  }

  private static String names(List<DebPackage> packages) {
    StringBuilder text = new StringBuilder();
    packages.forEach(deb -> text.append(deb.name()).append(' ').append(deb.version()).append('\n'));
    return text.toString();
  }

  /** The packages, and the libraries that they need. */
  private List<DebPackage> find(PackageSource source) throws ImageException {
    Set<String> names = new LinkedHashSet<>(packages);
    List<String> open = new ArrayList<>(packages);
    List<DebPackage> found = new ArrayList<>();
    while (!open.isEmpty()) {
      String name = open.removeFirst();
      DebPackage deb =
          source
              .find(name)
              .orElseThrow(
                  () ->
                      new ImageException(
                          "No package %s was found: run apt-get update.".formatted(name)));
      found.add(deb);
      for (String needed : deb.depends()) {
        if (libraries.matcher(needed).matches() && names.add(needed)) {
          open.add(needed);
        }
      }
    }
    return found;
  }

  /** One layer with the shell, and one with the rest. */
  private void make(
      List<DebPackage> wanted, PackageSource source, Progress progress, Path work, Path layout)
      throws IOException, ImageException {
    Contents contents = new Contents(work);
    LayoutWriter writer = new LayoutWriter(layout);
    FileTree base = new FileTree();
    FileTree rest = new FileTree();
    for (DebPackage deb : wanted) {
      Path file = work.resolve("package.deb");
      source.fetch(deb, file, progress);
      FileTree tree = deb.name().startsWith("busybox") ? base : rest;
      DebArchive.read(
          file,
          DebArchive.Limits.DEFAULT,
          (entry, content) -> {
            if (WANTED.matcher(entry.path()).matches()) {
              add(tree, entry, contents.keep(content));
            }
          });
      Files.delete(file);
    }
    furnish(base, contents);
    writer.layer(base);
    if (wanted.size() > 1) {
      for (String file : recipe) {
        rest.put(file, contents.resource("root/" + file, file.startsWith("bin/") ? 0755 : 0644), 0);
      }
      writer.layer(rest);
    }
    writer.finish(
        new ImageConfig(
            List.of(), command, List.of("PATH=" + ImageConfig.DEFAULT_PATH), "/", "", ports));
  }

  private static void add(FileTree tree, DebEntry entry, Path content)
      throws ImageException, IOException {
    Attributes attributes = new Attributes(entry.mode(), 0, 0, 0);
    switch (entry.kind()) {
      case DIRECTORY -> tree.put(entry.path(), new Node.Folder(attributes), 0);
      case FILE ->
          tree.put(entry.path(), new Node.File(attributes, content, Files.size(content)), 0);
      case SYMBOLIC_LINK ->
          tree.put(entry.path(), new Node.SymbolicLink(attributes, entry.target()), 0);
      case HARD_LINK -> tree.link(entry.path(), entry.target(), 0);
    }
  }

  private static void furnish(FileTree base, Contents contents) throws IOException, ImageException {
    for (String folder : List.of("etc", "root", "run", "var/log", "usr/bin")) {
      base.folder(folder, 0);
    }
    base.put("tmp", new Node.Folder(new Attributes(01777, 0, 0, 0)), 0);
    for (String file : List.of("etc/passwd", "etc/group")) {
      base.put(file, contents.resource("root/" + file, 0644), 0);
    }
    for (String applet : contents.text(APPLETS).lines().toList()) {
      base.put("bin/" + applet, new Node.SymbolicLink(FOLDER, "busybox"), 0);
    }
  }

  /** The bytes of files, until they are in a layer. */
  private static final class Contents {
    private final Path folder;
    private int files;

    Contents(Path folder) {
      this.folder = folder;
    }

    Path keep(InputStream content) throws IOException {
      Path file = folder.resolve(Integer.toString(files++));
      Files.copy(content, file);
      return file;
    }

    Node.File resource(String name, int mode) throws IOException {
      byte[] bytes = text(name).getBytes(StandardCharsets.UTF_8);
      Path file = Files.write(folder.resolve(Integer.toString(files++)), bytes);
      return new Node.File(new Attributes(mode, 0, 0, 0), file, bytes.length);
    }

    String text(String name) throws IOException {
      try (InputStream in = WorkloadImage.class.getResourceAsStream(name)) {
        if (in == null) {
          throw new IOException("Vivarium is incomplete: its file " + name + " is missing");
        }
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
      }
    }
  }
}

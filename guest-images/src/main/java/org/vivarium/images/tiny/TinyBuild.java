package org.vivarium.images.tiny;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.deb.DebArchive;
import org.vivarium.images.deb.DebEntry;
import org.vivarium.images.deb.DebPackage;
import org.vivarium.images.deb.PackageSource;
import org.vivarium.images.deb.Sha256;
import org.vivarium.images.initramfs.FileList;
import org.vivarium.images.initramfs.InitramfsTree;
import org.vivarium.images.kernel.KernelModules;
import org.vivarium.images.kernel.KernelPackage;

/** One build of Tiny Linux. Used once, by the thread that holds the lock. */
final class TinyBuild {
  static final String KERNEL = "vmlinuz";
  static final String INITRD = "initrd.cpio";

  private static final Logger LOG = LoggerFactory.getLogger(TinyBuild.class);

  /** Debian's busybox has 2 MB. */
  private static final int MAX_BUSYBOX = 32 << 20;

  private static final Pattern BUSYBOX = Pattern.compile("(usr/)?bin/busybox");
  private static final int KEY_DIGITS = 32;

  private final Path folder;
  private final Path packages;
  private final String flavour;
  private final PackageSource source;
  private final Progress progress;

  /**
   * @param folder where images are kept; exists
   * @param packages where packages are kept, made when needed
   */
  TinyBuild(Path folder, Path packages, String flavour, PackageSource source, Progress progress) {
    this.folder = folder;
    this.packages = packages;
    this.flavour = flavour;
    this.source = source;
    this.progress = progress;
  }

  /** What the image is made of. */
  private record Ingredients(DebPackage tools, List<DebPackage> kernel) {
    List<DebPackage> all() {
      List<DebPackage> all = new ArrayList<>(kernel);
      all.add(tools);
      return all;
    }
  }

  /** Builds unless the image is there, notes it as the present one, and returns the note. */
  Stamp run() throws ImageException, IOException {
    progress.advanced("Looking for packages", 0, 0);
    Ingredients found;
    try {
      found = look();
    } catch (ImageException _) {
      // A computer's package lists may be missing or too old: look once more with fresh ones.
      source.refresh(progress);
      found = look();
    }
    try {
      return make(found);
    } catch (MissingPackage e) {
      // A mirror keeps no outdated packages: another look with fresh lists may name newer ones.
      source.refresh(progress);
      Ingredients newer = look();
      if (newer.equals(found)) {
        throw e.reason;
      }
      return makeOfNewer(newer);
    }
  }

  private Stamp makeOfNewer(Ingredients found) throws ImageException, IOException {
    try {
      return make(found);
    } catch (MissingPackage e) {
      throw e.reason;
    }
  }

  /** A package that the index names, but that cannot be fetched. */
  private static final class MissingPackage extends Exception {
    private static final long serialVersionUID = 1L;
    private final ImageException reason;

    MissingPackage(ImageException reason) {
      super(reason);
      this.reason = reason;
    }
  }

  private Stamp make(Ingredients found) throws ImageException, IOException, MissingPackage {
    String recipe = TinyRecipe.digest();
    List<String> digests = found.all().stream().map(DebPackage::sha256).toList();
    String key = key(recipe, digests);
    Optional<Stamp> former = Stamp.read(folder, flavour);
    String index = source.indexState();
    Stamp stamp;
    if (former.isPresent() && former.get().folder().equals(key) && isWhole(folder.resolve(key))) {
      stamp = former.get().withIndex(index);
    } else {
      String release = assemble(found, key);
      stamp = new Stamp(recipe, index, digests, key, release, TinyRecipe.commandLine());
    }
    stamp.write(folder, flavour);
    if (former.isPresent()) {
      dropPackages(former.get(), digests);
    }
    return stamp;
  }

  private static boolean isWhole(Path image) {
    return Files.exists(image.resolve(KERNEL)) && Files.exists(image.resolve(INITRD));
  }

  private static String key(String recipe, List<String> digests) {
    MessageDigest digest = Sha256.digest();
    digest.update(recipe.getBytes(DurableFiles.TEXT));
    digests.forEach(d -> digest.update(d.getBytes(DurableFiles.TEXT)));
    return Sha256.hex(digest).substring(0, KEY_DIGITS);
  }

  private Ingredients look() throws ImageException {
    DebPackage tools = first(TinyRecipe.tools());
    DebPackage kernel = first(TinyRecipe.kernel(flavour));
    Pattern part = TinyRecipe.kernelPart();
    // The newest kernel's package may be an empty one that depends on the real one, which in turn
    // may keep its modules in another package.
    Set<DebPackage> parts = new LinkedHashSet<>();
    List<DebPackage> open = new ArrayList<>(List.of(kernel));
    while (!open.isEmpty()) {
      for (String name : open.removeLast().depends()) {
        if (part.matcher(name).matches()) {
          DebPackage needed = source.find(name).orElseThrow(() -> notFound(List.of(name)));
          if (parts.add(needed)) {
            open.add(needed);
          }
        }
      }
    }
    return new Ingredients(tools, parts.isEmpty() ? List.of(kernel) : List.copyOf(parts));
  }

  private DebPackage first(List<String> names) throws ImageException {
    for (String name : names) {
      Optional<DebPackage> found = source.find(name);
      if (found.isPresent()) {
        return found.get();
      }
    }
    throw notFound(names);
  }

  private static ImageException notFound(List<String> names) {
    return new ImageException(
        "No package %s was found: run apt-get update, or set VIVARIUM_MIRROR to a Debian mirror."
            .formatted(String.join(" or ", names)));
  }

  /** Builds the image and returns the kernel's release. */
  private String assemble(Ingredients found, String key)
      throws ImageException, IOException, MissingPackage {
    List<Path> kernelFiles = new ArrayList<>();
    for (DebPackage part : found.kernel()) {
      kernelFiles.add(fetch(part));
    }
    Path toolsFile = fetch(found.tools());
    progress.advanced("Unpacking the kernel", 0, 0);
    try (KernelPackage kernel = KernelPackage.read(kernelFiles, folder)) {
      progress.advanced("Making the initial RAM disk", 0, 0);
      byte[] initrd = initrd(kernel, busybox(toolsFile));
      progress.advanced("Writing the image", 0, 0);
      write(key, kernel.kernel(), initrd);
      return kernel.release();
    }
  }

  private Path fetch(DebPackage wanted) throws ImageException, IOException, MissingPackage {
    Files.createDirectories(packages);
    Path file = packages.resolve(wanted.sha256() + ".deb");
    if (Files.exists(file) && Sha256.of(file).equals(wanted.sha256())) {
      return file;
    }
    try {
      source.fetch(wanted, file, progress);
    } catch (ImageException e) {
      throw new MissingPackage(e);
    }
    return file;
  }

  private byte[] initrd(KernelPackage kernel, byte[] busybox) throws ImageException, IOException {
    InitramfsTree tree = new InitramfsTree();
    FileList.addTo(
        tree,
        TinyRecipe.files(),
        location ->
            switch (location) {
              case "busybox" -> busybox;
              case "stage" -> Stage.elf();
              default -> recipeFile(location);
            });
    KernelModules.Selection chosen = kernel.modules().select(TinyRecipe.modules());
    LOG.debug("Built in: {}; not in this kernel: {}", chosen.builtIn(), chosen.absent());
    String base = "lib/modules/" + kernel.release() + "/";
    for (KernelModules.Module module : chosen.modules()) {
      tree.file(base + module.path(), 0644, module.elf());
    }
    tree.file(base + "modules.dep", 0644, chosen.modulesDep().getBytes(DurableFiles.TEXT));
    tree.file(base + "modules.alias", 0644, chosen.modulesAlias().getBytes(DurableFiles.TEXT));
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

  private static byte[] busybox(Path deb) throws ImageException {
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

  private void write(String key, byte[] kernel, byte[] initrd) throws IOException {
    Path temporary = Files.createTempDirectory(folder, ".new");
    try {
      DurableFiles.writeSynced(temporary.resolve(KERNEL), kernel);
      DurableFiles.writeSynced(temporary.resolve(INITRD), initrd);
      // What is under the final name now is not whole, or we would not build.
      DurableFiles.deleteFolder(folder.resolve(key));
      DurableFiles.publish(temporary, folder, key);
    } finally {
      DurableFiles.deleteFolder(temporary);
    }
  }

  /** Deletes the packages of the former image that neither this nor another flavour uses. */
  private void dropPackages(Stamp former, List<String> used) throws ImageException, IOException {
    Set<String> inUse = new LinkedHashSet<>(used);
    for (String other : TinyRecipe.flavours()) {
      Stamp.read(folder, other).ifPresent(stamp -> inUse.addAll(stamp.packages()));
    }
    for (String digest : former.packages()) {
      if (!inUse.contains(digest) && digest.matches("[0-9a-f]{64}")) {
        Files.deleteIfExists(packages.resolve(digest + ".deb"));
      }
    }
  }
}

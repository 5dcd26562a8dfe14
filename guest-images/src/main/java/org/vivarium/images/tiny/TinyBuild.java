package org.vivarium.images.tiny;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.deb.DebPackage;
import org.vivarium.images.deb.PackageSource;
import org.vivarium.images.deb.Sha256;
import org.vivarium.images.kernel.KernelModules;
import org.vivarium.images.kernel.KernelPackage;
import org.vivarium.images.kernel.KernelUnpacker;
import org.vivarium.images.kernel.UnpackedKernel;
import org.vivarium.images.store.ImageStore;

/** One build of Tiny Linux. Used once, by the thread that holds the lock. */
final class TinyBuild {
  static final String KERNEL = "vmlinuz";
  static final String INITRD = "initrd.cpio";

  /** With fewer modules: for one process of a container image. */
  static final String RUN_INITRD = "run.cpio";

  /** What the image was made of: for people, but for the kernel's release. */
  static final String MANIFEST = "manifest.txt";

  private static final String RELEASE = "release ";

  private static final int KEY_DIGITS = 32;

  private final ImageStore store;
  private final Path folder;
  private final Path packages;
  private final String flavour;
  private final PackageSource source;
  private final Progress progress;

  /**
   * @param store where images are kept; locked for this build
   * @param packages where packages are kept, made when needed
   */
  TinyBuild(
      ImageStore store, Path packages, String flavour, PackageSource source, Progress progress) {
    this.store = store;
    this.folder = store.folder();
    this.packages = packages;
    this.flavour = flavour;
    this.source = source;
    this.progress = progress;
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

  /** Builds unless the image is there, notes it as the present one, and returns the note. */
  Stamp run() throws ImageException, IOException {
    TinyRecipe.kernel(flavour);
    progress.advanced("Looking for packages", 0, 0);
    Ingredients found = find();
    try {
      return make(found);
    } catch (MissingPackage e) {
      // A mirror keeps no outdated packages: another look with fresh lists may name newer ones.
      source.refresh(progress);
      Ingredients newer = Ingredients.find(source, flavour);
      if (newer.equals(found)) {
        throw e.reason;
      }
      return makeOfNewer(newer);
    }
  }

  private Ingredients find() throws ImageException {
    try {
      return Ingredients.find(source, flavour);
    } catch (ImageException _) {
      // A computer's package lists may be missing or too old: look once more with fresh ones.
      source.refresh(progress);
      return Ingredients.find(source, flavour);
    }
  }

  private Stamp makeOfNewer(Ingredients found) throws ImageException, IOException {
    try {
      return make(found);
    } catch (MissingPackage e) {
      throw e.reason;
    }
  }

  private Stamp make(Ingredients found) throws ImageException, IOException, MissingPackage {
    String recipe = TinyRecipe.digest();
    List<String> digests = found.all().stream().map(DebPackage::sha256).toList();
    String key = key(recipe, digests);
    Optional<Stamp> former = Stamp.read(folder, flavour);
    Optional<String> built = release(folder.resolve(key));
    String release = built.isPresent() ? built.get() : assemble(found, key);
    Stamp stamp =
        new Stamp(recipe, source.indexState(), digests, key, release, TinyRecipe.commandLine());
    stamp.write(folder, flavour);
    if (former.isPresent()) {
      dropPackages(former.get(), digests);
    }
    return stamp;
  }

  /** The kernel's release of an image that is there and whole, whichever is the present one. */
  private static Optional<String> release(Path image) throws IOException {
    if (!Stream.of(KERNEL, INITRD, RUN_INITRD, MANIFEST)
        .map(image::resolve)
        .allMatch(Files::exists)) {
      return Optional.empty();
    }
    return Files.readString(image.resolve(MANIFEST))
        .lines()
        .filter(line -> line.startsWith(RELEASE))
        .map(line -> line.substring(RELEASE.length()))
        .findFirst();
  }

  private static String key(String recipe, List<String> digests) {
    MessageDigest digest = Sha256.digest();
    digest.update(recipe.getBytes(DurableFiles.TEXT));
    digests.forEach(d -> digest.update(d.getBytes(DurableFiles.TEXT)));
    return Sha256.hex(digest).substring(0, KEY_DIGITS);
  }

  /** Builds the image and returns the kernel's release. */
  private String assemble(Ingredients found, String key)
      throws ImageException, IOException, MissingPackage {
    List<Path> kernelFiles = new ArrayList<>();
    for (DebPackage part : found.kernel()) {
      kernelFiles.add(fetch(part));
    }
    Path toolsFile = fetch(found.tools());
    Path image = store.begin();
    try {
      progress.advanced("Unpacking the kernel", 0, 0);
      try (KernelPackage kernel = KernelPackage.read(kernelFiles, image)) {
        progress.advanced("Making the initial RAM disk", 0, 0);
        KernelModules.Selection modules = kernel.modules().select(TinyRecipe.modules());
        byte[] busybox = TinyInitrd.busybox(toolsFile);
        byte[] initrd = TinyInitrd.make(busybox, kernel.release(), modules);
        progress.advanced("Writing the image", 0, 0);
        DurableFiles.writeSynced(image.resolve(KERNEL), kernel.kernel());
        DurableFiles.writeSynced(image.resolve(INITRD), initrd);
        KernelModules.Selection few = kernel.modules().select(TinyRecipe.runModules());
        DurableFiles.writeSynced(
            image.resolve(RUN_INITRD), TinyInitrd.make(busybox, kernel.release(), few));
        String manifest =
            RELEASE
                + kernel.release()
                + "\n"
                + manifest(found, modules)
                + unpack(kernel.kernel(), image);
        DurableFiles.writeSynced(image.resolve(MANIFEST), manifest.getBytes(DurableFiles.TEXT));
        // What is under the final name now is not whole, or we would not build.
        store.publish(image, key);
        return kernel.release();
      }
    } finally {
      DurableFiles.deleteFolder(image);
    }
  }

  /** Lays the unpacked kernel beside the packed one, and returns the manifest's line if not. */
  private static String unpack(byte[] kernel, Path image) throws IOException {
    Path unpacked = UnpackedKernel.beside(image.resolve(KERNEL));
    try {
      KernelUnpacker.write(kernel, unpacked);
      return "";
    } catch (ImageException e) {
      // Guests unpack it themselves then, as they would anywhere else.
      Files.deleteIfExists(unpacked);
      return "kernel left packed: " + e.getMessage() + "\n";
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

  private static String manifest(Ingredients found, KernelModules.Selection modules) {
    StringBuilder text = new StringBuilder();
    for (DebPackage part : found.all()) {
      text.append("package ").append(part.name()).append(' ').append(part.version()).append('\n');
    }
    for (KernelModules.Module module : modules.modules()) {
      text.append("module ").append(module.path()).append('\n');
    }
    modules.builtIn().forEach(name -> text.append("built in ").append(name).append('\n'));
    modules.absent().forEach(name -> text.append("not in kernel ").append(name).append('\n'));
    return text.toString();
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

package org.vivarium.images.debian;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.vivarium.images.BootImage;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.store.ImageStore;

/**
 * A Debian system on a disk: an ext4 file system without a partition table, which a kernel outside
 * of it boots and which can be grown without touching a table, and its kernel and initial RAM disk
 * beside it.
 *
 * <p>In its folder lie {@code ID/disk.raw}, {@code ID/vmlinuz}, {@code ID/initrd.img} and {@code
 * ID/packages.txt}, where ID is a digest of the recipe and the installed packages, and {@code
 * present}, which names the present ID. What was built is never changed.
 *
 * @param boot the kernel outside of the disk
 * @param disk the read-only disk, raw
 */
public record DebianImage(BootImage boot, Path disk) {
  static final String DISK = "disk.raw";
  static final String KERNEL = "vmlinuz";
  static final String INITRD = "initrd.img";
  static final String PACKAGES = "packages.txt";
  private static final String PRESENT = "present";
  private static final Pattern NAME = Pattern.compile("[0-9a-f]{8,64}");

  /**
   * What to build.
   *
   * @param folder where the images of this kind lie; made when needed
   * @param suite the release's code name, as "bookworm"
   * @param packages what to install beside the recipe's
   * @param environment the process's environment
   */
  public record Request(
      Path folder, String suite, List<String> packages, Map<String, String> environment) {
    /** Copies the lists. */
    public Request {
      packages = List.copyOf(packages);
      environment = Map.copyOf(environment);
    }
  }

  /** Names the image in a folder that was built last, whichever recipe it was built by. */
  public static Set<String> current(Path folder) {
    try {
      List<String> note = Files.readAllLines(folder.resolve(PRESENT));
      return note.size() > 1 ? Set.of(note.get(1)) : Set.of();
    } catch (IOException _) {
      // Nothing was built, or not to its end.
      return Set.of();
    }
  }

  /** Returns the image if it has been built by the present recipe; takes milliseconds. */
  public static Optional<DebianImage> locate(Request request) throws ImageException {
    DebianRecipe recipe = DebianRecipe.of(request.suite(), request.packages());
    List<String> note;
    try {
      note = Files.readAllLines(request.folder().resolve(PRESENT));
    } catch (IOException _) {
      // Not built, or what is left of a build; either way it has to be built.
      return Optional.empty();
    }
    if (note.size() != 3
        || !note.get(0).equals(recipe.digest())
        || !NAME.matcher(note.get(1)).matches()) {
      return Optional.empty();
    }
    Path folder = request.folder().resolve(note.get(1));
    if (!Files.exists(folder.resolve(DISK))) {
      return Optional.empty();
    }
    BootImage boot =
        new BootImage(
            folder.resolve(KERNEL), folder.resolve(INITRD), recipe.commandLine(), note.get(2));
    return Optional.of(new DebianImage(boot, folder.resolve(DISK)));
  }

  /**
   * Returns the image; builds it unless it is there, which takes about half a minute and the
   * network.
   *
   * @throws ImageException if a tool, a package source or disk space is missing
   */
  public static DebianImage obtain(Request request, Progress progress) throws ImageException {
    ImageStore store = new ImageStore(request.folder());
    return store.alone(
        () -> {
          Optional<DebianImage> present = locate(request);
          if (present.isPresent()) {
            return present.get();
          }
          DebianRecipe recipe = DebianRecipe.of(request.suite(), request.packages());
          DebianBuild.Result built =
              new DebianBuild(store, recipe, request.environment(), progress).run();
          String note = String.join("\n", recipe.digest(), built.name(), built.release(), "");
          DurableFiles.write(request.folder(), PRESENT, note.getBytes(DurableFiles.TEXT));
          return locate(request)
              .orElseThrow(
                  () ->
                      new ImageException(
                          "The image in %s is gone again; build it once more."
                              .formatted(request.folder())));
        });
  }
}

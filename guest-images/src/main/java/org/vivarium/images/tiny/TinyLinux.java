package org.vivarium.images.tiny;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.vivarium.images.BootImage;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.deb.PackageSource;
import org.vivarium.images.store.ImageStore;

/**
 * Tiny Linux: a stock kernel and an initial RAM disk with busybox, made once from the
 * distribution's packages and kept.
 *
 * <p>In the images folder lie {@code tiny/FLAVOUR.stamp}, which names the present image of a
 * flavour, {@code tiny/KEY/} with its files, where the key is a digest of the packages and the
 * recipe, and {@code packages/}, the packages in use. An image that was built is never changed; a
 * new one is built beside it, and its folder appears under its name only when it is whole.
 */
public final class TinyLinux {
  /** The flavour for everyday use: the distribution's kernel for virtual machines. */
  public static final String DEFAULT_FLAVOUR = "cloud";

  /** Holds the recipe's digest, and for which program file it was computed. */
  private static final String DIGEST = "recipe.digest";

  private TinyLinux() {}

  /** Names the flavours: which kernels the image can be had with. */
  public static List<String> flavours() throws ImageException {
    return TinyRecipe.flavours();
  }

  /** As {@link #locate(Path, String)}, for the default flavour. */
  public static Optional<BootImage> locate(Path imagesFolder) throws ImageException {
    return locate(imagesFolder, DEFAULT_FLAVOUR);
  }

  /**
   * Returns the image if it has been built by the present recipe. Takes milliseconds and asks no
   * package source.
   */
  public static Optional<BootImage> locate(Path imagesFolder, String flavour)
      throws ImageException {
    Path folder = tiny(imagesFolder);
    Optional<Stamp> stamp = Stamp.read(folder, flavour);
    if (stamp.isEmpty() || !stamp.get().recipe().equals(recipe(folder))) {
      return Optional.empty();
    }
    BootImage image = image(folder, stamp.get());
    boolean there = Files.exists(image.kernel()) && Files.exists(initrd(folder, stamp.get()));
    return there ? Optional.of(image) : Optional.empty();
  }

  /**
   * Returns the recipe's digest. It is computed once for each state of the program file, since that
   * takes longer than all the rest of a start.
   */
  private static String recipe(Path folder) throws ImageException {
    String code = TinyRecipe.codeState();
    if (code.isEmpty()) {
      return TinyRecipe.digest();
    }
    try {
      String known = Files.readString(folder.resolve(DIGEST));
      int space = known.lastIndexOf(' ');
      if (space > 0 && known.substring(0, space).equals(code)) {
        return known.substring(space + 1);
      }
    } catch (NoSuchFileException _) {
      // Not computed yet.
    } catch (IOException e) {
      throw new ImageException("Cannot read the folder %s.".formatted(folder), e);
    }
    String digest = TinyRecipe.digest();
    try {
      DurableFiles.write(folder, DIGEST, (code + " " + digest).getBytes(DurableFiles.TEXT));
    } catch (IOException _) {
      // A folder that this user cannot write to serves too, a little slower.
      return digest;
    }
    return digest;
  }

  /** As {@link #build(Path, String, PackageSource, Progress)}, for the default flavour. */
  public static BootImage build(Path imagesFolder, PackageSource source, Progress progress)
      throws ImageException {
    return build(imagesFolder, DEFAULT_FLAVOUR, source, progress);
  }

  /**
   * Returns the image of the packages that the source has now: builds it, unless it is there.
   *
   * @throws ImageException if a package or the disk space for it cannot be had
   */
  public static BootImage build(
      Path imagesFolder, String flavour, PackageSource source, Progress progress)
      throws ImageException {
    Path folder = tiny(imagesFolder);
    Path packages = imagesFolder.toAbsolutePath().resolve("packages");
    ImageStore store = new ImageStore(folder);
    return store.alone(
        () -> image(folder, new TinyBuild(store, packages, flavour, source, progress).run()));
  }

  /**
   * Returns the image, built where it has not been, and built anew where the package index has
   * changed and holds newer packages. Where the index cannot be asked, an image that is there will
   * do.
   */
  public static BootImage obtain(
      Path imagesFolder, String flavour, PackageSource source, Progress progress)
      throws ImageException {
    Optional<BootImage> present = locate(imagesFolder, flavour);
    if (present.isPresent()) {
      Optional<Stamp> stamp = Stamp.read(tiny(imagesFolder), flavour);
      if (stamp.isPresent() && stamp.get().index().equals(source.indexState())) {
        return present.get();
      }
    }
    try {
      return build(imagesFolder, flavour, source, progress);
    } catch (ImageException e) {
      return present.orElseThrow(() -> e);
    }
  }

  /** Fetches the package index anew, then does as {@link #build}. */
  public static BootImage refresh(
      Path imagesFolder, String flavour, PackageSource source, Progress progress)
      throws ImageException {
    source.refresh(progress);
    return build(imagesFolder, flavour, source, progress);
  }

  /** Names the folders of the present images, of all flavours. */
  public static Set<String> current(Path imagesFolder) throws ImageException {
    Path folder = tiny(imagesFolder);
    Set<String> named = new HashSet<>();
    for (String flavour : flavours()) {
      Stamp.read(folder, flavour).ifPresent(stamp -> named.add(stamp.folder()));
    }
    return named;
  }

  private static Path tiny(Path imagesFolder) {
    return imagesFolder.toAbsolutePath().resolve("tiny");
  }

  private static Path initrd(Path folder, Stamp stamp) {
    return folder.resolve(stamp.folder()).resolve(TinyBuild.INITRD);
  }

  /**
   * Returns the initial RAM disk that has only what a guest for one process of a container image
   * needs to mount the disks of its layers.
   *
   * @param tiny as located or built here
   */
  public static Path runInitrd(BootImage tiny) {
    return tiny.kernel().resolveSibling(TinyBuild.RUN_INITRD);
  }

  private static BootImage image(Path folder, Stamp stamp) {
    Path kernel = folder.resolve(stamp.folder()).resolve(TinyBuild.KERNEL);
    return new BootImage(kernel, initrd(folder, stamp), stamp.commandLine(), stamp.release());
  }
}

package org.vivarium.images.oci;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;

/**
 * Keeps images, each unpacked once: {@code oci/ID/} holds {@code image.json}, {@code rootfs/} for a
 * container, and for a guest {@code layers.json} with {@code start.cpio}, or {@code image.cpio}; it
 * appears when it is whole. {@code oci/files/} and {@code oci/layers/} hold the files and the
 * images of layers, which images share. Nobody but the user can enter the folder, since images may
 * hold programs that make who runs them root. Any thread, and several processes at once.
 */
public final class OciStore {
  /** What a guest gets the files of an image as. */
  public enum Form {
    /** An archive that the guest's kernel unpacks into memory. */
    ARCHIVE,
    /** A disk for each layer. */
    LAYERS
  }

  private static final String UNFINISHED = ".new.";

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;

  /**
   * @param imagesFolder where all images are kept
   */
  public OciStore(Path imagesFolder) {
    this.folder = imagesFolder.toAbsolutePath().resolve("oci");
  }

  /** The better form that can be had here: layers need the program sqfstar. */
  public static Form form(Map<String, String> environment) {
    return LayerImages.program(environment).isPresent() ? Form.LAYERS : Form.ARCHIVE;
  }

  /** As {@link #obtain(String, Form, Progress)}, as an archive. */
  public StoredImage obtain(String reference, Progress progress) throws ImageException {
    return obtain(reference, Form.ARCHIVE, progress);
  }

  /**
   * Returns an image, unpacked unless it has been.
   *
   * @param reference an OCI layout's folder, or an archive of one, or what "docker save" wrote;
   *     ":TAG" may follow where it holds several images
   * @param form which the image can be had in then, beside others
   * @throws ImageException if it cannot be read, breaks a rule, or does not fit on the disk
   */
  public StoredImage obtain(String reference, Form form, Progress progress) throws ImageException {
    return obtain(reference, form, LayerReader.Limits.DEFAULT, progress);
  }

  StoredImage obtain(String reference, Form form, LayerReader.Limits limits, Progress progress)
      throws ImageException {
    try (OciImage image = OciImage.open(reference)) {
      Optional<StoredImage> present = find(image.id().hex());
      if (present.isPresent() && present.get().has(form)) {
        return present.get();
      }
      Path work = workFolder();
      try {
        Unpacking unpacking = new Unpacking(image, folder, work, limits);
        if (form == Form.LAYERS) {
          unpacking.makeImages(
              LayerImages.program(System.getenv())
                  .orElseThrow(
                      () ->
                          new ImageException(
                              "There is no sqfstar: install the package squashfs-tools.")));
        }
        unpacking.run(present.map(StoredImage::description), progress);
        Path target = folder.resolve(image.id().hex());
        if (present.isPresent()) {
          moveFiles(work, target);
        } else {
          publish(work, folder, image.id().hex());
        }
      } finally {
        DurableFiles.deleteFolder(work);
      }
      return find(image.id().hex()).orElseThrow();
    } catch (IOException | RuntimeException e) {
      // The decoders of archives answer some damage with unchecked exceptions.
      throw new ImageException(
          "The image %s cannot be unpacked into %s (%s).".formatted(reference, folder, reason(e)),
          e);
    }
  }

  /**
   * Makes a disk for what a process writes.
   *
   * @param size bytes
   * @throws ImageException if the size is not possible, or mke2fs or the disk space is missing
   */
  public WritableDisk writableDisk(long size) throws ImageException {
    try {
      return WritableDisk.make(workFolder(), size, System.getenv());
    } catch (IOException e) {
      throw new ImageException(
          "The folder %s cannot be written to (%s).".formatted(folder, reason(e)), e);
    }
  }

  private Path workFolder() throws IOException {
    Files.createDirectories(folder);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    dropUnfinished();
    return Files.createTempDirectory(folder, UNFINISHED + ProcessHandle.current().pid() + ".");
  }

  private static String reason(Exception e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  /** Returns an image that is kept already. */
  public Optional<StoredImage> find(String id) throws ImageException {
    Path place = folder.resolve(id);
    Path file = place.resolve(StoredImage.DESCRIPTION);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new StoredImage(place, JSON.readValue(file.toFile(), StoredImage.Description.class)));
    } catch (IOException e) {
      throw new ImageException(
          "The image's file %s is damaged; delete its folder and try again.".formatted(file), e);
    }
  }

  /** Adds a form to an image; the list of layers is last, since it tells that the form is there. */
  private static void moveFiles(Path work, Path target) throws IOException {
    for (String name : List.of(StoredImage.ARCHIVE, StoredImage.START, StoredImage.LAYER_LIST)) {
      if (Files.exists(work.resolve(name))) {
        Files.move(work.resolve(name), target.resolve(name), StandardCopyOption.ATOMIC_MOVE);
      }
    }
    DurableFiles.sync(target);
  }

  /** Another process may have been faster, with the same result. */
  static void publish(Path work, Path folder, String name) throws IOException {
    Path target = folder.resolve(name);
    try {
      Files.move(work, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
      // Both made the same; the caller deletes what is left here.
      return;
    }
    DurableFiles.sync(folder);
  }

  /** Deletes what processes left behind that are gone. */
  private void dropUnfinished() throws IOException {
    try (DirectoryStream<Path> left = Files.newDirectoryStream(folder, UNFINISHED + "*")) {
      for (Path path : left) {
        String[] words = String.valueOf(path.getFileName()).split("\\.");
        boolean running =
            words.length > 2
                && words[2].matches("[0-9]{1,10}")
                && Files.exists(Path.of("/proc", words[2]));
        if (!running) {
          DurableFiles.deleteFolder(path);
        }
      }
    }
  }
}

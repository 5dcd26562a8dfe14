package org.vivarium.images.oci;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.vivarium.images.ImageException;

/**
 * An image that was unpacked and kept. Its folder never changes but for further forms, and the
 * initial RAM disks that are put together in it.
 *
 * @param folder of this image alone
 * @param description what the image is
 */
public record StoredImage(Path folder, Description description) {
  static final String ROOT = "rootfs";
  static final String ARCHIVE = "image.cpio";
  static final String DESCRIPTION = "image.json";
  static final String START = "start.cpio";
  static final String LAYER_LIST = "layers.json";

  /** Beside the images' folders. */
  static final String LAYERS = "layers";

  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * What an image is.
   *
   * @param id SHA-256 of its configuration, hexadecimal
   * @param config how it wants to be run
   * @param identity who its processes are
   * @param layers how many
   * @param packedBytes of its layers as they were given
   * @param fileBytes of its regular files, each counted once
   * @param files how many things are in it, folders included
   * @param leftOut what of it could not be kept, in words for people
   */
  public record Description(
      String id,
      ImageConfig config,
      Identity identity,
      int layers,
      long packedBytes,
      long fileBytes,
      int files,
      List<String> leftOut) {
    /** Copies the list. */
    public Description {
      leftOut = List.copyOf(leftOut);
    }
  }

  /** The root folder for a container; belongs to the image and is not to be written to. */
  public Path rootFolder() {
    return folder.resolve(ROOT);
  }

  /** The archive for a guest's initial RAM disk, with everything below {@code image/}. */
  public Path archive() {
    return folder.resolve(ARCHIVE);
  }

  /** The archive for a guest's initial RAM disk that stacks the layers' disks. */
  Path start() {
    return folder.resolve(START);
  }

  /** Whether the image can be had in this form. */
  public boolean has(OciStore.Form form) throws ImageException {
    return form == OciStore.Form.ARCHIVE
        ? Files.exists(archive())
        : Files.exists(folder.resolve(LAYER_LIST)) && layers().stream().allMatch(Files::exists);
  }

  /**
   * The read-only SquashFS images to be stacked by overlayfs, the lowest first. Other images have
   * some of them too.
   *
   * @throws ImageException if the list is damaged, or the image was not obtained in this form
   */
  public List<Path> layers() throws ImageException {
    Path list = folder.resolve(LAYER_LIST);
    try {
      Path place = folder.resolveSibling(LAYERS);
      return Stream.of(JSON.readValue(list.toFile(), String[].class)).map(place::resolve).toList();
    } catch (IOException e) {
      throw new ImageException(
          "The image's file %s is damaged; delete it and try again.".formatted(list), e);
    }
  }

  /**
   * The process that the image starts, or the user's words instead of its command.
   *
   * @throws ImageException if the image names none, or has no such program
   */
  public ImageProcess process(List<String> words) throws ImageException {
    List<String> all = description.config().process(words);
    if (all.isEmpty()) {
      throw new ImageException("The image names no command of its own; name one.");
    }
    return command(all);
  }

  /**
   * A process that has nothing to do with the image's entry point.
   *
   * @param words at least one
   * @throws ImageException if the image has no such program
   */
  public ImageProcess command(List<String> words) throws ImageException {
    String program =
        find(words.getFirst())
            .orElseThrow(
                () ->
                    new ImageException(
                        "The image has no command \"%s\".".formatted(words.getFirst())));
    return new ImageProcess(program, words, description.config(), description.identity());
  }

  private Optional<String> find(String program) throws ImageException {
    try {
      if (program.contains("/")) {
        String path =
            program.startsWith("/")
                ? program
                : description.config().workingFolder() + "/" + program;
        return isProgram(path) ? Optional.of(path) : Optional.empty();
      }
      for (String place : description.config().path().split(":")) {
        if (place.startsWith("/") && isProgram(place + "/" + program)) {
          return Optional.of(place + "/" + program);
        }
      }
      return Optional.empty();
    } catch (IOException e) {
      throw new ImageException("The image's folder %s cannot be read.".formatted(folder), e);
    }
  }

  private boolean isProgram(String path) throws IOException {
    Optional<Path> file = RootPaths.follow(rootFolder(), path);
    return file.isPresent() && Files.isRegularFile(file.get()) && Files.isExecutable(file.get());
  }
}

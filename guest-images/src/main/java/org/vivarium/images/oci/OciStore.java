package org.vivarium.images.oci;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;

/**
 * Keeps images, each unpacked once: {@code oci/ID/} holds {@code rootfs/} for a container, {@code
 * image.cpio} for a guest and {@code image.json}; it appears when it is whole. Nobody but the user
 * can enter the folder, since images may hold programs that make who runs them root. Any thread,
 * and several processes at once.
 */
public final class OciStore {
  /** Above the inode numbers of Tiny Linux's own files, of which there are some hundred. */
  private static final long FIRST_INODE = 1_000_000;

  private static final String UNFINISHED = ".new.";

  /** Where a container runtime or the guest's init mounts something. */
  private static final List<String> MOUNT_POINTS = List.of("proc", "sys", "dev");

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;

  /**
   * @param imagesFolder where all images are kept
   */
  public OciStore(Path imagesFolder) {
    this.folder = imagesFolder.toAbsolutePath().resolve("oci");
  }

  /**
   * Returns an image, unpacked unless it has been.
   *
   * @param reference an OCI layout's folder, or an archive of one, or what "docker save" wrote;
   *     ":TAG" may follow where it holds several images
   * @throws ImageException if it cannot be read, breaks a rule, or does not fit on the disk
   */
  public StoredImage obtain(String reference, Progress progress) throws ImageException {
    return obtain(reference, LayerReader.Limits.DEFAULT, progress);
  }

  StoredImage obtain(String reference, LayerReader.Limits limits, Progress progress)
      throws ImageException {
    try (OciImage image = OciImage.open(reference)) {
      Optional<StoredImage> present = find(image.id().hex());
      if (present.isPresent()) {
        return present.get();
      }
      Files.createDirectories(folder);
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
      dropUnfinished();
      Path work =
          Files.createTempDirectory(folder, UNFINISHED + ProcessHandle.current().pid() + ".");
      try {
        unpack(image, work, limits, progress);
        publish(work, folder.resolve(image.id().hex()));
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

  private static void unpack(
      OciImage image, Path work, LayerReader.Limits limits, Progress progress)
      throws IOException, ImageException {
    Path contents = Files.createDirectory(work.resolve("contents"));
    FileTree tree = new FileTree();
    LayerReader reader = new LayerReader(tree, contents, limits);
    int layers = image.layers().size();
    for (int i = 0; i < layers; i++) {
      progress.advanced("Unpacking the image", i, layers + 1L);
      reader.apply(image, image.layers().get(i), i);
    }
    prepare(tree, image.config(), layers);
    Identity identity =
        Identity.find(image.config().user(), text(tree, "etc/passwd"), text(tree, "etc/group"));
    Counter counter = new Counter();
    counter.count(tree.root());
    StoredImage.Description description =
        new StoredImage.Description(
            image.id().hex(),
            image.config(),
            identity,
            layers,
            image.packedBytes(),
            counter.bytes,
            counter.things,
            List.copyOf(reader.leftOut()));
    progress.advanced("Unpacking the image", layers, layers + 1L);
    ImageProcess any = new ImageProcess("/", List.of(), image.config(), identity);
    writeArchive(tree, GuestProcess.script(any), work);
    boolean root = Files.getAttribute(work, "unix:uid").equals(0);
    new RootFolder(root).write(tree.root(), work.resolve(StoredImage.ROOT));
    DurableFiles.deleteFolder(contents);
    DurableFiles.write(work, StoredImage.DESCRIPTION, JSON.writeValueAsBytes(description));
  }

  private static void prepare(FileTree tree, ImageConfig config, int layer) throws ImageException {
    for (String point : MOUNT_POINTS) {
      if (!(tree.root().children().get(point) instanceof Node.Child child
          && child.node() instanceof Node.Folder)) {
        tree.put(point, new Node.Folder(Attributes.IMPLIED), layer);
      }
    }
    tree.folder(config.workingFolder(), layer);
  }

  private static void writeArchive(FileTree tree, byte[] script, Path work)
      throws IOException, ImageException {
    Path content = Files.write(work.resolve(GuestProcess.SCRIPT), script);
    Node.Folder top = new Node.Folder(Attributes.IMPLIED);
    top.children().put(GuestProcess.FOLDER, new Node.Child(tree.root(), 0));
    Node.File file = new Node.File(new Attributes(0644, 0, 0, 0), content, script.length);
    top.children().put(GuestProcess.SCRIPT, new Node.Child(file, 0));
    try (OutputStream out = Files.newOutputStream(work.resolve(StoredImage.ARCHIVE))) {
      ImageCpio.write(top, FIRST_INODE, out);
    }
    Files.delete(content);
  }

  private static String text(FileTree tree, String path) throws IOException, ImageException {
    return tree.find(path) instanceof Node.File file && file.size() < 1 << 20
        ? Files.readString(file.content(), StandardCharsets.ISO_8859_1)
        : "";
  }

  /** Counts what is in a tree. */
  private static final class Counter {
    private final Set<Node> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    private long bytes;
    private int things;

    void count(Node.Folder folder) {
      for (Node.Child child : folder.children().values()) {
        things++;
        if (child.node() instanceof Node.Folder inner) {
          count(inner);
        } else if (child.node() instanceof Node.File file && seen.add(file)) {
          bytes += file.size();
        }
      }
    }
  }

  /** Another process may have been faster, with the same result. */
  private void publish(Path work, Path target) throws IOException {
    try {
      Files.move(work, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
      if (!Files.exists(target.resolve(StoredImage.DESCRIPTION))) {
        throw e;
      }
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

package org.vivarium.images.oci;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;

/** One unpacking of an image into a folder that is not its final one. Used once. */
final class Unpacking {
  /** Above the inode numbers of Tiny Linux's own files, of which there are some hundred. */
  private static final long FIRST_INODE = 1_000_000;

  /** Where a container runtime or the guest's init mounts something. */
  private static final List<String> MOUNT_POINTS = List.of("proc", "sys", "dev");

  private static final ObjectMapper JSON = new ObjectMapper();

  private final OciImage image;
  private final Path store;
  private final Path work;
  private final boolean privileged;
  private final FileTree tree = new FileTree();
  private final LayerReader reader;
  private @Nullable LayerImages images;

  /**
   * @param store where files and images of layers are kept
   * @param work a new folder on the same disk
   */
  Unpacking(OciImage image, Path store, Path work, LayerReader.Limits limits) throws IOException {
    this.image = image;
    this.store = store;
    this.work = work;
    this.privileged = Files.getAttribute(work, "unix:uid").equals(0);
    this.reader = new LayerReader(tree, limits);
  }

  /** Has images made of the layers. */
  void makeImages(Path program) {
    images =
        new LayerImages(store.resolve(StoredImage.LAYERS), work, program, image.layers().size());
  }

  /**
   * Writes what is asked for.
   *
   * @param known what the image is, if its root folder is there already
   */
  void run(Optional<StoredImage.Description> known, Progress progress)
      throws IOException, ImageException {
    int layers = image.layers().size();
    for (int i = 0; i < layers; i++) {
      progress.advanced("Unpacking the image", i, layers + 1L);
      read(image.layers().get(i), i);
    }
    progress.advanced("Unpacking the image", layers, layers + 1L);
    prepare();
    StoredImage.Description description = known.isPresent() ? known.get() : describe();
    byte[] script =
        GuestProcess.script(
            new ImageProcess("/", List.of(), image.config(), description.identity()));
    if (images == null) {
      archive(GuestProcess.FOLDER, tree.root(), script, StoredImage.ARCHIVE);
    } else {
      archive(GuestProcess.UPPER, tree.overlay(layers), script, StoredImage.START);
      List<String> names =
          images.made().stream().map(file -> String.valueOf(file.getFileName())).toList();
      DurableFiles.write(work, StoredImage.LAYER_LIST, JSON.writeValueAsBytes(names));
    }
    if (known.isEmpty()) {
      new RootFolder(privileged).write(tree.root(), work.resolve(StoredImage.ROOT));
      DurableFiles.write(work, StoredImage.DESCRIPTION, JSON.writeValueAsBytes(description));
    }
  }

  private void read(OciImage.Layer layer, int number) throws IOException, ImageException {
    LayerFiles files =
        new LayerFiles(store.resolve("files"), layer.diffId(), work.resolve("files"), privileged);
    reader.apply(image, layer, number, files);
    files.keep();
    if (images != null) {
      images.add(tree, layer, number);
    }
  }

  private void prepare() throws ImageException {
    int layer = image.layers().size();
    tree.beginLayer();
    for (String point : MOUNT_POINTS) {
      if (!(tree.root().children().get(point) instanceof Node.Child child
          && child.node() instanceof Node.Folder)) {
        tree.put(point, new Node.Folder(Attributes.IMPLIED), layer);
      }
    }
    tree.folder(image.config().workingFolder(), layer);
  }

  private StoredImage.Description describe() throws IOException, ImageException {
    Identity identity = Identity.find(image.config().user(), text("etc/passwd"), text("etc/group"));
    Counter counter = new Counter();
    counter.count(tree.root());
    return new StoredImage.Description(
        image.id().hex(),
        image.config(),
        identity,
        image.layers().size(),
        image.packedBytes(),
        counter.bytes,
        counter.things,
        List.copyOf(reader.leftOut()));
  }

  private String text(String path) throws IOException, ImageException {
    return tree.find(path) instanceof Node.File file && file.size() < 1 << 20
        ? Files.readString(file.content(), StandardCharsets.ISO_8859_1)
        : "";
  }

  /** Writes what follows Tiny Linux's own files in the initial RAM disk. */
  private void archive(String folder, Node.Folder files, byte[] script, String name)
      throws IOException, ImageException {
    Path content = Files.write(work.resolve(GuestProcess.SCRIPT), script);
    Node.Folder top = new Node.Folder(Attributes.IMPLIED);
    top.children().put(folder, new Node.Child(files, 0));
    Node.File file = new Node.File(new Attributes(0644, 0, 0, 0), content, script.length);
    top.children().put(GuestProcess.SCRIPT, new Node.Child(file, 0));
    try (OutputStream out = Files.newOutputStream(work.resolve(name))) {
      ImageCpio.write(top, FIRST_INODE, out);
    }
    Files.delete(content);
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
}

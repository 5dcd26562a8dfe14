package org.vivarium.images.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.oci.ImageFixture.Layer;

/** What overlayfs shows of an image's layers is what umoci unpacks, file by file. */
@Timeout(120)
class StackedLayersTest {
  @TempDir Path folder;
  private final List<Path> mounted = new ArrayList<>();

  @BeforeEach
  void findTools() {
    assumeTrue(
        OciStore.form(System.getenv()) == OciStore.Form.LAYERS, "needs sqfstar (squashfs-tools)");
  }

  @AfterEach
  void unmount() throws Exception {
    for (Path place : mounted.reversed()) {
      assertEquals("", run("umount", place.toString()));
    }
  }

  private static String run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return process.waitFor() == 0 ? "" : "failed: " + said;
  }

  private StoredImage obtain(Path layout) throws ImageException {
    return new OciStore(folder.resolve("images"))
        .obtain(layout.toString(), OciStore.Form.LAYERS, Progress.NONE);
  }

  /** Mounts as the guest's init does. */
  private Path stack(StoredImage image) throws Exception {
    List<String> lower = new ArrayList<>();
    for (Path layer : image.layers()) {
      Path place = Files.createDirectories(folder.resolve("layer" + lower.size()));
      String refusal =
          run("mount", "-t", "squashfs", "-o", "ro,loop", layer.toString(), place.toString());
      assumeTrue(refusal.isEmpty(), "SquashFS cannot be mounted here: " + refusal);
      mounted.add(place);
      lower.addFirst(place.toString());
    }
    Path top = Files.createDirectories(folder.resolve("top"));
    assumeTrue(run("mount", "-t", "tmpfs", "top", top.toString()).isEmpty(), "needs a tmpfs");
    mounted.add(top);
    for (String name : List.of("upper", "work", "root")) {
      Files.createDirectory(top.resolve(name));
    }
    Path root = top.resolve("root");
    String options =
        "lowerdir=%s,upperdir=%s,workdir=%s"
            .formatted(String.join(":", lower), top.resolve("upper"), top.resolve("work"));
    String refusal = run("mount", "-t", "overlay", "-o", options, "image", root.toString());
    assumeTrue(refusal.isEmpty(), "overlayfs cannot be mounted here: " + refusal);
    mounted.add(root);
    return root;
  }

  private TreeSet<String> umoci(Path layout) throws Exception {
    assumeTrue(Files.exists(Path.of("/usr/bin/umoci")), "needs umoci");
    assumeTrue(Files.getAttribute(folder, "unix:uid").equals(0), "umoci sets owners as root only");
    Path bundle = folder.resolve("bundle");
    assertEquals("", run("umoci", "unpack", "--image", layout + ":v1", bundle.toString()));
    return TreeListing.of(bundle.resolve("rootfs"));
  }

  @Test
  void theStackIsWhatUmociUnpacks() throws Exception {
    Path layout =
        new ImageFixture()
            .layer(
                new Layer()
                    .folder("kept")
                    .file("kept/a", "1")
                    .file("kept/b", "1")
                    .file("one", "same", entry -> entry.setIds(7, 8))
                    .hardLink("two", "one")
                    .link("out", "/etc")
                    .hardLink("out2", "out")
                    .file("deep/" + "n".repeat(120) + "/" + "m".repeat(120), "long")
                    .link("long", "x".repeat(200))
                    .file("umlaut-\u00fc", "name")
                    .file("su", "x", entry -> entry.setMode(0106755))
                    .file("big", "x", entry -> entry.setIds(70_000, 3_000_000))
                    .file(
                        "described",
                        "x",
                        entry -> entry.addPaxHeader("SCHILY.xattr.user.note", "v\u00e4lue"))
                    .special(
                        "private/",
                        TarConstants.LF_DIR,
                        "",
                        entry -> {
                          entry.setMode(01700);
                          entry.setIds(5, 6);
                        })
                    .special("disk", TarConstants.LF_BLK, "", device(8, 300))
                    .special("zero", TarConstants.LF_CHR, "", device(1, 5))
                    .special("pipe", TarConstants.LF_FIFO, "", entry -> entry.setMode(0600))
                    .file("opaque/old", "1")
                    .file("opaque/inner/old", "1")
                    .file("again/old", "1")
                    .file("gone/old", "1")
                    .file("file-then-folder", "1")
                    .file("folder-then-file/old", "1"))
            .layer(
                new Layer()
                    .file("out/a", "1", entry -> entry.setIds(5, 6))
                    .file("private/new", "implied folder")
                    .hardLink("three", "two")
                    .file(".wh.gone", "")
                    .file("kept/.wh.a", "")
                    .folder("file-then-folder")
                    .file("file-then-folder/new", "2")
                    .file("opaque/.wh..wh..opq", "")
                    .file("opaque/inner/new", "2")
                    .file(".wh.again", "")
                    .file("again/new", "2")
                    .file(".wh.folder-then-file", "")
                    .file("folder-then-file", "2"))
            .layer(new Layer().file("again/newer", "3").file("gone", "3").file(".wh.su", ""))
            .layout(folder.resolve("layout"));

    StoredImage image = obtain(layout);
    TreeSet<String> stacked = TreeListing.of(stack(image));

    assertEquals(3, image.layers().size());
    assertEquals(umoci(layout), stacked);
  }

  private static Consumer<TarArchiveEntry> device(int major, int minor) {
    return entry -> {
      entry.setMode(0660);
      entry.setDevMajor(major);
      entry.setDevMinor(minor);
    };
  }

  @Test
  void fortyLayersBecomeAsManyDisksAsAMachineHasRoomFor() throws Exception {
    ImageFixture fixture = new ImageFixture();
    for (int i = 0; i < 40; i++) {
      Layer layer = new Layer().file("layer" + i, "" + i).file("shared/last", "" + i);
      if (i % 3 == 2) {
        layer.file(".wh.layer" + (i - 1), "");
      }
      fixture.layer(layer);
    }
    Path layout = fixture.layout(folder.resolve("layout"));

    StoredImage image = obtain(layout);
    TreeSet<String> stacked = TreeListing.of(stack(image));

    assertEquals(LayerImages.MOST, image.layers().size());
    assertEquals(umoci(layout), stacked);
  }

  @Test
  void imagesShareTheLayersThatTheyHaveInCommon() throws Exception {
    UnaryOperator<ImageFixture> base =
        image -> image.layer(new Layer().file("base", "1")).layer(new Layer().file("more", "1"));
    Path one = base.apply(new ImageFixture()).layout(folder.resolve("one"));
    Path two =
        base.apply(new ImageFixture())
            .layer(new Layer().file("own", "2"))
            .layout(folder.resolve("two"));

    StoredImage first = obtain(one);
    StoredImage second = obtain(two);

    assertEquals(first.layers(), second.layers().subList(0, 2));
    assertTrue(
        Files.isSameFile(first.rootFolder().resolve("base"), second.rootFolder().resolve("base")));
    try (Stream<Path> made = Files.list(folder.resolve("images/oci/layers"))) {
      assertEquals(3, made.count());
    }
  }

  @Test
  void anImageThatWasUnpackedGetsItsLayersLater() throws Exception {
    Path layout =
        new ImageFixture().layer(new Layer().file("a", "1")).layout(folder.resolve("layout"));
    StoredImage archive =
        new OciStore(folder.resolve("images")).obtain(layout.toString(), Progress.NONE);

    StoredImage both = obtain(layout);

    assertEquals(archive.folder(), both.folder());
    assertTrue(both.has(OciStore.Form.ARCHIVE) && both.has(OciStore.Form.LAYERS));
  }

  @Test
  void aLayerThatCannotBeWrittenLeavesNothing() throws Exception {
    Path layout =
        new ImageFixture().layer(new Layer().file("a", "1")).layout(folder.resolve("layout"));
    Path images = Files.createDirectories(folder.resolve("images/oci"));
    Files.writeString(images.resolve("layers"), "in the way");

    ImageException refusal = assertThrows(ImageException.class, () -> obtain(layout));

    assertTrue(refusal.getMessage().startsWith("The image "), refusal.getMessage());
    assertEquals(List.of("files", "layers"), names(images));
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.map(path -> String.valueOf(path.getFileName())).sorted().toList();
    }
  }
}

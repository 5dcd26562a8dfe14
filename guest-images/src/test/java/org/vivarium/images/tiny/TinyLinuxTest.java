package org.vivarium.images.tiny;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.images.BootImage;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;

class TinyLinuxTest {
  private static final String CLOUD = TinyLinux.DEFAULT_FLAVOUR;

  @TempDir Path images;
  private final FakePackageSource source = FakePackageSource.withKernel("6.1");

  private BootImage build() throws ImageException {
    return TinyLinux.build(images, source, Progress.NONE);
  }

  private static List<String> names(BootImage image) throws IOException {
    List<String> names = new ArrayList<>();
    Path initrd = Objects.requireNonNull(image.initrd());
    try (InputStream in = Files.newInputStream(initrd);
        CpioArchiveInputStream cpio = new CpioArchiveInputStream(in)) {
      CpioArchiveEntry entry;
      while ((entry = cpio.getNextEntry()) != null) {
        names.add(entry.getName());
      }
    }
    return names;
  }

  private long count(String folder) throws IOException {
    try (Stream<Path> files = Files.list(images.resolve(folder))) {
      return files.filter(f -> Files.isDirectory(f) || f.toString().endsWith(".deb")).count();
    }
  }

  @Test
  void theImageHoldsTheKernelTheRecipeAndTheWantedModules() throws Exception {
    BootImage image = build();

    List<String> names = names(image);
    assertEquals("kernel 6.1", Files.readString(image.kernel()));
    assertEquals("6.1-cloud-amd64", image.version());
    assertTrue(image.commandLine().startsWith("console=ttyS0 quiet"), image.commandLine());
    assertTrue(names.containsAll(List.of("init", "bin/busybox", "bin/stage", "dev/console")));
    assertTrue(names.contains("lib/modules/6.1-cloud-amd64/kernel/virtio_blk.ko"));
    assertTrue(names.contains("lib/modules/6.1-cloud-amd64/modules.alias"));
    assertFalse(names.contains("lib/modules/6.1-cloud-amd64/kernel/sound.ko"));
    String manifest = Files.readString(image.kernel().resolveSibling(TinyBuild.MANIFEST));
    assertTrue(manifest.contains("package busybox-static 1.35\n"), manifest);
    assertTrue(manifest.contains("built in ext4\n"), manifest);
    assertTrue(manifest.contains("not in kernel virtio_net\n"), manifest);
  }

  @Test
  void theSamePackagesGiveTheSameBytes(@TempDir Path other) throws Exception {
    BootImage one = build();
    BootImage two = TinyLinux.build(other, FakePackageSource.withKernel("6.1"), Progress.NONE);

    assertArrayEquals(
        Files.readAllBytes(Objects.requireNonNull(one.initrd())),
        Files.readAllBytes(Objects.requireNonNull(two.initrd())));
  }

  @Test
  void aBuiltImageIsFoundAndNotBuiltAgain() throws Exception {
    assertTrue(TinyLinux.locate(images).isEmpty());

    BootImage built = build();
    BootImage again = build();

    assertEquals(built, TinyLinux.locate(images).orElseThrow());
    assertEquals(built, again);
    assertEquals(List.of("linux-image-6.1-cloud-amd64", "busybox-static"), source.fetched);
  }

  @Test
  void newerPackagesGiveANewImageBesideTheOldOne() throws Exception {
    BootImage old = build();
    source.offerKernel("6.2");

    BootImage same = TinyLinux.obtain(images, CLOUD, source, Progress.NONE);
    BootImage renewed = TinyLinux.refresh(images, CLOUD, source, Progress.NONE);

    assertEquals(old, same);
    assertNotEquals(old.kernel(), renewed.kernel());
    assertEquals("kernel 6.2", Files.readString(renewed.kernel()));
    assertEquals("kernel 6.1", Files.readString(old.kernel()));
    assertEquals(renewed, TinyLinux.locate(images).orElseThrow());
    assertEquals(2, count("packages"), "the former kernel's package is dropped");
  }

  @Test
  void aChangedIndexIsNoticed() throws Exception {
    build();
    source.offerKernel("6.2");
    source.makeKnown();

    BootImage renewed = TinyLinux.obtain(images, CLOUD, source, Progress.NONE);

    assertEquals("6.2-cloud-amd64", renewed.version());
  }

  @Test
  void anImageThatIsThereServesWhenTheSourceIsDown() throws Exception {
    BootImage built = build();
    source.offerKernel("6.2");
    source.makeKnown();
    source.down = true;

    assertEquals(built, TinyLinux.obtain(images, CLOUD, source, Progress.NONE));
    assertThrows(ImageException.class, this::build);
  }

  @Test
  void aWithdrawnPackageLeadsToAFreshIndex() throws Exception {
    source.withdraw("linux-image-6.1-cloud-amd64");
    source.offerKernel("6.2");

    BootImage image = build();

    assertEquals("6.2-cloud-amd64", image.version());
    assertEquals(1, source.refreshes);
  }

  @Test
  void aPackageThatStaysGoneFailsAndLeavesNothing() throws Exception {
    source.withdraw("busybox-static");

    ImageException e = assertThrows(ImageException.class, this::build);

    assertEquals("The package busybox-static is gone.", e.getMessage());
    assertTrue(TinyLinux.locate(images).isEmpty());
    assertEquals(0, count("tiny"));
  }

  @Test
  void anAlteredPackageInTheCacheIsFetchedAgain() throws Exception {
    BootImage image = build();
    try (Stream<Path> packages = Files.list(images.resolve("packages"))) {
      for (Path deb : packages.toList()) {
        Files.writeString(deb, "altered");
      }
    }
    Files.delete(image.kernel());

    build();

    assertEquals(4, source.fetched.size());
  }

  @Test
  void anImageThatIsThereIsTakenWhicheverWasThePresentOne() throws Exception {
    BootImage image = build();
    Files.delete(images.resolve("tiny/cloud.stamp"));

    assertEquals(image, build());
    assertEquals(2, source.fetched.size());
  }

  @Test
  void aHalfDeletedImageIsBuiltAgain() throws Exception {
    BootImage image = build();
    Files.delete(Objects.requireNonNull(image.initrd()));

    assertTrue(TinyLinux.locate(images).isEmpty());
    assertEquals(image, build());
    assertTrue(TinyLinux.locate(images).isPresent());
  }

  @Test
  void whatAKilledBuildLeftIsDeleted() throws Exception {
    Path left = Files.createDirectories(images.resolve("tiny/.new123"));
    Files.writeString(left.resolve("vmlinuz"), "half");
    Files.writeString(images.resolve("tiny/.new456.tmp"), "half");

    build();

    assertFalse(Files.exists(left));
    assertFalse(Files.exists(images.resolve("tiny/.new456.tmp")));
  }

  @Test
  void aDamagedStampCountsAsNotBuilt() throws Exception {
    build();
    Path stamp = images.resolve("tiny/cloud.stamp");
    String whole = Files.readString(stamp);
    for (int length = 0; length < whole.length(); length++) {
      Files.writeString(stamp, whole.substring(0, length));
      assertTrue(TinyLinux.locate(images).isEmpty(), "at " + length);
    }
    Files.writeString(stamp, whole.replaceFirst("folder=", "folder=../"));
    assertTrue(TinyLinux.locate(images).isEmpty());
  }

  @Test
  void anotherRecipeCountsAsNotBuilt() throws Exception {
    build();
    Path stamp = images.resolve("tiny/cloud.stamp");
    Files.writeString(stamp, Files.readString(stamp).replaceFirst("recipe=.", "recipe=x"));

    assertTrue(TinyLinux.locate(images).isEmpty());
  }

  @Test
  void severalBuildersTakeTurnsAndBuildOnce() throws Exception {
    List<Callable<BootImage>> builders = List.of(this::build, this::build, this::build);
    try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
      List<BootImage> built = new ArrayList<>();
      for (Future<BootImage> done : threads.invokeAll(builders)) {
        built.add(done.get());
      }

      assertEquals(1, built.stream().distinct().count());
    }
    assertEquals(2, source.fetched.size());
    assertEquals(1, count("tiny"));
  }

  @Test
  void anUnknownFlavourIsRefusedByName() {
    ImageException e =
        assertThrows(
            ImageException.class, () -> TinyLinux.build(images, "huge", source, Progress.NONE));

    assertTrue(e.getMessage().contains("\"huge\""), e.getMessage());
    assertTrue(e.getMessage().contains("cloud, generic, cloud-6.12"), e.getMessage());
    assertEquals(0, source.refreshes);
  }

  @Test
  void aFlavourThatTheSourceHasNotIsRefused() {
    ImageException e =
        assertThrows(
            ImageException.class, () -> TinyLinux.build(images, "generic", source, Progress.NONE));

    assertTrue(e.getMessage().startsWith("No package linux-image-amd64 or "), e.getMessage());
  }

  @Test
  void aFolderThatCannotBeWrittenIsNamed() throws Exception {
    Path file = Files.createFile(images.resolve("file"));

    ImageException e =
        assertThrows(ImageException.class, () -> TinyLinux.build(file, source, Progress.NONE));

    assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
  }

  @Test
  void theStepsAreTold() throws Exception {
    List<String> steps = new ArrayList<>();

    TinyLinux.build(images, source, (step, done, total) -> steps.add(step));

    assertEquals("Looking for packages", steps.getFirst());
    assertEquals("Writing the image", steps.getLast());
  }

  @Test
  void theCommandLineExplainsItself() {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    PrintStream to = new PrintStream(err, true, StandardCharsets.UTF_8);

    assertEquals(2, BuildTinyLinux.run(List.of(), Map.of(), to, to));
    assertEquals(2, BuildTinyLinux.run(List.of("--help"), Map.of(), to, to));
    int status = BuildTinyLinux.run(List.of(images.toString()), Map.of("PATH", "/nowhere"), to, to);

    assertEquals(1, status);
    assertTrue(err.toString(StandardCharsets.UTF_8).contains("set VIVARIUM_MIRROR"));
  }
}

package org.vivarium.vmm.boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.config.BootSource;

class KernelLoaderTest {
  @TempDir private Path folder;

  private Path file(String name, ByteBuffer bytes) throws Exception {
    return Files.write(folder.resolve(name), bytes.array());
  }

  private EntryState load(Path kernel, @Nullable Path initrd) throws Exception {
    BootTarget target = TestKernels.target(32);
    try (GuestMemory _ = target.memory()) {
      return KernelLoader.load(new BootSource(kernel, initrd, ""), target);
    }
  }

  private String refusal(Path kernel, @Nullable Path initrd) {
    return TestKernels.refusal(() -> load(kernel, initrd));
  }

  @Test
  void eachKindIsRecognised() throws Exception {
    Path initrd = file("initrd", TestKernels.littleEndian(10));

    assertEquals(EntryState.Mode.LONG_64, load(file("bz", TestKernels.bzImage()), initrd).mode());
    assertEquals(EntryState.Mode.PROTECTED_32, load(file("elf", TestKernels.elf()), initrd).mode());
  }

  @Test
  void otherFilesAreRefused() throws Exception {
    Path text = file("text", ByteBuffer.wrap("#!/bin/sh\n".getBytes("US-ASCII")));

    assertEquals(
        "Kernel "
            + text
            + ": it is neither a bzImage nor an ELF kernel, or it is cut off; "
            + "use a vmlinuz or vmlinux for x86-64.",
        refusal(text, null));
  }

  @Test
  void emptyFilesAreRefused() throws Exception {
    Path empty = file("empty", ByteBuffer.allocate(0));
    Path kernel = file("bz", TestKernels.bzImage());

    assertEquals(
        "Kernel " + empty + ": the file is empty; name another one.", refusal(empty, null));
    assertEquals(
        "Initrd " + empty + ": the file is empty; name another one.", refusal(kernel, empty));
  }

  @Test
  void missingFilesAreRefused() throws Exception {
    Path missing = folder.resolve("nothing");
    Path kernel = file("bz", TestKernels.bzImage());

    assertTrue(refusal(missing, null).startsWith("Kernel " + missing + ": there is no such file"));
    assertTrue(
        refusal(kernel, missing).startsWith("Initrd " + missing + ": there is no such file"));
  }

  @Test
  void pathThroughAFileIsRefused() throws Exception {
    Path kernel = file("bz", TestKernels.bzImage());

    assertTrue(refusal(kernel.resolve("x"), null).contains("there is no such file"));
  }

  @Test
  void otherFailuresOfTheFileSystemAreNamed() {
    Path path = folder.resolve("x".repeat(300));

    assertEquals(
        "Kernel "
            + path
            + ": it cannot be read (File name too long); "
            + "check the file and the disk that it is on.",
        refusal(path, null));
  }

  @Test
  void folderIsRefused() {
    assertTrue(refusal(folder, null).contains("it is a folder"));
  }

  @Test
  @Timeout(value = 20, unit = TimeUnit.SECONDS)
  void pipeIsRefusedWithoutWaitingForAWriter() throws Exception {
    Path pipe = folder.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());

    assertTrue(refusal(pipe, null).contains("a pipe"));
  }

  @Test
  void deviceIsRefused() {
    assertTrue(refusal(Path.of("/dev/zero"), null).contains("a device"));
  }

  @Test
  void sparseKernelLargerThanAnyMachineIsRefused() throws Exception {
    Path kernel = file("bz", TestKernels.bzImage());
    try (var channel = FileChannel.open(kernel, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(1), 1L << 40);
    }

    assertTrue(refusal(kernel, null).contains("between 1 MiB and 3 GiB"));
  }

  @Test
  void sparseInitrdLargerThanAnyMachineIsRefused() throws Exception {
    Path initrd = file("initrd", ByteBuffer.allocate(1));
    try (var channel = FileChannel.open(initrd, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(1), 1L << 40);
    }

    assertTrue(refusal(file("bz", TestKernels.bzImage()), initrd).contains("do not fit"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\0b", "caf\u00e9", "a\nb", "\u007f", "\ud83d\ude00"})
  void charactersThatAKernelCannotReadAreRefused(String line) {
    String message = TestKernels.refusal(() -> TestKernels.load(TestKernels.bzImage(), null, line));

    assertTrue(message.startsWith("Kernel command line: character "), message);
  }

  @ParameterizedTest
  @ValueSource(ints = {2048, 65535, 65536, 1 << 20})
  void commandLineLongerThanTheKernelReadsIsRefused(int length) {
    String message =
        TestKernels.refusal(
            () -> TestKernels.load(TestKernels.bzImage(), null, "x".repeat(length)));

    assertEquals(
        "Kernel command line: it has %d characters; this kernel reads at most 2047."
            .formatted(length),
        message);
  }

  @Test
  void longestCommandLineIsTaken() throws Exception {
    TestKernels.load(TestKernels.bzImage(), null, "x".repeat(2047));
  }

  @Test
  void kernelThatClaimsToReadMoreThanThereIsRoomForIsHeldToTheRoom() throws Exception {
    ByteBuffer kernel = TestKernels.bzImage();
    kernel.putInt(0x238, -1);

    TestKernels.load(kernel, null, "x".repeat(65535));

    assertThrows(
        InvalidConfigException.class, () -> TestKernels.load(kernel, null, "x".repeat(65536)));
  }
}

package org.vivarium.kvm;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.kvm.GuestMemory.Backing;
import org.vivarium.kvm.GuestMemory.Range;

/** A file of known bytes and guest memory of its size, for tests that move bytes between them. */
abstract class FileAndMemory {
  static final int SIZE = 0x1_0000;

  @TempDir Path folder;
  final GuestMemory memory;
  Path path = Path.of("");

  FileAndMemory(Backing backing) throws KvmException {
    memory = GuestMemory.allocate(List.of(new Range(0, SIZE)), backing);
  }

  @BeforeEach
  void fillFile() throws Exception {
    path = folder.resolve("disk.raw");
    byte[] bytes = new byte[SIZE];
    for (int i = 0; i < SIZE; i++) {
      bytes[i] = (byte) (i / 7 + 1);
    }
    Files.write(path, bytes);
  }

  @AfterEach
  void freeMemory() {
    memory.close();
  }

  byte[] inMemory(long gpa, int length) {
    byte[] bytes = new byte[length];
    memory.read(gpa, bytes, 0, length);
    return bytes;
  }

  byte[] inFile(int offset, int length) throws Exception {
    return Arrays.copyOfRange(Files.readAllBytes(path), offset, offset + length);
  }
}

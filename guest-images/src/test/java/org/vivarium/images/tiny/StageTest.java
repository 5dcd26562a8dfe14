package org.vivarium.images.tiny;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StageTest {
  @TempDir Path folder;

  @Test
  void theBytesAreThoseOfTheSources() throws Exception {
    assumeTrue(Files.exists(Path.of("/usr/bin/as")), "needs binutils");

    assertArrayEquals(assembled("stage"), Stage.code());
    assertArrayEquals(assembled("enter"), Enter.code());
  }

  private byte[] assembled(String name) throws Exception {
    Files.write(folder.resolve(name + ".s"), TinyRecipe.bytes(name + ".s"));
    run("as", "-o", name + ".o", name + ".s");
    run("objcopy", "-O", "binary", name + ".o", name + ".bin");
    return Files.readAllBytes(folder.resolve(name + ".bin"));
  }

  private void run(String... command) throws Exception {
    Process process = new ProcessBuilder(List.of(command)).directory(folder.toFile()).start();
    assertEquals(0, process.waitFor(), String.join(" ", command));
  }

  @Test
  void theElfFileLoadsItselfAndStartsAtTheCode() {
    ByteBuffer elf = ByteBuffer.wrap(Stage.elf()).order(ByteOrder.LITTLE_ENDIAN);

    long entry = elf.getLong(24);
    long loadAddress = elf.getLong(64 + 16);
    int codeAt = (int) (entry - loadAddress);

    assertEquals(elf.capacity(), elf.getLong(64 + 32));
    assertArrayEquals(
        Stage.code(), Arrays.copyOfRange(elf.array(), codeAt, codeAt + Stage.code().length));
  }
}

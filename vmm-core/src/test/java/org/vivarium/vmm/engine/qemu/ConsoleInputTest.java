package org.vivarium.vmm.engine.qemu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ConsoleInputTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(7).nextBytes(bytes);
    return bytes;
  }

  @Test
  void offerTakesNoMoreThanThereIsRoomFor() {
    ConsoleInput input = new ConsoleInput(OutputStream.nullOutputStream());
    byte[] bytes = random(ConsoleInput.CAPACITY + 5);

    assertEquals(ConsoleInput.CAPACITY, input.offer(bytes, 0, bytes.length));
    assertEquals(0, input.offer(bytes, 0, 1));
    assertEquals(0, input.offer(bytes, 0, 0));
  }

  @Test
  void everyByteArrivesInOrderWhateverTheSizesOffered() throws InterruptedException {
    ByteArrayOutputStream guest = new ByteArrayOutputStream();
    ConsoleInput input = new ConsoleInput(guest);
    Thread loop = Thread.ofPlatform().start(input);
    byte[] bytes = random(1_000_003);
    Random sizes = new Random(8);
    int sent = 0;
    while (sent < bytes.length) {
      int size = Math.min(bytes.length - sent, sizes.nextInt(3 * ConsoleInput.CAPACITY));
      sent += input.offer(bytes, sent, size);
    }
    while (guest.size() < bytes.length) {
      LockSupport.parkNanos(1_000_000);
    }

    input.close();

    assertTrue(loop.join(PATIENCE));
    assertArrayEquals(bytes, guest.toByteArray());
  }

  @Test
  void nothingIsTakenOnceTheGuestIsGone() throws InterruptedException {
    ConsoleInput input =
        new ConsoleInput(
            new OutputStream() {
              @Override
              public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
              }
            });
    input.offer(new byte[1], 0, 1);
    Thread loop = Thread.ofPlatform().start(input);

    assertTrue(loop.join(PATIENCE));

    assertEquals(0, input.offer(new byte[1], 0, 1));
  }

  @Test
  void closeEndsALoopThatWaits() throws InterruptedException {
    ConsoleInput input = new ConsoleInput(OutputStream.nullOutputStream());
    Thread loop = Thread.ofPlatform().start(input);

    input.close();

    assertTrue(loop.join(PATIENCE));
  }
}

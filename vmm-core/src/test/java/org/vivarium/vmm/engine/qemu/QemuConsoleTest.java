package org.vivarium.vmm.engine.qemu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vivarium.vmm.engine.ConsoleOutput;
import org.vivarium.vmm.engine.VirtualMachine;

/** Console bytes between a real guest and this side. */
@Tag("emulation")
@Timeout(900)
class QemuConsoleTest {
  private static final Duration BOOT = Duration.ofSeconds(120);

  private VirtualMachine boot(ConsoleOutput console) throws Exception {
    VirtualMachine machine =
        new QemuEngine(_ -> {}).create(TestGuest.config("console", 1), console, _ -> {});
    machine.start();
    return machine;
  }

  private static void send(VirtualMachine machine, byte[] bytes) {
    int sent = 0;
    while (sent < bytes.length && !machine.state().isEnd()) {
      int taken = machine.input(bytes, sent, bytes.length - sent);
      sent += taken;
      if (taken == 0) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
      }
    }
  }

  @Test
  void anyBytesTypedComeBackUnchanged() throws Exception {
    byte[] bytes = new byte[100_000];
    new Random(3).nextBytes(bytes);
    TestConsole console = new TestConsole();
    try (VirtualMachine machine = boot(console)) {
      console.readTo(TestGuest.PROMPT, BOOT);
      TestConsole.type(
          machine,
          "stty raw -echo; echo \"re\"ady; head -c 100000 >/tmp/b; cat /tmp/b; stty sane; echo \"en\"d");
      console.readTo("ready\n", BOOT);

      send(machine, bytes);

      byte[] back = console.readTo("end\r\n", BOOT).getBytes(StandardCharsets.ISO_8859_1);
      assertArrayEquals(bytes, back);
    }
  }

  @Test
  void twentyMegabytesArriveWholeAtASlowReceiver() throws Exception {
    int last = 2_350_000;
    TestConsole prompt = new TestConsole();
    Counting counting = new Counting(last);
    ConsoleOutput console =
        (bytes, offset, length) -> {
          if (!counting.started()) {
            prompt.write(bytes, offset, length);
          }
          counting.write(bytes, offset, length);
        };
    try (VirtualMachine machine = boot(console)) {
      prompt.readTo(TestGuest.PROMPT, BOOT);

      TestConsole.type(machine, "echo \"count\"ing; seq 1 " + last);

      counting.done.await();
      assertEquals("", counting.wrong);
      assertEquals(last, counting.next - 1);
    }
  }

  /**
   * Waits for "counting", then expects the numbers from 1, a line each, and stops for a moment
   * after every megabyte.
   */
  private static final class Counting implements ConsoleOutput {
    private final int last;
    private final CountDownLatch done = new CountDownLatch(1);
    private byte[] expected = "counting\r\n".getBytes(StandardCharsets.ISO_8859_1);
    private int at;
    private volatile int next;
    private volatile String wrong = "";
    private long taken;

    Counting(int last) {
      this.last = last;
    }

    boolean started() {
      return next > 0;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      for (int i = offset; i < offset + length && done.getCount() > 0; i++) {
        take(bytes[i]);
      }
    }

    private void take(byte b) {
      if (b != expected[at]) {
        if (started()) {
          wrong = "Byte %d of line %d is %d".formatted(at, next, b);
          done.countDown();
        }
        at = b == expected[0] ? 1 : 0;
        return;
      }
      if (++taken % (1 << 20) == 0) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
      }
      if (++at == expected.length) {
        next++;
        at = 0;
        expected = (next + "\r\n").getBytes(StandardCharsets.ISO_8859_1);
        if (next > last) {
          done.countDown();
        }
      }
    }
  }
}

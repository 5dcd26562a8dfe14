package org.vivarium.devices.virtio.vsock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.vivarium.devices.virtio.testing.DriverSideDevice;
import org.vivarium.devices.virtio.testing.DriverSideQueue;
import org.vivarium.devices.virtio.testing.DriverSideQueue.Buffer;
import org.vivarium.devices.virtio.testing.DriverSideQueue.Used;
import org.vivarium.devices.virtio.testing.GuestRam;
import org.vivarium.devices.virtio.testing.ManualLoop;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.kvm.NativeBuffer;
import org.vivarium.kvm.UnixSocket;

/**
 * Any packets of a guest and any doings of the host's programs: nothing is thrown, the device comes
 * to rest, its packets are whole, and only used rings and device-writable memory change.
 *
 * <p>Input: records that start with what to do (8 bits). Ports and identifiers are few, so that
 * packets meet connections.
 */
class VsockFuzzTest {
  private static final long CID = 3;
  private static final long READABLE = 0x10_0000;
  private static final long WRITABLE = 0x20_0000;
  private static final int BYTES = 0x1_0000;
  private static final int SLOT = 0x1000;

  @FuzzTest
  void anyPacketsEndAndStayInside(byte[] input) throws IOException {
    Path folder = Files.createTempDirectory("vsock");
    ManualLoop loop = new ManualLoop();
    VsockDevice device = VsockDevice.open("fuzz", new VsockConfig(CID, folder.resolve("v")), loop);
    Host host = new Host(folder);
    try (GuestRam ram = new GuestRam();
        DriverSideDevice driver = new DriverSideDevice(ram, loop, device).start()) {
      ram.fill(READABLE, BYTES, 0x3C);
      ByteBuffer in = ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < 200 && in.hasRemaining(); i++) {
        step(driver, host, in);
        loop.run();
        driver.queue(1).allUsed();
        for (Used used : driver.queue(0).allUsed()) {
          assertTrue(used.length() == 0 || (used.length() >= 44 && used.length() <= SLOT));
        }
      }
      for (long gpa = READABLE + SLOT; gpa < READABLE + BYTES; gpa += 4096) {
        assertEquals(0x3C, ram.memory().readU8(gpa));
      }
      assertEquals(0, ram.memory().readU8(WRITABLE - 1));
      assertEquals(0, ram.memory().readU8(WRITABLE + BYTES));
      driver.awaitReset();
    } finally {
      device.close();
      loop.run();
      assertEquals(0, loop.watched());
      host.close();
    }
  }

  private static void step(DriverSideDevice driver, Host host, ByteBuffer in) throws IOException {
    GuestMemory memory = driver.ram().memory();
    try {
      switch (in.get() & 7) {
        case 0, 1, 2 -> {
          int data = in.getShort() & 0x7FF;
          memory.writeU64(READABLE, CID + (in.get() == 77 ? 1 : 0));
          memory.writeU64(READABLE + 8, 2);
          memory.writeU32(READABLE + 16, in.get() & 3);
          memory.writeU32(READABLE + 20, in.get() & 0xC000_0001);
          memory.writeU32(READABLE + 24, data + (in.get() == 77 ? in.getInt() : 0));
          memory.writeU16(READABLE + 28, in.get() == 77 ? 2 : 1);
          memory.writeU16(READABLE + 30, in.get() & 7);
          memory.writeU32(READABLE + 32, in.get());
          memory.writeU32(READABLE + 36, in.getInt());
          memory.writeU32(READABLE + 40, in.getShort());
          add(driver, 1, new Buffer(READABLE, 44L + data, false));
        }
        case 3 -> {
          long at = WRITABLE + (in.getShort() & 0xF) * (long) SLOT;
          add(driver, 0, new Buffer(at, 1 + (in.getShort() & (SLOT - 1)), true));
        }
        case 4 -> add(driver, in.get() & 1, new Buffer(READABLE, 1 + (in.get() & 0xFF), false));
        case 5 -> host.connect(in.get() & 3);
        case 6 -> host.exchange(in.get() & 0xFF, in.getShort() & 0x3FFF);
        default -> host.end(in.get() & 0xFF);
      }
    } catch (BufferUnderflowException e) {
      in.position(in.limit());
    }
  }

  private static void add(DriverSideDevice driver, int index, Buffer... chain) {
    DriverSideQueue queue = driver.queue(index);
    if (queue.hasFree(chain.length)) {
      queue.add(chain);
      driver.notifyOnly(index);
    }
  }

  /** Programs of the host: they listen at port 0, connect, write, read, end and go. */
  private static final class Host {
    private final Path folder;
    private final UnixSocket listener;
    private final List<UnixSocket> programs = new ArrayList<>();
    private final NativeBuffer bytes = new NativeBuffer(1 << 14);

    Host(Path folder) throws IOException {
      this.folder = folder;
      this.listener = UnixSocket.listen(folder.resolve("v_0"), 100);
    }

    void connect(int port) throws IOException {
      UnixSocket program = UnixSocket.connect(folder.resolve("v"));
      byte[] command = ("CONNECT " + port + "\n").getBytes(StandardCharsets.US_ASCII);
      bytes.bytes().put(0, command);
      program.write(bytes, 0, port == 3 ? 4 : command.length);
      programs.add(program);
    }

    void exchange(int which, int length) throws IOException {
      for (UnixSocket next = listener.accept(); next != null; next = listener.accept()) {
        programs.add(next);
      }
      if (!programs.isEmpty()) {
        UnixSocket program = programs.get(which % programs.size());
        program.read(bytes, 0, bytes.size());
        program.write(bytes, 0, Math.max(1, length));
      }
    }

    void end(int which) {
      if (!programs.isEmpty() && (which & 1) == 0) {
        programs.remove(which % programs.size()).close();
      } else if (!programs.isEmpty()) {
        programs.get(which % programs.size()).endWriting();
      }
    }

    void close() throws IOException {
      programs.forEach(UnixSocket::close);
      listener.close();
      Files.delete(folder.resolve("v_0"));
      Files.delete(folder);
    }
  }
}

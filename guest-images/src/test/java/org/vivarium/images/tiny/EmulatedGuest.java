package org.vivarium.images.tiny;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.vivarium.images.BootImage;

/** A guest in QEMU's software emulation, with its console at hand. Belongs to one thread. */
public final class EmulatedGuest implements AutoCloseable {
  private final Process qemu;
  private final Path control;
  private final Path debugPort;
  private final InputStream output;
  private final StringBuilder console = new StringBuilder();
  private int seen;

  private EmulatedGuest(Process qemu, Path control, Path debugPort) {
    this.qemu = qemu;
    this.control = control;
    this.debugPort = debugPort;
    this.output = qemu.getInputStream();
  }

  /**
   * Starts a guest whose console is the serial port, or the virtio console that the options add
   * with "virtconsole,chardev=console".
   *
   * @param folder for sockets and logs
   */
  public static EmulatedGuest start(
      BootImage image, String append, Path folder, List<String> options) throws IOException {
    Path control = folder.resolve("qmp");
    Path debugPort = folder.resolve("debug");
    List<String> command = new ArrayList<>(List.of("timeout", "400", "qemu-system-x86_64"));
    command.addAll(List.of("-accel", "tcg", "-M", "q35", "-cpu", "max", "-m", "512"));
    command.addAll(List.of("-nodefaults", "-display", "none", "-no-reboot"));
    command.addAll(List.of("-kernel", image.kernel().toString()));
    command.addAll(List.of("-initrd", Objects.requireNonNull(image.initrd()).toString()));
    command.addAll(List.of("-append", image.commandLine() + " " + append));
    command.addAll(List.of("-qmp", "unix:" + control + ",server=on,wait=off"));
    command.addAll(List.of("-chardev", "file,id=debug,path=" + debugPort));
    command.addAll(List.of("-device", "isa-debugcon,iobase=0xe9,chardev=debug"));
    command.addAll(List.of("-chardev", "stdio,id=console"));
    if (!options.contains("virtconsole,chardev=console")) {
      command.addAll(List.of("-serial", "chardev:console"));
    }
    command.addAll(options);
    Process qemu = new ProcessBuilder(command).redirectErrorStream(true).start();
    return new EmulatedGuest(qemu, control, debugPort);
  }

  /** Reads until a text appears that was not awaited before; fails at the end of the output. */
  public void await(String text) throws IOException {
    while (console.indexOf(text, seen) < 0) {
      if (!read()) {
        throw new IOException("The guest ended without \"" + text + "\":\n" + console);
      }
    }
    seen = console.indexOf(text, seen) + text.length();
  }

  private boolean read() throws IOException {
    byte[] buffer = new byte[4096];
    int n = output.read(buffer);
    console.append(new String(buffer, 0, Math.max(n, 0), StandardCharsets.ISO_8859_1));
    return n >= 0;
  }

  public void type(String keys) throws IOException {
    OutputStream input = qemu.getOutputStream();
    input.write(keys.getBytes(StandardCharsets.ISO_8859_1));
    input.flush();
  }

  /** Waits for the end and returns QEMU's status; 124 when the time limit ended it. */
  public int exit() throws IOException, InterruptedException {
    while (read()) {
      // The console tells what happens until then.
    }
    return qemu.waitFor();
  }

  public String console() {
    return console.toString();
  }

  /** What the guest wrote to the debug I/O port. */
  public byte[] stages() throws IOException {
    return Files.readAllBytes(debugPort);
  }

  public void pressPowerButton() throws IOException {
    control("{\"execute\":\"system_powerdown\"}");
  }

  /** Sends one QMP command. */
  public void control(String command) throws IOException {
    try (SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      socket.connect(UnixDomainSocketAddress.of(control));
      BufferedReader answers =
          new BufferedReader(
              new InputStreamReader(Channels.newInputStream(socket), StandardCharsets.UTF_8));
      OutputStream out = Channels.newOutputStream(socket);
      for (String line : List.of("{\"execute\":\"qmp_capabilities\"}", command)) {
        out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
      }
      int returned = 0;
      while (returned < 2) {
        String answer = answers.readLine();
        if (answer == null || answer.contains("\"error\"")) {
          throw new IOException("QEMU refused: " + answer);
        }
        returned += answer.contains("\"return\"") ? 1 : 0;
      }
    }
  }

  @Override
  public void close() {
    // timeout(1) passes the signal on to QEMU.
    qemu.destroy();
  }
}

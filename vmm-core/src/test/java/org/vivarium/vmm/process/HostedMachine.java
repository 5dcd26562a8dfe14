package org.vivarium.vmm.process;

import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.VmLauncher;
import org.vivarium.vmm.store.VmFolder;

/**
 * Runs "VM processes" of fake machines on threads of the test's own process; all the rest (lock,
 * folder, sockets, handshake) is as it is.
 */
public final class HostedMachine implements VmLauncher {
  /** Makes the machines. */
  public final FakeMachine.Maker engine = new FakeMachine.Maker();

  private final Path runtime;
  private final List<Thread> processes = new ArrayList<>();

  /**
   * @param runtime stands for XDG_RUNTIME_DIR
   */
  public HostedMachine(Path runtime) {
    this.runtime = runtime;
  }

  @Override
  public void launch(Folders folders, Path machine, Instant asked) throws VmmException {
    try {
      Path pipe = Files.createTempFile("handshake", "");
      VmFolder folder = new VmFolder(machine);
      Files.createDirectories(folder.state());
      PrintStream err =
          new PrintStream(
              new FileOutputStream(folder.events().toFile(), true), true, StandardCharsets.UTF_8);
      VmProcess process =
          new VmProcess(
              folders, Map.of("XDG_RUNTIME_DIR", runtime.toString()), _ -> engine.selection(), err);
      File answer = pipe.toFile();
      Thread thread =
          Thread.ofPlatform()
              .daemon()
              .start(() -> run(process, String.valueOf(machine.getFileName()), answer));
      processes.add(thread);
      while (answer.length() == 0) {
        thread.join(1);
      }
      var failure = Handshake.read(Files.readString(pipe).strip());
      Files.delete(pipe);
      if (failure.isPresent()) {
        thread.join(TimeUnit.SECONDS.toMillis(10));
        throw failure.get();
      }
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void run(VmProcess process, String name, File answer) {
    try {
      process.run(name, new FileOutputStream(answer));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Ends the machines that still run. */
  public void endAll() throws InterruptedException {
    for (Thread process : processes) {
      if (process.isAlive()) {
        engine.last().kill();
      }
      process.join(TimeUnit.SECONDS.toMillis(20));
    }
  }
}

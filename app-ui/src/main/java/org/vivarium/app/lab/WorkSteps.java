package org.vivarium.app.lab;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.lab.Report.Row;
import org.vivarium.images.ImageException;

/** How fast instances work. Belongs to one thread. */
final class WorkSteps {
  /** A port that the image need not have. */
  private static final int PORT = 5007;

  private static final String ECHO = "echo ready; exec nc -ll -p %d -e cat".formatted(PORT);

  private final Setting setting;
  private final Exec exec;
  private @Nullable Path disk;

  WorkSteps(Setting setting, Exec exec) {
    this.setting = setting;
    this.exec = exec;
  }

  void processor(Ground ground) throws BenchException, ImageException, InterruptedException {
    setting.work(ground, "", Work.PROCESSOR, Extras.NONE);
  }

  void disk(Ground ground) throws BenchException, ImageException, InterruptedException {
    Path file = disk();
    forgetCached(file);
    setting.work(ground, "D=" + ground.disk(file) + "; ", Work.DISK, Extras.disk(file));
  }

  /** A file with blocks of its own, on the disk where the images are. */
  private Path disk() throws BenchException {
    Path made = disk;
    if (made == null) {
      Path folder = setting.scratch().folderIn(setting.equipment().image().folder());
      made = folder.resolve("disk");
      byte[] block = new byte[1 << 20];
      try (OutputStream out = Files.newOutputStream(made)) {
        for (int i = 0; i < Work.DISK_MIB; i++) {
          out.write(block);
        }
      } catch (IOException e) {
        setting.scratch().delete(folder);
        throw new BenchException(
            "The disk %s cannot be written: %s.".formatted(made, e.getMessage()), e);
      }
      disk = made;
    }
    return made;
  }

  /** Takes a file out of the host's page cache, so that what is read comes from its disk. */
  private void forgetCached(Path file) throws BenchException {
    exec.run(
        List.of(
            "dd",
            "of=" + file,
            "oflag=nocache",
            "conv=notrunc,fdatasync",
            "count=0",
            "if=/dev/null",
            "status=none"));
  }

  void network(Ground ground) throws BenchException, ImageException, InterruptedException {
    if (ground.side() == Side.HOST) {
      return;
    }
    // Without it the shell would end at once, and nobody listen.
    setting.process(List.of("nc"));
    Extras extras = Extras.port(PORT);
    try (Running running = ground.start(setting.shell(ECHO), extras)) {
      running.firstOutput(setting.plan().patience());
      try (Link link = ground.connect(running, extras)) {
        if (!link.lacking().isEmpty()) {
          setting.note().accept(link.lacking());
        }
        speak(ground, running, link.forwarded(), Rows.LATENCY, Rows.FORWARDED);
        speak(ground, running, link.direct(), Rows.DIRECT_LATENCY, Rows.DIRECT);
      }
    }
  }

  private void speak(
      Ground ground,
      Running running,
      Optional<InetSocketAddress> address,
      Row latency,
      Row throughput)
      throws BenchException, InterruptedException {
    if (address.isPresent()) {
      EchoClient client =
          EchoClient.await(address.get(), setting.plan().patience(), running.child()::isAlive);
      setting.results().add(latency.id(), ground, client.latency(), running.command());
      setting.results().add(throughput.id(), ground, client.throughput(), running.command());
    }
  }
}

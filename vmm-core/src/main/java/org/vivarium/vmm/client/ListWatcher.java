package org.vivarium.vmm.client;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.store.VmFolder;

/**
 * Tells a listener of every change to the list of machines, on a thread of its own. Files that are
 * renamed into a folder (definitions, what processes say of themselves) wake it at once; what
 * leaves no trace there, such as a killed process or a file edited in place, it sees within a
 * second.
 */
final class ListWatcher implements Machines.Watch {
  private static final LazyLogger LOG = LazyLogger.of(ListWatcher.class);
  private static final long LOOK_EVERY_MILLIS = 1000;

  /** Several files change together when a machine starts or ends. */
  private static final long SETTLE_MILLIS = 20;

  private final Path vms;
  private final MachineList machines;
  private final Consumer<List<MachineSummary>> listener;
  private final Set<Path> watched = new HashSet<>();
  private volatile boolean closed;
  private @Nullable List<MachineSummary> told;

  ListWatcher(Path vms, MachineList machines, Consumer<List<MachineSummary>> listener) {
    this.vms = vms;
    this.machines = machines;
    this.listener = listener;
  }

  Machines.Watch start() {
    Thread.ofPlatform().name("machine list").daemon().start(this::watch);
    return this;
  }

  private void watch() {
    try (WatchService service = FileSystems.getDefault().newWatchService()) {
      while (!closed) {
        register(service);
        look();
        WatchKey key = service.poll(LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
        if (key != null) {
          TimeUnit.MILLISECONDS.sleep(SETTLE_MILLIS);
        }
        while (key != null) {
          key.pollEvents();
          key.reset();
          key = service.poll();
        }
      }
    } catch (IOException e) {
      LOG.warn("The list of machines is no longer watched", e);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void look() {
    try {
      List<MachineSummary> now = machines.all();
      if (!now.equals(told) && !closed) {
        told = now;
        listener.accept(now);
      }
    } catch (VmmException | RuntimeException e) {
      LOG.warn("The list of machines could not be told", e);
    }
  }

  private void register(WatchService service) {
    watched.removeIf(folder -> !Files.isDirectory(folder));
    watch(service, vms);
    try (var folders = Files.newDirectoryStream(vms, Files::isDirectory)) {
      folders.forEach(
          folder -> {
            watch(service, folder);
            watch(service, new VmFolder(folder).state());
          });
    } catch (IOException e) {
      LOG.debug("There are no machines yet", e);
    }
  }

  private void watch(WatchService service, Path folder) {
    if (watched.contains(folder) || !Files.isDirectory(folder)) {
      return;
    }
    try {
      // Not what is modified in place: a console log is, all the time.
      folder.register(
          service, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_DELETE);
      watched.add(folder);
    } catch (IOException e) {
      LOG.debug("{} is looked at once a second", folder, e);
    }
  }

  @Override
  public void close() {
    closed = true;
  }
}

package org.vivarium.vmm.client;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineSummary.State;
import org.vivarium.vmm.codec.DefinitionCodec;
import org.vivarium.vmm.definition.VmDefinition;
import org.vivarium.vmm.store.DefinitionFile;
import org.vivarium.vmm.store.HostErrors;
import org.vivarium.vmm.store.LastWords;
import org.vivarium.vmm.store.ProcessRecord;
import org.vivarium.vmm.store.VmFolder;
import org.vivarium.vmm.store.VmLock;

/**
 * Looks at the machines' folders. Definitions that have not changed are not read again, so that it
 * may look every second. Any thread.
 */
final class MachineList {
  /** A definition as read from a file in one state. */
  private record Known(Object fileState, Optional<VmDefinition> definition, String problem) {}

  private final Folders folders;
  private final Map<Path, Known> known = new HashMap<>();

  MachineList(Folders folders) {
    this.folders = folders;
  }

  /** Every machine, sorted by name. */
  synchronized List<MachineSummary> all() throws VmmException {
    List<MachineSummary> all = new ArrayList<>();
    if (!Files.isDirectory(folders.vms())) {
      return all;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folders.vms())) {
      for (Path entry : entries) {
        VmFolder folder = new VmFolder(entry);
        if (DefinitionCodec.isName(folder.name()) && Files.isDirectory(entry)) {
          all.add(one(folder));
        }
      }
    } catch (IOException e) {
      throw HostErrors.refusal("The folder %s cannot be read".formatted(folders.vms()), e);
    }
    known.keySet().removeIf(file -> !Files.exists(file));
    all.sort(Comparator.comparing(MachineSummary::name));
    return all;
  }

  /** One machine, whose folder is there. */
  synchronized MachineSummary one(VmFolder folder) throws VmmException {
    Known definition = definition(folder);
    boolean alive = VmLock.isHeld(folder);
    Optional<ProcessRecord> process = ProcessRecord.read(folder);
    State state =
        alive ? living(process) : definition.definition().isEmpty() ? State.BROKEN : ended(process);
    Optional<String> problem =
        definition.definition().isEmpty()
            ? Optional.of(definition.problem())
            : alive
                ? process.flatMap(ProcessRecord::problem)
                : process.flatMap(last -> howItEnded(folder, last));
    Optional<String> engine = alive ? process.flatMap(ProcessRecord::engine) : Optional.empty();
    return new MachineSummary(folder.name(), definition.definition(), state, engine, problem);
  }

  private static State living(Optional<ProcessRecord> process) {
    return switch (process.map(ProcessRecord::phase).orElse(ProcessRecord.Phase.STARTING)) {
      case STARTING -> State.STARTING;
      // It is about to give up its lock.
      case RUNNING, ENDED -> State.RUNNING;
      case PAUSED -> State.PAUSED;
    };
  }

  private static State ended(Optional<ProcessRecord> process) {
    boolean asked =
        process.isEmpty()
            || (process.get().phase() == ProcessRecord.Phase.ENDED
                && process.get().problem().isEmpty());
    return asked ? State.STOPPED : State.FAILED;
  }

  private static Optional<String> howItEnded(VmFolder folder, ProcessRecord last) {
    if (last.phase() == ProcessRecord.Phase.ENDED) {
      return last.problem();
    }
    return Optional.of(died(folder, last.pid()));
  }

  /** What can be said of a machine whose process died without a word to its clients. */
  static String died(VmFolder folder, long pid) {
    return "The machine's process (%d) ended unexpectedly: start the machine again; %s%s."
        .formatted(
            pid,
            folder.events(),
            LastWords.of(folder.events(), 0)
                .map(words -> " ends with \"" + words + "\"")
                .orElse(" says nothing of it"));
  }

  private Known definition(VmFolder folder) {
    Path file = folder.definition();
    Object state = fileState(file);
    Known before = known.get(file);
    if (before != null && before.fileState().equals(state)) {
      return before;
    }
    Known now;
    try {
      now = new Known(state, Optional.of(DefinitionFile.read(folder)), "");
    } catch (InvalidConfigException e) {
      now = new Known(state, Optional.empty(), String.valueOf(e.getMessage()));
    }
    known.put(file, now);
    return now;
  }

  /** Differs whenever the file's content may. */
  private static Object fileState(Path file) {
    try {
      return Files.readAttributes(
          file, "unix:ino,size,lastModifiedTime,ctime,mode", LinkOption.NOFOLLOW_LINKS);
    } catch (IOException _) {
      return "unreadable";
    }
  }
}

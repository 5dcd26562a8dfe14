package org.vivarium.vmm.store;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.codec.Json;
import org.vivarium.vmm.codec.JsonFields;

/**
 * What a machine's process says of itself in {@code process.json}. It holds true while the process
 * holds the machine's lock; without the lock, a phase other than {@link Phase#ENDED} tells of a
 * process that died.
 *
 * @param pid the process
 * @param sockets the folder of its sockets
 * @param engine {@code kvm} or {@code qemu}; empty while that is not decided
 * @param phase how far it is
 * @param confined whether it can open nothing but its own files
 * @param problem what is wrong with it, or how it ended if nobody asked for that; a sentence
 */
public record ProcessRecord(
    long pid,
    Path sockets,
    Optional<String> engine,
    Phase phase,
    boolean confined,
    Optional<String> problem) {
  private static final LazyLogger LOG = LazyLogger.of(ProcessRecord.class);

  /** How far a machine's process is. */
  public enum Phase {
    STARTING,
    RUNNING,
    PAUSED,
    ENDED
  }

  /**
   * What the machine's last process said; empty if there was none, or if what it said is damaged.
   */
  public static Optional<ProcessRecord> read(VmFolder folder) {
    if (!Files.isRegularFile(folder.process())) {
      return Optional.empty();
    }
    try {
      JsonFields fields = JsonFields.of(Json.parse(Files.readString(folder.process())), "");
      return Optional.of(
          new ProcessRecord(
              fields.number("pid", 1, Long.MAX_VALUE),
              Path.of(fields.words("sockets", 4096)),
              optional(fields.words("engine", 16)),
              fields.choice("phase", Phase.values()),
              fields.flag("confined", false),
              optional(fields.words("problem", 4096))));
    } catch (IOException | InvalidConfigException e) {
      LOG.debug("{} says nothing", folder.process(), e);
      return Optional.empty();
    }
  }

  private static Optional<String> optional(String text) {
    return text.isEmpty() ? Optional.empty() : Optional.of(text);
  }

  /**
   * Replaces what is said in one step.
   *
   * @throws VmmException if the host refuses, as with a full disk
   */
  public void write(VmFolder folder) throws VmmException {
    ObjectNode node = Json.object().put("pid", pid).put("sockets", sockets.toString());
    engine.ifPresent(name -> node.put("engine", name));
    node.put("phase", JsonFields.nameOf(phase)).put("confined", confined);
    problem.ifPresent(sentence -> node.put("problem", sentence));
    try {
      Files.createDirectories(folder.state());
      // A name of the writer's own; a random one would start all of Java's security providers.
      long writer = ProcessHandle.current().pid();
      Path temporary = folder.state().resolve(".process" + writer + ".tmp");
      try {
        Files.writeString(temporary, Json.pretty(node));
        // Not synced: after a power cut nothing runs, and a file that is gone says just that.
        Files.move(temporary, folder.process(), StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw HostErrors.refusal("%s cannot be written".formatted(folder.process()), e);
    }
  }
}

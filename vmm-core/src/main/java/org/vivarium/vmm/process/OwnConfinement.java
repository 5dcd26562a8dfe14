package org.vivarium.vmm.process;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.vivarium.devices.virtio.net.PasstBroker;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.SeccompFilter;
import org.vivarium.kvm.ThreadFilter;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.VmmException;

/**
 * What a VM process knows of its own confinement, which its starter put upon it ({@link
 * Confinement}), and what it adds.
 *
 * @param environment the process's
 */
record OwnConfinement(Map<String, String> environment) {
  private static final LazyLogger LOG = LazyLogger.of(OwnConfinement.class);

  /** Copies the environment. */
  OwnConfinement {
    environment = Map.copyOf(environment);
  }

  /** Whether the starter confined this process. */
  boolean isOn() {
    return environment.containsKey(Confinement.VARIABLE);
  }

  /** A sentence for the list, the log and the clients where a person has turned it off. */
  Optional<String> complaint() {
    return isOn() || !Confinement.isTurnedOff(environment)
        ? Optional.empty()
        : Optional.of(
            "The machine's process is NOT confined, for %s=off was set: a guest that breaks out of it"
                    .formatted(Confinement.SWITCH)
                + " has all that you have. Stop it and start it without that.");
  }

  /** What confines this process, as part of a sentence; empty if nothing does. */
  Optional<String> description() {
    return means().map(FileConfinement::description);
  }

  private Optional<FileConfinement> means() {
    return Optional.ofNullable(environment.get(Confinement.VARIABLE)).map(FileConfinement::ofWord);
  }

  /**
   * Gives up what no VM process does, for all threads, where the starter could not: a process that
   * had a root folder to build. Called before anything else.
   */
  void fromTheStart() throws VmmException {
    if (means().filter(FileConfinement.NAMESPACE::equals).isPresent()) {
      filter(SeccompFilter.vmProcess());
    }
  }

  private static void filter(SeccompFilter filter) throws VmmException {
    try {
      filter.onAllThreads();
    } catch (KvmException e) {
      throw new VmmException("The machine's process cannot be confined: " + e.getMessage(), e);
    }
  }

  /**
   * Gives up what the process needed to build its machine, for all its threads; those that serve
   * the guest then give up more, each for itself. Called before the first guest instruction.
   *
   * @param engine what runs the guest; QEMU is a program to execute
   */
  void beforeTheGuest(String engine) throws VmmException {
    if (!isOn()) {
      return;
    }
    if (engine.equals("qemu")) {
      dismissBroker();
      return;
    }
    filter(SeccompFilter.runningGuest());
    ThreadFilter.want();
  }

  /** QEMU has a user network of its own. */
  private void dismissBroker() throws VmmException {
    String folder = environment.get(PasstBroker.VARIABLE);
    if (folder != null) {
      try (PasstBroker broker = PasstBroker.connect(Path.of(folder))) {
        LOG.debug("{} is not needed", broker);
      } catch (IOException e) {
        throw new VmmException(String.valueOf(e.getMessage()), e);
      }
    }
  }
}

package org.vivarium.vmm.client;

import java.util.Map;
import java.util.Optional;
import org.vivarium.vmm.engine.BootStage;
import org.vivarium.vmm.engine.MachineState;

/**
 * How a running machine is.
 *
 * @param state where it is in its life
 * @param engine {@code kvm} or {@code qemu}
 * @param engineReason why that engine was taken, one line for people
 * @param pid its VM process
 * @param startedMillis when its start was asked for, milliseconds since 1970
 * @param stages when each stage of its boot was reached, nanoseconds after its start was asked for
 * @param confinedBy what keeps its process to its own, as part of a sentence; empty if nothing does
 * @param address the guest's IPv4 address, as it says, where one is known
 * @param problem what is wrong with it, a sentence
 */
public record MachineStatus(
    MachineState state,
    String engine,
    String engineReason,
    long pid,
    long startedMillis,
    Map<BootStage, Long> stages,
    Optional<String> confinedBy,
    Optional<String> address,
    Optional<String> problem) {}

package org.vivarium.vmm.client;

import java.util.List;
import java.util.Map;
import org.vivarium.vmm.engine.DeviceFigures;

/**
 * One second of a machine. Counters count from the machine's start; rates are differences of two
 * samples.
 *
 * @param millis when it was taken, milliseconds since 1970; grows from sample to sample, also where
 *     the host's clock was set back, and is ahead of it then
 * @param vcpus processor time of each vCPU thread
 * @param vmmCpuNanos processor time of all other threads of the VM process, nanoseconds
 * @param guestMemoryTotal RAM that the guest's kernel manages, bytes; -1 if the guest does not tell
 * @param guestMemoryFree RAM that nothing in the guest uses, bytes; -1 if the guest does not tell
 * @param guestMemoryCaches RAM of the guest that holds file contents, bytes; -1 if it does not tell
 * @param hostGuestRam what the host pays for guest memory (PSS), bytes
 * @param hostVmm what the host pays for the VM process beside guest memory (PSS), bytes
 * @param devices what each disk and card has done
 * @param exits VM exits by reason
 */
public record MetricSample(
    long millis,
    List<VcpuTime> vcpus,
    long vmmCpuNanos,
    long guestMemoryTotal,
    long guestMemoryFree,
    long guestMemoryCaches,
    long hostGuestRam,
    long hostVmm,
    List<DeviceFigures> devices,
    Map<String, Long> exits) {
  /**
   * @param guestNanos time in which the vCPU ran the guest's code, nanoseconds
   * @param vmmNanos time in which its thread emulated for it, nanoseconds
   */
  public record VcpuTime(long guestNanos, long vmmNanos) {}
}

package org.vivarium.app.lab;

import java.util.ArrayList;
import java.util.List;
import org.vivarium.app.doctor.Host;
import org.vivarium.images.oci.OciStore;

/** What bears on the figures besides the computer itself. */
final class Conditions {
  private Conditions() {}

  static List<String> of(Equipment equipment, Plan plan) {
    Host host = equipment.host();
    List<String> sentences = new ArrayList<>();
    sentences.add(
        "The page cache is warm: a round that is not counted reads the same files first. Memory and"
            + " Noisy neighbour need none, and have three rounds where the others have five.");
    sentences.add(
        equipment.hardware()
            ? "Machines run by hardware virtualization (KVM)."
            : "Machines run in software emulation, for want of hardware virtualization: their figures"
                + " are not comparable with the others, and are taken once, those of a start, a stop"
                + " and a whole run twice.");
    sentences.add(
        "But for the measure Network, machines have no network card, and containers only the loopback interface of their"
            + " own network namespace.");
    sentences.add(
        "Frequency governor: "
            + host.read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
                .map(String::strip)
                .orElse("not told by this computer")
            + (plan.pin().isEmpty()
                ? "; processors are not pinned."
                : "; everything is pinned to the processors %s.".formatted(plan.pin())));
    sentences.add(
        equipment.form() == OciStore.Form.LAYERS
            ? "Machines read the image's layers as read-only disks (SquashFS), containers the same"
                + " layers unpacked."
            : "Machines have the image's files in their memory, for there is no sqfstar here to make"
                + " disks of the layers.");
    sentences.add(
        "Load average when the report was made: "
            + host.read("/proc/loadavg").map(text -> text.split(" ")[0]).orElse("unknown")
            + ".");
    sentences.add(
        "Container runtime: "
            + host.program("runc")
                .flatMap(runc -> host.firstLine(List.of(runc, "--version")))
                .orElse("none")
            + "; control groups "
            + (host.exists("/sys/fs/cgroup/cgroup.controllers")
                ? "version 2."
                : "version 1 or hybrid."));
    return sentences;
  }
}

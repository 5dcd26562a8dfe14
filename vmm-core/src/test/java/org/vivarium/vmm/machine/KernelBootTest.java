package org.vivarium.vmm.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.vivarium.images.tiny.TinyLinux;
import org.vivarium.vmm.engine.MachineEvent;
import org.vivarium.vmm.engine.Outcome;

/**
 * Unmodified distribution kernels boot on our own machine, and see the machine that was asked for.
 */
@Tag("boot")
class KernelBootTest {
  private static final String LOOK =
      "echo cpus=$(nproc); grep MemTotal /proc/meminfo; cat /sys/devices/system/clocksource/*/current_clocksource;"
          + " dmesg | grep -iE 'ACPI.*(error|warn|bug)|firmware bug|MTRR.*blank' ;"
          + " echo cores=$(cat /sys/devices/system/cpu/cpu0/topology/core_siblings_list)";

  static List<Arguments> machines() throws Exception {
    List<Arguments> all = new ArrayList<>();
    for (String flavour : TinyLinux.flavours()) {
      for (int cpus : new int[] {1, 4}) {
        for (int mib : new int[] {128, 6144}) {
          // Both forms of each kernel, in small and in large memory.
          all.add(Arguments.of(flavour, cpus, mib, (cpus == 1) == (mib == 128)));
        }
      }
    }
    return all;
  }

  @TempDir private Path folder;

  @ParameterizedTest(name = "{0}, {1} CPUs, {2} MiB, unpacked: {3}")
  @MethodSource("machines")
  void stockKernelReachesUserSpaceAndPowersOff(String flavour, int cpus, int mib, boolean unpacked)
      throws Exception {
    TinyGuest.Request request = new TinyGuest.Request(flavour, cpus, mib, TinyGuest.exec(LOOK));
    try (TinyGuest guest =
        unpacked ? TinyGuest.boot(request) : TinyGuest.bootPacked(request, folder)) {
      Optional<Outcome> outcome = guest.machine.await(TinyGuest.PATIENCE);
      String text = guest.console.text();

      assertInstanceOf(Outcome.PoweredOff.class, outcome.orElse(null), text);
      assertTrue(text.contains("cpus=" + cpus + "\r"), text);
      assertTrue(text.contains("kvm-clock"), text);
      assertTrue(text.contains("cores=" + (cpus == 1 ? "0" : "0-" + (cpus - 1)) + "\r"), text);
      assertTrue(text.contains("vivarium: exit 0"), text);
      assertEquals(
          0,
          text.lines().filter(l -> l.matches("(?i).*(acpi.*error|firmware bug).*")).count(),
          text);
      long seen = memTotalMib(text);
      // The kernel keeps what it needs for itself: its image and its page structures.
      assertTrue(seen <= mib && seen > mib * 3 / 4 - 40, "MemTotal " + seen + " MiB");
    }
  }

  private static long memTotalMib(String text) {
    Matcher matcher = Pattern.compile("MemTotal:\\s+([0-9]+) kB").matcher(text);
    assertTrue(matcher.find(), text);
    return Long.parseLong(matcher.group(1)) / 1024;
  }

  /** As {@code /proc/kallsyms} and {@code /proc/iomem} say, which only root reads. */
  @Test
  void anUnpackedKernelStandsAtRandomAddresses() throws Exception {
    Set<String> places = new HashSet<>();
    for (String extra : List.of("", "", "", "nokaslr")) {
      String script =
          "grep ' _text$' /proc/kallsyms; grep 'Kernel code' /proc/iomem; dmesg | grep -i kaslr";
      TinyGuest.Request request = TinyGuest.Request.small(TinyGuest.exec(script) + " " + extra);
      try (TinyGuest guest = TinyGuest.boot(request)) {
        guest.machine.await(TinyGuest.PATIENCE);
        String text = guest.console.text();
        Matcher virtual = Pattern.compile("([0-9a-f]{16}) [Tt] _text").matcher(text);
        Matcher physical = Pattern.compile("([0-9a-f]+)-[0-9a-f]+ : Kernel code").matcher(text);
        assertTrue(virtual.find() && physical.find(), text);
        if (extra.isEmpty()) {
          places.add(virtual.group(1) + " " + physical.group(1));
        } else {
          assertEquals("ffffffff81000000", virtual.group(1));
          assertEquals(0x100_0000, Long.parseLong(physical.group(1), 16));
        }
      }
    }
    assertTrue(places.size() > 1, "Three starts at the same addresses: " + places);
  }

  @Test
  void sixtyFourProcessorsComeUp() throws Exception {
    TinyGuest.Request request =
        new TinyGuest.Request(
            TinyLinux.DEFAULT_FLAVOUR, 64, 1024, TinyGuest.exec("echo cpus=$(nproc)"));
    try (TinyGuest guest = TinyGuest.boot(request)) {
      Optional<Outcome> outcome = guest.machine.await(TinyGuest.PATIENCE);

      assertInstanceOf(Outcome.PoweredOff.class, outcome.orElse(null), guest.console.text());
      assertTrue(guest.console.text().contains("cpus=64\r"), guest.console.text());
    }
  }

  @Test
  void stagesOfTheBootAreReachedInOrder() throws Exception {
    try (TinyGuest guest = TinyGuest.boot(TinyGuest.Request.small(TinyGuest.exec("true")))) {
      guest.machine.await(TinyGuest.PATIENCE);

      List<String> stages =
          guest.events.events().stream()
              .filter(e -> e instanceof MachineEvent.StageReached)
              .map(e -> ((MachineEvent.StageReached) e).stage().name())
              .toList();
      assertEquals(List.of("MACHINE_BUILT", "FIRST_INSTRUCTION", "USER_SPACE", "PROMPT"), stages);
    }
  }
}

package org.vivarium.vmm.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;
import org.vivarium.vmm.engine.EngineChoice.Obstacle;

/**
 * What the kernel says about this processor's virtualization and about /dev/kvm. Reads anew at each
 * call; any thread.
 */
final class HardwareVirtualization {
  /** Opens a device for reading and writing, and closes it again. */
  @FunctionalInterface
  interface Opener {
    void open(Path device) throws IOException;
  }

  private static final String FIRMWARE =
      "turn on AMD-V (SVM) or Intel VT-x in the firmware setup, or nested virtualization if this"
          + " computer is itself a virtual machine";

  private final Path cpuinfo;
  private final Path modules;
  private final Path device;
  private final Opener opener;

  /**
   * @param root holds proc, sys and dev
   */
  HardwareVirtualization(Path root) {
    this(root, HardwareVirtualization::open);
  }

  HardwareVirtualization(Path root, Opener opener) {
    cpuinfo = root.resolve("proc/cpuinfo");
    modules = root.resolve("sys/module");
    device = root.resolve("dev/kvm");
    this.opener = opener;
  }

  private static void open(Path device) throws IOException {
    FileChannel.open(device, StandardOpenOption.READ, StandardOpenOption.WRITE).close();
  }

  /** Why the processor cannot run a stock kernel under KVM, or empty if it looks as if it can. */
  Optional<Obstacle> missing() {
    if (vendorModule().isPresent() || loaded("kvm_amd") || loaded("kvm_intel")) {
      return Optional.empty();
    }
    if (loaded("kvm_pvm")) {
      return Optional.of(
          new Obstacle(
              "/dev/kvm is there but without hardware virtualization (module kvm_pvm), so that it"
                  + " cannot run a stock kernel"));
    }
    return Optional.of(
        new Obstacle(
            "this CPU offers no hardware virtualization (no svm or vmx flag in /proc/cpuinfo)",
            FIRMWARE));
  }

  /** Why /dev/kvm cannot be opened, or empty if it can. */
  Optional<Obstacle> unopened() {
    if (!Files.exists(device)) {
      Optional<String> module = vendorModule();
      return Optional.of(
          module
              .map(m -> new Obstacle("there is no /dev/kvm", "run: sudo modprobe " + m))
              .orElseGet(() -> new Obstacle("there is no /dev/kvm", FIRMWARE)));
    }
    try {
      opener.open(device);
      return Optional.empty();
    } catch (AccessDeniedException _) {
      return Optional.of(
          new Obstacle(
              "you may not open /dev/kvm",
              "run: sudo usermod -aG kvm \"$USER\", then log out and in again"));
    } catch (IOException e) {
      return Optional.of(new Obstacle("/dev/kvm cannot be opened (%s)".formatted(reason(e))));
    }
  }

  private static String reason(IOException e) {
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message;
  }

  private boolean loaded(String module) {
    return Files.isDirectory(modules.resolve(module));
  }

  /** The KVM module that this processor's flags ask for; empty if they offer no virtualization. */
  private Optional<String> vendorModule() {
    try (Stream<String> lines = Files.lines(cpuinfo)) {
      return lines
          .filter(line -> line.startsWith("flags"))
          .findFirst()
          .flatMap(HardwareVirtualization::moduleOf);
    } catch (IOException | UncheckedIOException _) {
      // Unreadable is as good as without flags: the caller then says that none were found there.
      return Optional.empty();
    }
  }

  private static Optional<String> moduleOf(String flags) {
    var words = Arrays.asList(flags.split(" "));
    if (words.contains("svm")) {
      return Optional.of("kvm_amd");
    }
    return words.contains("vmx") ? Optional.of("kvm_intel") : Optional.empty();
  }
}

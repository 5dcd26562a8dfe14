package org.vivarium.app.doctor;

/**
 * Which engine {@code --engine auto} takes here, and why.
 *
 * @param engine {@code kvm}, {@code qemu}, or {@code none} where no machine can run
 * @param reason one clause
 */
public record EngineForecast(String engine, String reason) {
  static final String DEVICE = "/dev/kvm";
  static final String QEMU = "qemu-system-x86_64";

  /** Looks at what the engines need; starts no guest. */
  static EngineForecast of(Host host) {
    Processor processor = Processor.of(host);
    if (processor.virtualizes() && host.canReadAndWrite(DEVICE)) {
      return new EngineForecast("kvm", "the processor virtualizes in hardware");
    }
    String obstacle;
    if (!processor.virtualizes()) {
      obstacle = "the processor offers no hardware virtualization";
    } else if (host.exists(DEVICE)) {
      obstacle = "this user may not open " + DEVICE;
    } else {
      obstacle = "there is no " + DEVICE;
    }
    if (host.program(QEMU).isPresent()) {
      return new EngineForecast("qemu", obstacle + ", so software emulation runs the machine");
    }
    return new EngineForecast("none", obstacle + ", and there is no " + QEMU + " to emulate one");
  }
}

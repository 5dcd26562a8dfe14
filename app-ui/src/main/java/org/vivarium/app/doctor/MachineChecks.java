package org.vivarium.app.doctor;

import java.util.ArrayList;
import java.util.List;

/** What runs machines: processor, KVM, QEMU. */
final class MachineChecks {
  private static final String SECTION = "Running machines";

  private MachineChecks() {}

  static List<Finding> all(Host host) {
    Processor processor = Processor.of(host);
    List<Finding> findings = new ArrayList<>();
    findings.add(processor(processor));
    findings.add(module(host, processor));
    findings.add(device(host, processor));
    findings.add(qemu(host));
    findings.add(engine(host));
    return findings;
  }

  private static Finding processor(Processor processor) {
    String model = processor.model().isEmpty() ? "unknown" : processor.model();
    if (processor.virtualizes()) {
      String flag = processor.flags().contains("svm") ? "svm" : "vmx";
      return Finding.ok(SECTION, "Processor", model + ", virtualizes in hardware (" + flag + ")");
    }
    String remedy =
        processor.isVirtual()
            ? "This computer is itself a virtual machine: turn on nested virtualization where it"
                + " runs, if you can."
            : "Turn on SVM (AMD) or VT-x (Intel) in the computer's firmware setup.";
    return Finding.note(
        SECTION, "Processor", model + ", offers no hardware virtualization", remedy);
  }

  private static Finding module(Host host, Processor processor) {
    String subject = "KVM module";
    for (String name : List.of("kvm_amd", "kvm_intel")) {
      if (host.exists("/sys/module/" + name)) {
        return Finding.ok(SECTION, subject, name + " is loaded");
      }
    }
    if (processor.virtualizes()) {
      String name = processor.flags().contains("svm") ? "kvm_amd" : "kvm_intel";
      return Finding.note(SECTION, subject, name + " is not loaded", "sudo modprobe " + name);
    }
    if (host.exists("/sys/module/kvm_pvm")) {
      return Finding.note(
          SECTION,
          subject,
          "kvm_pvm is loaded, which runs small test guests but no distribution's kernel",
          "");
    }
    return Finding.note(SECTION, subject, "none is loaded", "");
  }

  private static Finding device(Host host, Processor processor) {
    String path = EngineForecast.DEVICE;
    if (!host.exists(path)) {
      return Finding.note(
          SECTION,
          path,
          "is not there",
          processor.virtualizes() ? "Load the KVM module; see above." : "");
    }
    if (!host.canReadAndWrite(path)) {
      return Finding.note(
          SECTION,
          path,
          "is there, but this user may not open it",
          "sudo usermod -aG kvm " + host.variable("USER").orElse("$USER") + ", then log in again");
    }
    return processor.virtualizes()
        ? Finding.ok(SECTION, path, "opens")
        : Finding.note(SECTION, path, "opens, but can run no distribution's kernel", "");
  }

  private static Finding qemu(Host host) {
    String subject = "QEMU";
    return host.program(EngineForecast.QEMU)
        .map(
            path ->
                Finding.ok(
                    SECTION,
                    subject,
                    host.firstLine(List.of(path, "--version")).orElse(path + " is there")))
        .orElseGet(
            () ->
                Finding.note(
                    SECTION,
                    subject,
                    EngineForecast.QEMU + " is not installed; only software emulation needs it",
                    Remedy.install(host, "qemu-system-x86")));
  }

  private static Finding engine(Host host) {
    EngineForecast forecast = EngineForecast.of(host);
    String subject = "Engine";
    return switch (forecast.engine()) {
      case "kvm" -> Finding.ok(SECTION, subject, "kvm: " + forecast.reason());
      case "qemu" ->
          Finding.note(SECTION, subject, "qemu: " + forecast.reason() + "; it is slower", "");
      default ->
          Finding.missing(
              SECTION,
              subject,
              "none: " + forecast.reason(),
              Remedy.install(host, "qemu-system-x86"));
    };
  }
}

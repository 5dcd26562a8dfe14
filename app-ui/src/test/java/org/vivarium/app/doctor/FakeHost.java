package org.vivarium.app.doctor;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** A computer made of what a test gives it. */
final class FakeHost implements Host {
  private final Map<String, String> files = new HashMap<>();
  private final Set<String> closed = new HashSet<>();
  private final Map<String, String> programs = new HashMap<>();
  private final Map<String, String> variables = new HashMap<>();
  private long freeBytes = 1L << 40;
  private int landlock = 4;
  private boolean mountNamespace = true;

  /** A computer with an AMD processor, KVM and all programs: nothing to find fault with. */
  static FakeHost complete() {
    FakeHost host = new FakeHost();
    host.file("/proc/cpuinfo", "model name\t: AMD EPYC\nflags\t\t: fpu svm sse\n");
    host.file("/proc/meminfo", "MemTotal: 9 kB\nMemAvailable:   8388608 kB\n");
    host.file("/proc/self/limits", "Max open files            1024   524288   files\n");
    host.file("/proc/sys/kernel/osrelease", "6.12.3-amd64\n");
    host.file("/proc/sys/kernel/io_uring_disabled", "0\n");
    host.file("/proc/sys/net/core/wmem_max", "4194304\n");
    host.file("/proc/sys/user/max_user_namespaces", "1000\n");
    host.file("/sys/fs/cgroup/cgroup.controllers", "cpu memory io\n");
    host.file("/sys/module/kvm_amd", "");
    host.file("/dev/kvm", "").file("/dev/net/tun", "").file("/dev/vhost-net", "");
    host.file("/usr/lib/x86_64-linux-gnu/libgtk-3.so.0", "");
    host.file("/usr/share/fonts/truetype", "");
    host.variable("DISPLAY", ":0").variable("USER", "ann");
    Stream.of("apt-get", "passt", "mmdebstrap", "qemu-img", "iasl", "runc", "sqfstar", "skopeo")
        .forEach(name -> host.program(name, name + " 1.0"));
    Stream.of("mke2fs", "newuidmap", "ssh").forEach(name -> host.program(name, name + " 1.0"));
    return host.program("qemu-system-x86_64", "QEMU emulator version 7.2.0");
  }

  FakeHost file(String path, String text) {
    files.put(path, text);
    return this;
  }

  FakeHost without(String path) {
    files.remove(path);
    return this;
  }

  FakeHost closed(String path) {
    closed.add(path);
    return this;
  }

  FakeHost program(String name, String version) {
    programs.put(name, version);
    return this;
  }

  FakeHost withoutProgram(String name) {
    programs.remove(name);
    return this;
  }

  FakeHost variable(String name, String value) {
    variables.put(name, value);
    return this;
  }

  FakeHost withoutVariable(String name) {
    variables.remove(name);
    return this;
  }

  FakeHost withoutMountNamespace() {
    mountNamespace = false;
    return this;
  }

  FakeHost withoutLandlock() {
    landlock = 0;
    return this;
  }

  @Override
  public int landlock() {
    return landlock;
  }

  @Override
  public boolean mountNamespace() {
    return mountNamespace;
  }

  FakeHost freeBytes(long bytes) {
    freeBytes = bytes;
    return this;
  }

  @Override
  public Optional<String> read(String path) {
    return Optional.ofNullable(files.get(path));
  }

  @Override
  public boolean exists(String path) {
    return files.containsKey(path);
  }

  @Override
  public boolean canReadAndWrite(String path) {
    return exists(path) && !closed.contains(path);
  }

  @Override
  public List<String> list(String folder) {
    return files.keySet().stream().filter(path -> path.startsWith(folder + "/")).toList();
  }

  @Override
  public Optional<String> program(String name) {
    return programs.containsKey(name) ? Optional.of("/usr/bin/" + name) : Optional.empty();
  }

  @Override
  public Optional<String> firstLine(List<String> command) {
    String path = command.getFirst();
    return Optional.ofNullable(programs.get(path.substring(path.lastIndexOf('/') + 1)));
  }

  @Override
  public Optional<String> variable(String name) {
    return Optional.ofNullable(variables.get(name));
  }

  @Override
  public long freeBytes(String path) {
    return freeBytes;
  }
}

package org.vivarium.app.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.vivarium.app.Main;
import org.vivarium.vmm.engine.BootStage;

/** Our side: {@code vivarium boot}, started as this very process was. */
public final class Vivarium {
  /** How the process is started. */
  enum Start {
    /** The Java command that the launcher becomes, with its start-up cache. */
    JAVA,
    /** The same without the cache. */
    JAVA_WITHOUT_CACHE,
    /** The launcher. */
    LAUNCHER
  }

  private static final String CACHE = "-XX:AOTCache=";

  private final Children children;
  private final List<String> java;
  private final Optional<Path> launcher;

  private Vivarium(Children children, List<String> java, Optional<Path> launcher) {
    this.children = children;
    this.java = List.copyOf(java);
    this.launcher = launcher;
  }

  /**
   * Finds out how this process was started.
   *
   * @param launcher the script, where this process came from it
   * @throws BenchException if that cannot be told
   */
  public static Vivarium asStarted(Children children, Optional<Path> launcher)
      throws BenchException {
    String line;
    try {
      line = Files.readString(Path.of("/proc/self/cmdline"), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new BenchException("The command line of this process cannot be read.", e);
    }
    List<String> words = List.of(line.split("\0"));
    int main = words.indexOf(Main.class.getName());
    if (main < 1) {
      throw new BenchException(
          "This process was not started by the launcher; use ./vivarium bench.");
    }
    return new Vivarium(children, words.subList(0, main + 1), launcher);
  }

  /** Whether processes can be started that way here. */
  boolean offers(Start start) {
    return switch (start) {
      case JAVA -> true;
      case JAVA_WITHOUT_CACHE -> java.stream().anyMatch(word -> word.startsWith(CACHE));
      case LAUNCHER -> launcher.isPresent();
    };
  }

  /** The command of another process of this program, without the launcher. */
  public List<String> command(List<String> words) {
    List<String> command = new ArrayList<>(java);
    command.addAll(words);
    return command;
  }

  /** Boots, and ends the machine when its init has reported. */
  Boot boot(Workload workload, Start start) throws BenchException, InterruptedException {
    try (Child child = children.start(command(workload, start, "lines"))) {
      long first = child.await(line(BootStage.FIRST_INSTRUCTION)).nanoTime();
      long init = child.await(line(BootStage.USER_SPACE)).nanoTime();
      return new Boot(init - child.started(), init - first);
    }
  }

  /** What KVM had counted when init reported, by the kernel's names. */
  Map<String, Long> exits(Workload workload) throws BenchException, InterruptedException {
    try (Child child = children.start(command(workload, Start.JAVA, "counters"))) {
      return kernelCounters(child.await(line(BootStage.USER_SPACE)).text());
    }
  }

  /** A machine at its prompt. */
  Child atPrompt(Workload workload) throws BenchException, InterruptedException {
    Child child = children.start(command(workload, Start.JAVA, "lines"));
    try {
      child.await(line(BootStage.PROMPT));
      return child;
    } catch (BenchException | InterruptedException e) {
      child.close();
      throw e;
    }
  }

  /** What the line about a stage begins with. */
  public static String line(BootStage stage) {
    return "stage " + stage + " ";
  }

  /** The counters of a line such as {@code stage USER_SPACE 123 exit.io=4 kvm.exits=5}. */
  static Map<String, Long> kernelCounters(String line) {
    Map<String, Long> counters = new TreeMap<>();
    for (String word : line.split(" ")) {
      int equals = word.indexOf('=');
      if (word.startsWith("kvm.") && equals > 0) {
        counters.put(word.substring(4, equals), Long.valueOf(word.substring(equals + 1)));
      }
    }
    return counters;
  }

  private List<String> command(Workload workload, Start start, String stages) {
    List<String> command = new ArrayList<>();
    switch (start) {
      case JAVA -> command.addAll(java);
      case JAVA_WITHOUT_CACHE ->
          java.stream().filter(word -> !word.startsWith(CACHE)).forEach(command::add);
      case LAUNCHER -> command.add(launcher.orElseThrow().toString());
    }
    command.addAll(List.of("boot", "--stages=" + stages));
    command.addAll(List.of("--memory", workload.memoryMib() + "M"));
    command.addAll(List.of("--kernel", workload.kernel().toString()));
    command.addAll(List.of("--initrd", workload.initrd().toString()));
    command.addAll(List.of("--append", workload.commandLine()));
    command.add("--no-rng"); // QEMU's machine has no device either
    return command;
  }
}

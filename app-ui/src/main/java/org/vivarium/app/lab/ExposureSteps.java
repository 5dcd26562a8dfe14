package org.vivarium.app.lab;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.bench.Child;
import org.vivarium.app.lab.Report.Finding;
import org.vivarium.images.ImageException;

/** What of the host an instance can see, do and cause. Belongs to one thread. */
final class ExposureSteps {
  private static final String CALLED = "calls";
  private static final String PANIC = "panic";

  /** A guest that has panicked is given this long to be noticed. */
  private static final Duration NOTICE = Duration.ofSeconds(30);

  /** Does nothing where the kernel is the one that this program itself runs on. */
  private static final String CRASH =
      "echo ready; [ \"$(cat /proc/sys/kernel/random/boot_id)\" = %s ] && echo @host && exit;"
          + " echo c >/proc/sysrq-trigger; sleep 3600";

  private final Setting setting;
  private final Map<String, Map<Side, String>> answers = new LinkedHashMap<>();

  ExposureSteps(Setting setting) {
    this.setting = setting;
  }

  void isolation(Ground ground) throws BenchException, ImageException, InterruptedException {
    String script = IsolationProbe.wholeScript(ground.side() == Side.HOST);
    Map<String, String> said =
        IsolationProbe.answers(
            setting.output(ground, script, Extras.NONE, setting.plan().patience()));
    for (IsolationProbe probe : IsolationProbe.ALL) {
      String otherwise = ground.side() == Side.HOST && !probe.onHost() ? "not tried" : "no answer";
      answer(probe.id(), ground, said.getOrDefault(probe.id(), otherwise));
    }
    answer(
        PANIC,
        ground,
        ground.side().isMachine()
            ? panic(ground)
            : ground.side() == Side.NESTED
                ? "not tried: it is the machine's"
                : "not tried: it is the host's");
  }

  private void answer(String id, Ground ground, String text) {
    answers.computeIfAbsent(id, _ -> new EnumMap<>(Side.class)).put(ground.side(), text);
  }

  /** Makes the guest's kernel panic, and looks what that is to the host. */
  private String panic(Ground ground) throws BenchException, ImageException, InterruptedException {
    Optional<String> host =
        setting.equipment().host().read("/proc/sys/kernel/random/boot_id").map(String::strip);
    if (host.isEmpty() || !host.get().matches("[0-9a-f-]{36}")) {
      return "not tried: the host's own kernel cannot be told";
    }
    try (Running running = ground.start(setting.shell(CRASH.formatted(host.get())))) {
      running.firstOutput(setting.plan().patience());
      Optional<Child.End> end = running.child().end(NOTICE);
      if (running.capture().text().contains("@host")) {
        return "not tried: it runs on the host's own";
      }
      return end.map(
              seen -> "its process ended with status " + seen.status() + ", nothing else did")
          .orElse("it stood still until it was stopped from outside; nothing else did");
    }
  }

  /** Counts the host's system calls that the questions of {@link #isolation} cause. */
  void calls(Ground ground, Tracer tracer)
      throws BenchException, ImageException, InterruptedException {
    if (ground.side() == Side.HOST) {
      return;
    }
    ground.trace(setting.shell(IsolationProbe.wholeScript(false)), tracer);
    Map<String, Long> calls = tracer.calls();
    String command = Exec.shown(tracer.command("PID"));
    Results results = setting.results();
    results.add(Rows.CALLS.id(), ground, calls.size(), command);
    results.add(
        Rows.CALLED.id(),
        ground,
        calls.values().stream().mapToLong(Long::longValue).sum(),
        command);
    answer(CALLED, ground, String.join(" ", calls.keySet()));
  }

  /** What was found. */
  List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    for (IsolationProbe probe : IsolationProbe.ALL) {
      finding(findings, probe.id(), probe.question(), probe.meaning());
    }
    finding(
        findings,
        PANIC,
        "What happens when its kernel panics?",
        "A fault that stops the kernel of a machine stops that machine. A container has no kernel of"
            + " its own: the same fault stops the host with everything on it.");
    finding(
        findings,
        CALLED,
        "Which of the host's system calls did these questions cause?",
        "Each is a door into the host's kernel that was really used. A container's process chooses"
            + " them and their arguments itself; those of a machine are its monitor's, and the guest"
            + " decides only how often and with what data.");
    return findings;
  }

  private void finding(List<Finding> findings, String id, String question, String meaning) {
    Map<Side, String> found = answers.get(id);
    if (found != null) {
      findings.add(new Finding(id, question, found, meaning));
    }
  }
}

package org.vivarium.vmm.engine;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;

/**
 * Chooses the engine that runs a machine on this computer, and says why.
 *
 * <p>{@code auto} takes {@code kvm} only where it can really run a guest: the processor offers
 * hardware virtualization, /dev/kvm opens, and a probe guest has run. Else it takes {@code qemu}.
 * An engine that a person named is taken, unless that is impossible. Stateless; any thread.
 */
public final class EngineChoice {
  /** Asks whether an engine works here by making it work. */
  @FunctionalInterface
  public interface Probe {
    /**
     * Tries.
     *
     * @throws VmmException if it does not work; the message is a sentence for people
     */
    void run() throws VmmException;
  }

  /** What a person asks for; the names are those of the command line. */
  public enum Request {
    /** Whichever is best here. */
    AUTO,
    /** Hardware virtualization. */
    KVM,
    /** Software emulation. */
    QEMU;

    /**
     * The request of that name, in lower case.
     *
     * @throws InvalidConfigException if there is none
     */
    public static Request of(String name) throws InvalidConfigException {
      return switch (name) {
        case "auto" -> AUTO;
        case "kvm" -> KVM;
        case "qemu" -> QEMU;
        default ->
            throw new InvalidConfigException(
                "Engine: \"%s\" is not one; choose auto, kvm or qemu.".formatted(name));
      };
    }
  }

  /**
   * What was chosen.
   *
   * @param engine {@code kvm} or {@code qemu}, as {@link Engine#name()}
   * @param reason one line for people
   * @param remedy what a person can do to have hardware virtualization; empty if it is had, or if
   *     nothing is known to help
   */
  public record Decision(String engine, String reason, Optional<String> remedy) {}

  /** Software emulation, as told to people. */
  private static final String QEMU_IS = "Engine: qemu (software emulation), ";

  private static final String KVM_IS = "Engine: kvm (hardware virtualization), ";

  private static final String KVM_ALTHOUGH = "Engine: kvm, as asked, although %s.";

  private final HardwareVirtualization hardware;
  private final Probe guest;
  private final Probe qemu;

  /**
   * Looks at this computer.
   *
   * @param guest runs a guest of a few instructions on /dev/kvm, which is known to open
   * @param qemu finds a QEMU that can be used
   */
  public EngineChoice(Probe guest, Probe qemu) {
    this(new HardwareVirtualization(Path.of("/")), guest, qemu);
  }

  EngineChoice(HardwareVirtualization hardware, Probe guest, Probe qemu) {
    this.hardware = hardware;
    this.guest = guest;
    this.qemu = qemu;
  }

  /**
   * Chooses.
   *
   * @throws VmmException if the engine asked for, or with {@link Request#AUTO} any engine, cannot
   *     run here; the message says what to do
   */
  public Decision decide(Request request) throws VmmException {
    return switch (request) {
      case AUTO -> best();
      case KVM -> kvm();
      case QEMU -> {
        qemu.run();
        yield new Decision("qemu", QEMU_IS + "as asked.", Optional.empty());
      }
    };
  }

  private Decision best() throws VmmException {
    Optional<Obstacle> obstacle = obstacle();
    if (obstacle.isEmpty()) {
      return new Decision("kvm", KVM_IS + "because /dev/kvm runs guests here.", Optional.empty());
    }
    Obstacle found = obstacle.get();
    try {
      qemu.run();
    } catch (VmmException e) {
      throw new VmmException(
          "No engine works here: kvm cannot be used because %s, and neither can qemu: %s"
              .formatted(found.withRemedy(), e.getMessage()),
          e);
    }
    return new Decision("qemu", QEMU_IS + "because " + found.because() + ".", found.remedy());
  }

  private Optional<Obstacle> obstacle() {
    Optional<Obstacle> missing = hardware.missing().or(hardware::unopened);
    if (missing.isPresent()) {
      return missing;
    }
    try {
      guest.run();
      return Optional.empty();
    } catch (VmmException e) {
      String said = e.getMessage();
      String why = said == null ? "no reason given" : said.replaceFirst("\\.$", "");
      return Optional.of(new Obstacle("a probe guest on /dev/kvm did not run (%s)".formatted(why)));
    }
  }

  /** Whoever names kvm wants to see it try; only what leaves nothing to try is refused. */
  private Decision kvm() throws VmmException {
    Optional<Obstacle> unopened = hardware.unopened();
    if (unopened.isPresent()) {
      Obstacle obstacle = unopened.get();
      throw new VmmException(
          "The engine kvm cannot be used, because %s.".formatted(obstacle.withRemedy()));
    }
    Optional<Obstacle> missing = hardware.missing();
    return missing
        .map(
            obstacle ->
                new Decision("kvm", KVM_ALTHOUGH.formatted(obstacle.because()), obstacle.remedy()))
        .orElseGet(() -> new Decision("kvm", KVM_IS + "as asked.", Optional.empty()));
  }

  /** All requests' names, for a command line's help. */
  public static List<String> names() {
    return List.of("auto", "kvm", "qemu");
  }

  /**
   * Why hardware virtualization cannot be used.
   *
   * @param because a clause without a full stop
   * @param remedy what a person can do, a clause without a full stop
   */
  record Obstacle(String because, Optional<String> remedy) {
    Obstacle(String because) {
      this(because, Optional.empty());
    }

    Obstacle(String because, String remedy) {
      this(because, Optional.of(remedy));
    }

    String withRemedy() {
      return because + remedy.map(r -> " (" + r + ")").orElse("");
    }
  }
}

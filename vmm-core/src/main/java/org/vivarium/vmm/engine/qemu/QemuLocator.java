package org.vivarium.vmm.engine.qemu;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vivarium.vmm.VmmException;

/**
 * Finds the programs that the engine runs, and asks QEMU what it is.
 *
 * @param searchPath folders, separated by colons, as the variable PATH has them
 */
public record QemuLocator(String searchPath) {
  /** The program. */
  static final String PROGRAM = "qemu-system-x86_64";

  /** The first major version that has all options in use. */
  static final int OLDEST_MAJOR = 6;

  private static final String REMEDY =
      "install QEMU (package qemu-system-x86 on Debian and Ubuntu: sudo apt install"
          + " qemu-system-x86).";
  private static final Pattern VERSION =
      Pattern.compile("^QEMU emulator version (\\d{1,4})\\.\\S*");
  private static final Pattern SANDBOX = Pattern.compile("^-sandbox on\\b", Pattern.MULTILINE);
  private static final int HELP_LIMIT = 1 << 20;
  private static final int SECONDS_TO_ANSWER = 20;

  /**
   * What was found.
   *
   * @param qemu the emulator
   * @param setpriv util-linux's setpriv, which ties QEMU's life to ours
   * @param version as QEMU says it, for people
   * @param sandbox whether it can give up system calls by itself
   */
  public record Found(Path qemu, Path setpriv, String version, boolean sandbox) {}

  /** Searches where this process's own PATH says. */
  public static QemuLocator onPath() {
    String path = System.getenv("PATH");
    return new QemuLocator(path == null ? "/usr/bin:/bin" : path);
  }

  /**
   * Finds a usable QEMU; takes some 20 ms, in which QEMU runs once.
   *
   * @throws VmmException naming what is missing or too old, and the package to install
   */
  public Found find() throws VmmException {
    Path qemu =
        search(PROGRAM)
            .orElseThrow(
                () -> new VmmException("QEMU is not installed: no " + PROGRAM + ": " + REMEDY));
    Path setpriv =
        search("setpriv")
            .orElseThrow(
                () ->
                    new VmmException(
                        "The program setpriv is not installed, without which QEMU could outlive"
                            + " Vivarium: install the package util-linux."));
    String help = help(qemu);
    Matcher version = VERSION.matcher(help);
    if (!version.find()) {
      throw new VmmException("%s is not QEMU, or broken: %s".formatted(qemu, REMEDY));
    }
    if (Integer.parseInt(version.group(1)) < OLDEST_MAJOR) {
      throw new VmmException(
          "%s is version %s, which is too old: %d or newer is needed: %s"
              .formatted(qemu, numberOf(version), OLDEST_MAJOR, REMEDY));
    }
    return new Found(qemu, setpriv, numberOf(version), SANDBOX.matcher(help).find());
  }

  private static String numberOf(Matcher version) {
    return version.group().substring(version.group().lastIndexOf(' ') + 1);
  }

  private Optional<Path> search(String program) {
    return Arrays.stream(searchPath.split(":"))
        .filter(folder -> !folder.isEmpty())
        .map(folder -> Path.of(folder).resolve(program).toAbsolutePath())
        .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
        .findFirst();
  }

  private static String help(Path qemu) throws VmmException {
    try {
      Process process =
          new ProcessBuilder(qemu.toString(), "-help")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      try {
        return CompletableFuture.supplyAsync(
                () -> read(process),
                task -> Thread.ofPlatform().name("qemu help").daemon().start(task))
            .orTimeout(SECONDS_TO_ANSWER, TimeUnit.SECONDS)
            .join();
      } finally {
        process.destroyForcibly();
      }
    } catch (IOException | RuntimeException e) {
      throw new VmmException("%s cannot be run: %s".formatted(qemu, REMEDY), e);
    }
  }

  private static String read(Process process) {
    try {
      return new String(
          process.getInputStream().readNBytes(HELP_LIMIT), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

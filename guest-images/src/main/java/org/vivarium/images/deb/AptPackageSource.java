package org.vivarium.images.deb;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;

/**
 * The packages of this computer's apt, used without root and without changing the computer: the
 * package lists are read where they are; where they are missing or outdated, own ones are fetched
 * into a private folder, from the computer's sources and checked against its keys.
 */
public final class AptPackageSource implements PackageSource {
  private static final Path SYSTEM_LISTS = Path.of("/var/lib/apt/lists");

  /** A lookup takes a second; nothing useful takes longer than this. */
  private static final long LOOKUP_SECONDS = 120;

  /** apt itself gives up on a server that stays silent; this ends what trickles for ever. */
  private static final long FETCH_SECONDS = 3600;

  private final Path work;
  private boolean privateLists;

  /**
   * @param work a folder of its own, made when needed
   */
  public AptPackageSource(Path work) {
    this.work = work.toAbsolutePath();
    this.privateLists = Files.isDirectory(lists());
  }

  /** Returns whether this computer has apt. */
  public static boolean isAvailable(Map<String, String> environment) {
    String path = environment.getOrDefault("PATH", "/usr/bin:/bin");
    return Stream.of(path.split(File.pathSeparator, -1))
        .filter(folder -> !folder.isEmpty())
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, "apt-get")));
  }

  @Override
  public Optional<DebPackage> find(String name) throws ImageException {
    // One that is not known makes apt-cache fail, which leaves the index empty.
    Result shown = run(List.of("apt-cache"), List.of("show", name), LOOKUP_SECONDS);
    PackageIndex index = new PackageIndex();
    try {
      index.read(new BufferedReader(new StringReader(shown.output())));
    } catch (IOException e) {
      throw new ImageException(
          "Cannot understand what apt-cache tells about the package %s.".formatted(name), e);
    }
    return index.find(name);
  }

  @Override
  public void fetch(DebPackage wanted, Path target, Progress progress) throws ImageException {
    PackageFile.checkSize(wanted);
    String step = "Fetching " + wanted.name();
    progress.advanced(step, 0, wanted.size());
    try {
      Files.createDirectories(work);
      Path folder = Files.createTempDirectory(work, "fetch");
      try {
        Watcher watcher =
            () -> progress.advanced(step, Math.min(sizeOf(folder), wanted.size()), wanted.size());
        List<String> command = List.of("download", "-q", wanted.name() + "=" + wanted.version());
        Result result = run(List.of("apt-get"), command, folder, FETCH_SECONDS, watcher);
        accept(wanted, folder, target, result);
      } finally {
        delete(folder);
      }
    } catch (IOException e) {
      throw new ImageException("Cannot write to the folder %s.".formatted(work), e);
    }
    progress.advanced(step, wanted.size(), wanted.size());
  }

  private static void accept(DebPackage wanted, Path folder, Path target, Result result)
      throws IOException, ImageException {
    try (Stream<Path> files = Files.list(folder)) {
      Optional<Path> deb = files.filter(f -> f.toString().endsWith(".deb")).findFirst();
      if (result.status() != 0 || deb.isEmpty()) {
        throw new ImageException(
            "Cannot fetch the package %s %s with apt-get (%s); check the network and run apt-get"
                    .formatted(wanted.name(), wanted.version(), result.lastError())
                + " update.");
      }
      PackageFile.accept(wanted, deb.get(), target);
    }
  }

  @Override
  public void refresh(Progress progress) throws ImageException {
    progress.advanced("Reading the package lists", 0, 0);
    try {
      Files.createDirectories(lists().resolve("partial"));
      Files.createDirectories(cache().resolve("archives/partial"));
    } catch (IOException e) {
      throw new ImageException("Cannot make the folder %s.".formatted(work), e);
    }
    boolean before = privateLists;
    privateLists = true;
    Result result = run(List.of("apt-get"), List.of("update", "-q"), FETCH_SECONDS);
    if (result.status() != 0) {
      privateLists = before;
      throw new ImageException(
          "Cannot fetch the package lists with apt-get (%s); check the network."
              .formatted(result.lastError()));
    }
  }

  @Override
  public String indexState() {
    try {
      Path lists = privateLists ? lists() : SYSTEM_LISTS;
      return "apt " + Files.getLastModifiedTime(lists).toMillis();
    } catch (IOException _) {
      // No lists at all is a state too: the next look-up will say what is missing.
      return "apt none";
    }
  }

  private Path lists() {
    return work.resolve("lists");
  }

  private Path cache() {
    return work.resolve("cache");
  }

  private List<String> options() {
    List<String> options = new ArrayList<>();
    // apt, when root, would else fetch as a user that may not write into our folder.
    options.addAll(List.of("-o", "APT::Sandbox::User=root"));
    if (privateLists) {
      options.addAll(List.of("-o", "Dir::State::Lists=" + lists()));
      options.addAll(List.of("-o", "Dir::Cache=" + cache()));
    }
    return options;
  }

  /** What a command wrote and how it ended. */
  private record Result(int status, String output, String errors) {
    /** The last thing that the command complained about, on one line. */
    String lastError() {
      List<String> lines = errors.lines().filter(line -> !line.isBlank()).toList();
      return lines.isEmpty() ? "status " + status : lines.getLast().strip();
    }
  }

  /** Looks at a running command now and then. */
  private interface Watcher {
    void look();
  }

  private Result run(List<String> program, List<String> arguments, long seconds)
      throws ImageException {
    return run(program, arguments, null, seconds, () -> {});
  }

  private Result run(
      List<String> program,
      List<String> arguments,
      @Nullable Path folder,
      long seconds,
      Watcher watcher)
      throws ImageException {
    List<String> command = new ArrayList<>(program);
    command.addAll(options());
    command.addAll(arguments);
    try {
      Path output = Files.createTempFile("vivarium-apt", ".out");
      Path errors = Files.createTempFile("vivarium-apt", ".err");
      try {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("LC_ALL", "C");
        builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
        builder.directory(folder == null ? null : folder.toFile());
        builder.redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
        builder.redirectOutput(output.toFile()).redirectError(errors.toFile());
        int status = await(builder.start(), seconds, watcher);
        return new Result(status, text(output), text(errors));
      } finally {
        Files.deleteIfExists(output);
        Files.deleteIfExists(errors);
      }
    } catch (IOException e) {
      throw new ImageException("Cannot run %s.".formatted(program.getFirst()), e);
    }
  }

  private static int await(Process process, long seconds, Watcher watcher) throws ImageException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    try {
      while (!process.waitFor(100, TimeUnit.MILLISECONDS)) {
        watcher.look();
        if (System.nanoTime() - end > 0) {
          throw new ImageException("apt did not answer within %d seconds.".formatted(seconds));
        }
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ImageException("Stopped while waiting for apt.", e);
    } finally {
      process.destroyForcibly();
    }
  }

  private static String text(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.UTF_8);
  }

  private static long sizeOf(Path folder) {
    File[] files = folder.toFile().listFiles();
    long bytes = 0;
    for (File file : files == null ? new File[0] : files) {
      bytes += file.length();
    }
    return bytes;
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
    }
    Files.deleteIfExists(folder);
  }
}

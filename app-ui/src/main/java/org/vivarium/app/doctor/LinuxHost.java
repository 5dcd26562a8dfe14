package org.vivarium.app.doctor;

import java.io.BufferedReader;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.process.JavaLauncher;

/** This computer. */
public final class LinuxHost implements Host {
  /** Where programs for administrators lie, which a user's search path often leaves out. */
  private static final List<String> ADMINISTRATION = List.of("/usr/sbin", "/sbin", "/usr/libexec");

  /** Printing a version takes milliseconds; a program that hangs must not hold the doctor up. */
  private static final long PATIENCE_SECONDS = 5;

  @Override
  public int landlock() {
    return JavaLauncher.landlock();
  }

  @Override
  public boolean mountNamespace() {
    return JavaLauncher.mountNamespace();
  }

  @Override
  public Optional<String> read(String path) {
    // Not by Files, which reads one byte first where a file says that it is empty: those of
    // /proc/sys do, and some of them end after the first read.
    try (InputStream in = new FileInputStream(path)) {
      return Optional.of(new String(in.readAllBytes(), StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  @Override
  public boolean exists(String path) {
    return Files.exists(Path.of(path));
  }

  @Override
  public boolean canReadAndWrite(String path) {
    Path file = Path.of(path);
    return Files.isReadable(file) && Files.isWritable(file);
  }

  @Override
  public List<String> list(String folder) {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(Path.of(folder))) {
      entries.forEach(entry -> names.add(String.valueOf(entry.getFileName())));
    } catch (IOException e) {
      return List.of();
    }
    return names;
  }

  @Override
  public Optional<String> program(String name) {
    List<String> folders = new ArrayList<>();
    folders.addAll(List.of(variable("PATH").orElse("/usr/bin:/bin").split(File.pathSeparator)));
    folders.addAll(ADMINISTRATION);
    for (String folder : folders) {
      Path file = Path.of(folder, name);
      if (Files.isRegularFile(file) && Files.isExecutable(file)) {
        return Optional.of(file.toString());
      }
    }
    return Optional.empty();
  }

  @Override
  public Optional<String> firstLine(List<String> command) {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectInput(new File("/dev/null"))
              .start();
      try {
        return process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) && process.exitValue() == 0
            ? Optional.ofNullable(readLine(process))
            : Optional.empty();
      } finally {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  private static @Nullable String readLine(Process process) throws IOException {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      return reader.readLine();
    }
  }

  @Override
  public Optional<String> variable(String name) {
    return Optional.ofNullable(System.getenv(name)).filter(value -> !value.isEmpty());
  }

  @Override
  public long freeBytes(String path) {
    Path folder = Path.of(path);
    while (!Files.exists(folder) && folder.getParent() != null) {
      folder = folder.getParent();
    }
    return folder.toFile().getUsableSpace();
  }
}

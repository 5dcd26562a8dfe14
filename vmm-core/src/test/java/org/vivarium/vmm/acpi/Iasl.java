package org.vivarium.vmm.acpi;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** Intel's ACPI compiler and disassembler, from the package acpica-tools. */
final class Iasl {
  private static final long SECONDS = 60;

  private final Path folder;

  Iasl(Path folder) {
    this.folder = folder;
  }

  /** Disassembles a table; the answer is its source. */
  String disassemble(String signature, byte[] table) throws IOException, InterruptedException {
    String name = signature.toLowerCase(Locale.ROOT);
    Files.write(folder.resolve(name + ".aml"), table);
    String output = run("-d", name + ".aml");
    refuse(output, "warning", "error", "remark");
    return Files.readString(folder.resolve(name + ".dsl"));
  }

  /** Compiles source; the answer is the table. Any warning or remark fails. */
  byte[] compile(String signature, String source) throws IOException, InterruptedException {
    String name = signature.toLowerCase(Locale.ROOT) + "-again";
    Files.writeString(folder.resolve(name + ".dsl"), source);
    String output = run("-p", name, name + ".dsl");
    if (!output.contains("Compilation successful. 0 Errors, 0 Warnings, 0 Remarks")) {
      throw new AssertionError("iasl does not like " + signature + ":\n" + output);
    }
    return Files.readAllBytes(folder.resolve(name + ".aml"));
  }

  private String run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("iasl"));
    command.addAll(List.of(arguments));
    Path log = folder.resolve("iasl.log");
    Process process;
    try {
      process =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
    } catch (IOException e) {
      throw new AssertionError("This test needs iasl: install the package acpica-tools.", e);
    }
    if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("iasl did not end: " + command);
    }
    String output = Files.readString(log);
    if (process.exitValue() != 0) {
      throw new AssertionError(command + " failed:\n" + output);
    }
    return output;
  }

  private static void refuse(String output, String... words) {
    for (String word : words) {
      if (output.toLowerCase(Locale.ROOT).contains(word)) {
        throw new AssertionError("iasl does not like the table:\n" + output);
      }
    }
  }
}

package org.vivarium.images.tiny;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.CodeSource;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.vivarium.images.ImageException;
import org.vivarium.images.deb.Sha256;

/** The recipe of Tiny Linux, read from the text files beside this class. Stateless. */
final class TinyRecipe {
  /** Raised when the same recipe begins to give another image. */
  private static final String BUILDER = "2";

  private static final String RUN_MODULES = "modules-run.txt";

  private TinyRecipe() {}

  /** Names of the packages that may hold busybox, in order of preference. */
  static List<String> tools() throws ImageException {
    return words("packages.txt", "tools").getFirst();
  }

  /**
   * Names of the packages that stand for the newest kernel of a flavour, in order of preference.
   *
   * @throws ImageException if there is no such flavour
   */
  static List<String> kernel(String flavour) throws ImageException {
    for (List<String> line : words("packages.txt", "kernel")) {
      if (line.getFirst().equals(flavour)) {
        return line.subList(1, line.size());
      }
    }
    throw new ImageException(
        "There is no flavour \"%s\" of Tiny Linux, only %s."
            .formatted(flavour, String.join(", ", flavours())));
  }

  static List<String> flavours() throws ImageException {
    return words("packages.txt", "kernel").stream().map(List::getFirst).toList();
  }

  /** Tells which dependencies of a kernel package belong to the kernel. */
  static Pattern kernelPart() throws ImageException {
    return Pattern.compile(words("packages.txt", "part").getFirst().getFirst());
  }

  static List<String> modules() throws ImageException {
    return lines("modules.txt");
  }

  /** Those that a guest for one process of a container image needs. */
  static List<String> runModules() throws ImageException {
    return lines(RUN_MODULES);
  }

  static String commandLine() throws ImageException {
    return String.join(" ", lines("command-line.txt"));
  }

  static String files() throws ImageException {
    return text("files.txt");
  }

  /**
   * Names the program file that this class came from, by size and time: as long as it stays the
   * same, so does the recipe. Empty where classes lie in folders, as during development.
   */
  static String codeState() {
    CodeSource source = TinyRecipe.class.getProtectionDomain().getCodeSource();
    if (source == null || !"file".equals(source.getLocation().getProtocol())) {
      return "";
    }
    File file = new File(source.getLocation().getPath());
    return file.isFile() ? file.length() + " " + file.lastModified() : "";
  }

  /** A digest of all that decides what the image becomes, packages aside. */
  static String digest() throws ImageException {
    MessageDigest digest = Sha256.digest();
    digest.update((BUILDER + "\n").getBytes(StandardCharsets.UTF_8));
    List<String> names = new ArrayList<>(List.of("packages.txt", "modules.txt", RUN_MODULES));
    names.addAll(List.of("command-line.txt", "files.txt"));
    for (String line : lines("files.txt")) {
      String[] words = line.split("\\s+");
      if (words[0].equals("file") && words[2].startsWith("root/")) {
        names.add(words[2]);
      }
    }
    for (String name : names) {
      byte[] content = bytes(name);
      digest.update((name + " " + content.length + "\n").getBytes(StandardCharsets.UTF_8));
      digest.update(content);
    }
    digest.update(Stage.code());
    digest.update(Enter.code());
    return Sha256.hex(digest);
  }

  /** The lines of a file that begin with a word, without it, split into words. */
  private static List<List<String>> words(String file, String first) throws ImageException {
    List<List<String>> found = new ArrayList<>();
    for (String line : lines(file)) {
      List<String> words = Arrays.asList(line.split("\\s+"));
      if (words.getFirst().equals(first)) {
        found.add(words.subList(1, words.size()));
      }
    }
    return found;
  }

  /** The lines of a file that are neither empty nor a comment. */
  private static List<String> lines(String file) throws ImageException {
    return text(file)
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !line.startsWith("#"))
        .toList();
  }

  private static String text(String file) throws ImageException {
    return new String(bytes(file), StandardCharsets.UTF_8);
  }

  /** Returns a file of the recipe. */
  static byte[] bytes(String file) throws ImageException {
    try (InputStream in = TinyRecipe.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new ImageException("Vivarium is incomplete: its file %s is missing.".formatted(file));
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new ImageException(
          "Vivarium is damaged: its file %s is unreadable.".formatted(file), e);
    }
  }
}

package org.vivarium.images.debian;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import org.vivarium.images.ImageException;
import org.vivarium.images.deb.Sha256;

/**
 * What a Debian system is made of.
 *
 * @param suite the release's code name
 * @param packages what is installed beside what every Debian has
 * @param essential a script that runs before the kernel is installed
 * @param customize a script that runs when all is installed; both get the new root's path
 * @param commandLine the kernel command line of the system
 */
record DebianRecipe(
    String suite, List<String> packages, String essential, String customize, String commandLine) {
  /** Raised when the same texts begin to give another image. */
  private static final String BUILDER = "1";

  /** Ends the texts that the scripts carry; stands in none of them. */
  private static final String END = "END_OF_VIVARIUM_FILE";

  DebianRecipe {
    packages = List.copyOf(packages);
  }

  /**
   * Reads the recipe.
   *
   * @param more packages that the user wants beside the recipe's
   */
  static DebianRecipe of(String suite, List<String> more) throws ImageException {
    List<String> packages = new ArrayList<>(lines("packages.txt"));
    packages.addAll(more);
    // The scripts may run where no file of ours can be read, in a name space of another user: they
    // carry the files with them.
    StringBuilder customize = new StringBuilder();
    for (String line : lines("files.txt")) {
      String[] words = line.split(" ");
      String target = "\"$1" + words[1] + "\"";
      customize.append("mkdir -p \"$(dirname ").append(target).append(")\"\n");
      customize.append("cat > ").append(target).append(" <<'").append(END).append("'\n");
      customize.append(text(words[0])).append(END).append('\n');
    }
    customize.append(text("customize.sh"));
    return new DebianRecipe(
        suite,
        packages,
        text("essential.sh"),
        "set -e\n" + customize,
        text("root/cmdline").strip());
  }

  /** A digest of all that decides what the image becomes, the packages' versions aside. */
  String digest() {
    MessageDigest digest = Sha256.digest();
    for (String part :
        List.of(BUILDER, suite, String.join(" ", packages), essential, customize, commandLine)) {
      digest.update((part.length() + " " + part).getBytes(StandardCharsets.UTF_8));
    }
    return Sha256.hex(digest);
  }

  private static List<String> lines(String file) throws ImageException {
    return text(file)
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !line.startsWith("#"))
        .toList();
  }

  private static String text(String file) throws ImageException {
    try (InputStream in = DebianRecipe.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new ImageException("Vivarium is incomplete: its file %s is missing.".formatted(file));
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new ImageException(
          "Vivarium is damaged: its file %s is unreadable.".formatted(file), e);
    }
  }
}

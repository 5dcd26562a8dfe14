package org.vivarium.images.tiny;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vivarium.images.BootImage;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.deb.PackageSource;
import org.vivarium.images.deb.PackageSources;

/**
 * Builds Tiny Linux from a command line: {@code FOLDER [FLAVOUR] [--refresh]}. Prints what it does,
 * and last where the image is.
 */
public final class BuildTinyLinux {
  private BuildTinyLinux() {}

  /** Exits with 0 when the image is there, 1 when it cannot be built, 2 on bad arguments. */
  public static void main(String[] arguments) {
    System.exit(run(List.of(arguments), System.getenv(), System.out, System.err));
  }

  /** Does the work of {@link #main} and returns the exit status. */
  static int run(
      List<String> arguments, Map<String, String> environment, PrintStream out, PrintStream err) {
    boolean refresh = arguments.contains("--refresh");
    List<String> words = arguments.stream().filter(a -> !a.equals("--refresh")).toList();
    if (words.isEmpty() || words.size() > 2 || words.stream().anyMatch(w -> w.startsWith("-"))) {
      err.println("Usage: FOLDER [FLAVOUR] [--refresh]");
      return 2;
    }
    Path folder = Path.of(words.getFirst());
    String flavour = words.size() > 1 ? words.get(1) : TinyLinux.DEFAULT_FLAVOUR;
    try {
      PackageSource source = PackageSources.choose(folder.resolve("sources"), environment);
      Progress progress = new Lines(out);
      BootImage image =
          refresh
              ? TinyLinux.refresh(folder, flavour, source, progress)
              : TinyLinux.obtain(folder, flavour, source, progress);
      out.printf("Linux %s%n", image.version());
      out.printf("kernel %s%n", image.kernel());
      out.printf("initrd %s%n", Optional.ofNullable(image.initrd()).orElseThrow());
      out.printf("command line %s%n", image.commandLine());
      return 0;
    } catch (ImageException e) {
      err.println(e.getMessage());
      return 1;
    }
  }

  /** One line for each step. */
  private static final class Lines implements Progress {
    private final PrintStream out;
    private String last = "";

    Lines(PrintStream out) {
      this.out = out;
    }

    @Override
    public void advanced(String step, long done, long total) {
      if (!step.equals(last)) {
        out.println(step);
        last = step;
      }
    }
  }
}

package org.vivarium.images.oci;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.deb.PackageSources;

/**
 * Makes images of {@link WorkloadImage} from a command line: {@code FOLDER NAME...}. Whoever runs
 * them later, on a slow computer, need not unpack and pack them there.
 */
public final class BuildWorkloadImages {
  private BuildWorkloadImages() {}

  /** Exits with 0 when the images are there, 1 when one cannot be made, 2 on bad arguments. */
  public static void main(String[] arguments) {
    System.exit(run(List.of(arguments), System.getenv(), System.err));
  }

  private static int run(List<String> arguments, Map<String, String> environment, PrintStream err) {
    if (arguments.size() < 2) {
      err.println("Usage: FOLDER NAME...");
      return 2;
    }
    try {
      for (String name : arguments.subList(1, arguments.size())) {
        obtain(Path.of(arguments.getFirst()), name, environment);
      }
      return 0;
    } catch (ImageException e) {
      err.println(e.getMessage());
      return 1;
    }
  }

  /**
   * Returns an image in the better form that can be had here, made unless it is there.
   *
   * @param images where all images are kept
   * @param name as {@link WorkloadImage#id()} says it
   * @throws ImageException if there is none of that name, or it cannot be made
   */
  public static StoredImage obtain(Path images, String name, Map<String, String> environment)
      throws ImageException {
    WorkloadImage image =
        WorkloadImage.named(name)
            .orElseThrow(() -> new ImageException("There is no image \"%s\".".formatted(name)));
    Path layout =
        image.obtain(
            images, PackageSources.choose(images.resolve("packages"), environment), Progress.NONE);
    return new OciStore(images)
        .obtain(layout.toString(), OciStore.form(environment), Progress.NONE);
  }
}

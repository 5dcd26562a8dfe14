package org.vivarium.app.cli;

import java.io.IOException;
import java.io.PrintWriter;
import org.vivarium.images.ImageException;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;

/** Turns whatever ended a command into one sentence and an exit status. */
final class Failures {
  private static final String DEBUG_VARIABLE = "VIVARIUM_DEBUG";

  private Failures() {}

  /**
   * Prints the sentence.
   *
   * @return the exit status, one of {@link ExitStatus}
   */
  static int tell(Exception e, PrintWriter err) {
    if (System.getenv(DEBUG_VARIABLE) != null) {
      e.printStackTrace(err);
    }
    return switch (e) {
      case InvalidConfigException bad -> {
        err.println(bad.getMessage());
        yield ExitStatus.BAD_INPUT;
      }
      case VmmException refused -> {
        err.println(refused.getMessage());
        yield ExitStatus.FAILED;
      }
      case ImageException missing -> {
        err.println(missing.getMessage());
        yield ExitStatus.FAILED;
      }
      case InterruptedException _ -> {
        err.println("Interrupted.");
        yield ExitStatus.FAILED;
      }
      default -> {
        err.println(
            "Vivarium met a fault of its own: " + e + "; " + DEBUG_VARIABLE + "=1 shows where.");
        yield ExitStatus.FAILED;
      }
    };
  }

  /** What the host said about a file that a command works on, for the end of a sentence. */
  static String reason(IOException e) {
    return switch (e) {
      case java.nio.file.NoSuchFileException _ -> "it is not there";
      case java.nio.file.FileAlreadyExistsException _ -> "it is there already";
      case java.nio.file.AccessDeniedException _ -> "you may not";
      case java.nio.file.FileSystemException f when f.getReason() != null -> f.getReason();
      default -> String.valueOf(e.getMessage()).replaceFirst("\\.$", "");
    };
  }
}

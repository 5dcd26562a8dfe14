package org.vivarium.vmm.store;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.vivarium.vmm.VmmException;

/** Says in words what the host's file system refused. */
public final class HostErrors {
  private HostErrors() {}

  /**
   * A refusal for people.
   *
   * @param what what could not be done, the beginning of a sentence: "The file F cannot be written"
   */
  public static VmmException refusal(String what, IOException e) {
    return new VmmException("%s: %s.".formatted(what, reason(e)), e);
  }

  /** The reason alone, as the end of a sentence. */
  public static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException _ -> "it does not exist";
      case AccessDeniedException _ -> "you lack the permission";
      case FileSystemException f when f.getReason() != null -> lower(f.getReason());
      default -> lower(String.valueOf(e.getMessage()));
    };
  }

  private static String lower(String reason) {
    return reason.contains("No space left")
        ? "the disk is full; free some space"
        : reason.replaceAll("\\p{Cntrl}", "?").replaceFirst("\\.$", "");
  }
}

package org.vivarium.app.desktop.base;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vivarium.app.bench.BenchException;
import org.vivarium.images.ImageException;
import org.vivarium.vmm.VmmException;

/** The one place where what went wrong becomes a sentence for people. */
public final class Errors {
  private static final Logger LOG = LoggerFactory.getLogger(Errors.class);
  private static final int MOST = 4;

  /**
   * Something that went wrong.
   *
   * @param sentence what happened and what can be done
   * @param details for whoever wants to know more; may be empty
   */
  public record Problem(String sentence, String details) {}

  private final Texts texts;
  private final ObservableList<Problem> shown = FXCollections.observableArrayList();

  /**
   * @param texts words for faults that bring none
   */
  public Errors(Texts texts) {
    this.texts = texts;
  }

  /** What people have not put away yet, oldest first. */
  public ObservableList<Problem> shown() {
    return shown;
  }

  /** Shows what was thrown. Any thread. */
  public void report(Throwable thrown) {
    LOG.debug("Reported in the window", thrown);
    report(problem(thrown));
  }

  /** Shows a problem. Any thread. */
  public void report(Problem problem) {
    FxThread.run(
        () -> {
          shown.remove(problem);
          while (shown.size() >= MOST) {
            shown.removeFirst();
          }
          shown.add(problem);
        });
  }

  /** The sentence and the details of what was thrown. Any thread. */
  public Problem problem(Throwable thrown) {
    return new Problem(sentence(thrown), details(thrown));
  }

  /** The sentence of what was thrown. Any thread. */
  public String sentence(Throwable thrown) {
    String message = thrown.getMessage();
    return switch (thrown) {
      case VmmException _ when message != null -> texts.passedOn(message);
      case ImageException _ when message != null -> texts.passedOn(message);
      case BenchException e when message != null -> message;
      case NoSuchFileException e -> texts.get("error.noFile", e.getFile());
      case FileAlreadyExistsException e -> texts.get("error.fileExists", e.getFile());
      case java.io.IOException e when message != null -> texts.get("error.io", message);
      default -> texts.get("error.fault", thrown.getClass().getSimpleName());
    };
  }

  private static String details(Throwable thrown) {
    StringWriter text = new StringWriter();
    thrown.printStackTrace(new PrintWriter(text));
    return text.toString();
  }
}

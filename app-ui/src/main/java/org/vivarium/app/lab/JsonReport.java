package org.vivarium.app.lab;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Path;
import org.vivarium.app.bench.BenchException;

/** A report, every single value of it, as JSON; the names are those of {@link Report}. */
public final class JsonReport {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private JsonReport() {}

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws BenchException if it is no report
   */
  public static Report read(Path file) throws BenchException {
    try {
      Report report = JSON.readValue(file.toFile(), Report.class);
      if (report != null) {
        return report;
      }
    } catch (JsonProcessingException e) {
      throw new BenchException(
          "The file %s is no report of a comparison (its line %d)."
              .formatted(file, e.getLocation() == null ? 0 : e.getLocation().getLineNr()),
          e);
    } catch (IOException e) {
      throw new BenchException("The file %s cannot be read.".formatted(file), e);
    }
    throw new BenchException("The file %s is empty.".formatted(file));
  }

  /** The whole text. */
  public static String write(Report report) {
    try {
      return JSON.writeValueAsString(report) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A report is records of texts and numbers.", e);
    }
  }
}

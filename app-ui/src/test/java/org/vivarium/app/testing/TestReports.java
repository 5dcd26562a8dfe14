package org.vivarium.app.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/** Reads the XML reports that Surefire and JUnit's console launcher write. */
final class TestReports {
  /** How a test ended. */
  enum End {
    PASSED,
    FAILED,
    SKIPPED
  }

  /**
   * One test.
   *
   * @param name its class and method
   * @param end how it ended
   * @param reason why it failed or was skipped, in one line; empty for one that passed the first
   *     time
   * @param details all that the report says of it; empty for one that passed
   * @param id JUnit's unique id, or empty if the report does not tell it
   * @param again whether it failed before, and was run again
   */
  record Result(String name, End end, String reason, String details, String id, boolean again) {
    /** The result of a test that failed as {@code first} says and was run again. */
    Result after(Result first) {
      boolean passed = end == End.PASSED;
      return new Result(name, end, passed ? first.reason : reason, details, id, true);
    }
  }

  /** What the console launcher's reports put before a test's unique id. */
  private static final String ID = "unique-id: ";

  private TestReports() {}

  /**
   * Reads every report in a folder, in the order of the files' names. A test that failed in one
   * report and ran again in a later one counts once, as it ended there.
   *
   * @throws IOException if a report cannot be read, or is cut short, as a crash leaves it
   */
  static List<Result> read(Path folder) throws IOException {
    List<Path> reports = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.xml")) {
      files.forEach(reports::add);
    }
    reports.sort(null);
    List<Result> results = new ArrayList<>();
    Map<String, Integer> failed = new HashMap<>();
    for (Path file : reports) {
      try (InputStream in = Files.newInputStream(file)) {
        for (Result result : read(in)) {
          Integer before = failed.get(result.name());
          if (before != null) {
            results.set(before, result.after(results.get(before)));
          } else {
            results.add(result);
            if (result.end() == End.FAILED) {
              failed.put(result.name(), results.size() - 1);
            }
          }
        }
      } catch (XMLStreamException e) {
        throw new IOException("Cannot read the report " + file + ": " + e.getMessage(), e);
      }
    }
    return results;
  }

  private static List<Result> read(InputStream in) throws XMLStreamException {
    XMLInputFactory factory = XMLInputFactory.newFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    XMLStreamReader xml = factory.createXMLStreamReader(in);
    List<Result> results = new ArrayList<>();
    while (xml.hasNext()) {
      if (xml.next() == XMLStreamConstants.START_ELEMENT && xml.getLocalName().equals("testcase")) {
        results.add(readTest(xml));
      }
    }
    return results;
  }

  private static Result readTest(XMLStreamReader xml) throws XMLStreamException {
    String type = attribute(xml, "classname");
    String name = type.substring(type.lastIndexOf('.') + 1) + "." + attribute(xml, "name");
    End end = End.PASSED;
    String reason = "";
    String details = "";
    String id = "";
    boolean again = false;
    while (xml.next() != XMLStreamConstants.END_ELEMENT || !xml.getLocalName().equals("testcase")) {
      if (xml.isStartElement()) {
        switch (xml.getLocalName()) {
          case "skipped", "failure", "error" -> {
            end = xml.getLocalName().equals("skipped") ? End.SKIPPED : End.FAILED;
            // Surefire writes the message into an attribute, the console launcher into the text.
            String message = attribute(xml, "message");
            details = xml.getElementText().strip();
            reason = tellingLine(message.isBlank() ? details : message);
          }
          // Surefire's name for how a test failed that passed when it ran again.
          case "flakyFailure", "flakyError" -> {
            again = true;
            reason = tellingLine(attribute(xml, "message"));
          }
          case "system-out" -> id = uniqueId(xml.getElementText(), id);
          default -> {}
        }
      }
    }
    return new Result(name, end, reason, details, id, again);
  }

  /** The line with what was expected, if there is one: before it stands a guest's whole console. */
  private static String tellingLine(String text) {
    List<String> lines = text.strip().lines().toList();
    return lines.stream()
        .filter(line -> line.contains(" ==> "))
        .findFirst()
        .orElseGet(() -> lines.isEmpty() ? "no reason given" : lines.getFirst())
        .strip();
  }

  private static String uniqueId(String text, String otherwise) {
    return text.strip()
        .lines()
        .filter(line -> line.startsWith(ID))
        .map(line -> line.substring(ID.length()))
        .findFirst()
        .orElse(otherwise);
  }

  private static String attribute(XMLStreamReader xml, String name) {
    String value = xml.getAttributeValue(null, name);
    return value == null ? "" : value;
  }
}

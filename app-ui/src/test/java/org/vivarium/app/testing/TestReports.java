package org.vivarium.app.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
   * @param reason why it failed or was skipped, in one line; empty for one that passed
   */
  record Result(String name, End end, String reason) {}

  private TestReports() {}

  /**
   * Reads every report in a folder.
   *
   * @throws IOException if a report cannot be read, or is cut short, as a crash leaves it
   */
  static List<Result> read(Path folder) throws IOException {
    List<Result> results = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.xml")) {
      for (Path file : files) {
        try (InputStream in = Files.newInputStream(file)) {
          results.addAll(read(in));
        } catch (XMLStreamException e) {
          throw new IOException("Cannot read the report " + file + ": " + e.getMessage(), e);
        }
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
    while (xml.next() != XMLStreamConstants.END_ELEMENT || !xml.getLocalName().equals("testcase")) {
      if (xml.isStartElement()) {
        switch (xml.getLocalName()) {
          case "skipped" -> {
            end = End.SKIPPED;
            reason = reason(xml);
          }
          case "failure", "error" -> {
            end = End.FAILED;
            reason = reason(xml);
          }
          default -> {}
        }
      }
    }
    return new Result(name, end, reason);
  }

  /** The message of a skipped or failed test: an attribute with Surefire, else text. */
  private static String reason(XMLStreamReader xml) throws XMLStreamException {
    String message = attribute(xml, "message");
    String text = xml.getElementText();
    String chosen = message.isBlank() ? text : message;
    return chosen.strip().lines().findFirst().orElse("no reason given").strip();
  }

  private static String attribute(XMLStreamReader xml, String name) {
    String value = xml.getAttributeValue(null, name);
    return value == null ? "" : value;
  }
}

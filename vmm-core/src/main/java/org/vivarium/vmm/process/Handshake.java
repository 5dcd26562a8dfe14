package org.vivarium.vmm.process;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.codec.Json;

/**
 * What a VM process tells its starter: one line of JSON, whether the machine runs or why it does
 * not, on a pipe that it then lets go of, so that it can outlive the starter. Any thread.
 */
final class Handshake implements AutoCloseable {
  private static final LazyLogger LOG = LazyLogger.of(Handshake.class);
  private static final String READY = "ready";
  private static final String FAILED = "failed";
  private static final String BAD_INPUT = "badInput";

  private final FileOutputStream starter;
  private boolean said;

  Handshake(FileOutputStream starter) {
    this.starter = starter;
  }

  /** The machine runs. */
  void ready() {
    say(Json.line(Json.object().put(READY, true)));
  }

  /** It does not; once it has been said that it does, this does nothing. */
  void failed(VmmException why) {
    say(
        Json.line(
            Json.object()
                .put(FAILED, String.valueOf(why.getMessage()))
                .put(BAD_INPUT, why instanceof InvalidConfigException)));
  }

  private synchronized void say(String line) {
    if (said) {
      return;
    }
    said = true;
    try {
      starter.write((line + "\n").getBytes(StandardCharsets.UTF_8));
      starter.close();
    } catch (IOException e) {
      LOG.debug("The starter has gone", e);
    }
  }

  /**
   * Reads what a VM process said.
   *
   * @return why the machine does not run; empty if it does
   * @throws InvalidConfigException if that is no such line
   */
  static Optional<VmmException> read(String line) throws InvalidConfigException {
    JsonNode node = Json.parse(line);
    if (node.path(READY).asBoolean()) {
      return Optional.empty();
    }
    String why = node.path(FAILED).asText("It does not say why.");
    return Optional.of(
        node.path(BAD_INPUT).asBoolean() ? new InvalidConfigException(why) : new VmmException(why));
  }

  @Override
  public synchronized void close() throws IOException {
    said = true;
    starter.close();
  }
}

package org.vivarium.app.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/**
 * QEMU's monitor (QMP), as far as measuring needs it: one command after the other with arguments,
 * on one thread. Machines that people run are driven by vmm-core's own client, which has neither
 * arguments nor a use for them.
 */
final class Monitor implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final SocketChannel channel;
  private final BufferedReader reader;

  private Monitor(SocketChannel channel) {
    this.channel = channel;
    this.reader = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
  }

  /** Takes the greeting and leaves capabilities negotiation mode. */
  static Monitor open(SocketChannel channel) throws BenchException {
    Monitor monitor = new Monitor(channel);
    monitor.next();
    monitor.execute("qmp_capabilities", JsonNodeFactory.instance.objectNode());
    return monitor;
  }

  /** Runs a command and returns its answer. */
  JsonNode execute(String command, ObjectNode arguments) throws BenchException {
    ObjectNode message = JSON.createObjectNode().put("execute", command);
    message.set("arguments", arguments);
    ByteBuffer line = ByteBuffer.wrap((message + "\n").getBytes(StandardCharsets.UTF_8));
    try {
      while (line.hasRemaining()) {
        channel.write(line);
      }
    } catch (IOException e) {
      throw new BenchException("QEMU's monitor failed: " + e.getMessage(), e);
    }
    while (true) {
      JsonNode answer = next();
      if (answer.has("return")) {
        return answer.path("return");
      }
      if (answer.has("error")) {
        throw new BenchException(
            "QEMU refused %s: %s".formatted(command, answer.path("error").path("desc").asText()));
      }
    }
  }

  /** Waits for an event of that name. */
  void awaitEvent(String name) throws BenchException {
    while (!next().path("event").asText().equals(name)) {
      // Other events are of no interest.
      continue;
    }
  }

  private JsonNode next() throws BenchException {
    try {
      String line = reader.readLine();
      if (line == null) {
        throw new BenchException("QEMU ended before its guest was up.");
      }
      return JSON.readTree(line);
    } catch (IOException e) {
      throw new BenchException("QEMU's monitor failed: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() throws BenchException {
    try {
      channel.close();
    } catch (IOException e) {
      throw new BenchException("QEMU's monitor cannot be closed: " + e.getMessage(), e);
    }
  }
}

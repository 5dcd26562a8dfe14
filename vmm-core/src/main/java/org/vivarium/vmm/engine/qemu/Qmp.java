package org.vivarium.vmm.engine.qemu;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.codec.BoundedLines;

/**
 * A client of QEMU's monitor protocol (QEMU, docs/interop/qmp-spec.txt): JSON objects, one a line.
 *
 * <p>Any thread may call {@link #execute}; answers find their commands by their id. Events are
 * handed on by one thread of this object in the order in which QEMU sent them, and before the
 * answer to a command that came after them; that thread must not call {@link #execute}. When the
 * channel ends or QEMU says something that is not the protocol, every command waiting fails, the
 * channel is closed and {@link Events#closed} is called, once and last.
 */
final class Qmp implements AutoCloseable {
  /**
   * Longest message accepted, bytes; the longest that QEMU sends to our commands is the greeting.
   */
  static final int MAX_LINE = 1 << 20;

  /** Hears what QEMU says unasked. Called on the thread that reads. */
  interface Events {
    /**
     * QEMU reports an event (qapi/run-state.json).
     *
     * @param micros when, in microseconds since 1970 by QEMU's clock; 0 if it does not say
     * @param data the event's own members; an empty object if it has none
     */
    void event(String name, long micros, JsonNode data);

    /**
     * Nothing more will come.
     *
     * @param trouble what went wrong, as part of a sentence; null if the channel just ended
     */
    void closed(@Nullable String trouble);
  }

  /** QEMU has ended, or its monitor has; no command can be given any more. */
  static final class Ended extends VmmException {
    private static final long serialVersionUID = 1L;

    private Ended(String message) {
      super(message);
    }

    private Ended(String message, Throwable cause) {
      super(message, cause);
    }
  }

  private static final LazyLogger LOG = LazyLogger.of(Qmp.class);
  private static final long UNANSWERED = 0;
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final ByteChannel channel;
  private final Events events;
  private final CompletableFuture<JsonNode> greeting = new CompletableFuture<>();
  private final Map<Long, CompletableFuture<JsonNode>> waiting = new HashMap<>();
  private final Object writing = new Object();
  private final Thread reader;
  private long lastId;
  private boolean ended;

  /**
   * Takes over a channel on which QEMU is about to greet.
   *
   * @param channel a blocking channel; closed with this object
   * @param name for the reading thread
   */
  Qmp(ByteChannel channel, String name, Events events) {
    this.channel = channel;
    this.events = events;
    reader = Thread.ofPlatform().name(name).daemon().unstarted(this::read);
  }

  /**
   * Waits for QEMU's greeting and leaves capabilities negotiation mode.
   *
   * @throws VmmException if QEMU does not greet in time, or refuses
   */
  void open(Duration timeout) throws VmmException {
    reader.start();
    result(greeting, "its start", timeout);
    execute("qmp_capabilities", timeout);
  }

  /**
   * Runs a command and waits for its answer.
   *
   * @return what the command returns
   * @throws Ended if QEMU has ended
   * @throws VmmException if QEMU refuses or does not answer in time
   */
  JsonNode execute(String command, Duration timeout) throws VmmException {
    return execute(command, JSON.createObjectNode(), timeout);
  }

  /** As {@link #execute(String, Duration)}, for a command with arguments. */
  JsonNode execute(String command, ObjectNode arguments, Duration timeout) throws VmmException {
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    long id = expect(answer);
    try {
      send(command, arguments, id);
      return result(answer, "the command " + command, timeout);
    } catch (IOException e) {
      throw new Ended("QEMU has ended and cannot take the command %s.".formatted(command), e);
    } finally {
      synchronized (waiting) {
        waiting.remove(id);
      }
    }
  }

  /** Gives a command whose answer nobody waits for; does nothing if QEMU has ended. */
  void tell(String command) {
    try {
      send(command, JSON.createObjectNode(), UNANSWERED);
    } catch (IOException e) {
      LOG.debug("QEMU has ended before it was told to {}", command, e);
    }
  }

  private long expect(CompletableFuture<JsonNode> answer) throws Ended {
    synchronized (waiting) {
      if (ended) {
        throw new Ended("QEMU has ended and takes no more commands.");
      }
      waiting.put(++lastId, answer);
      return lastId;
    }
  }

  private void send(String command, ObjectNode arguments, long id) throws IOException {
    ObjectNode message = JSON.createObjectNode().put("execute", command).put("id", id);
    if (!arguments.isEmpty()) {
      message.set("arguments", arguments);
    }
    ByteBuffer line = ByteBuffer.wrap((message + "\n").getBytes(StandardCharsets.UTF_8));
    synchronized (writing) {
      while (line.hasRemaining()) {
        channel.write(line);
      }
    }
  }

  private static JsonNode result(CompletableFuture<JsonNode> answer, String what, Duration timeout)
      throws VmmException {
    try {
      return answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new VmmException(
          "QEMU has not answered for %d seconds after %s.".formatted(timeout.toSeconds(), what), e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof VmmException sentence
          ? sentence
          : new VmmException("QEMU failed after %s.".formatted(what), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new VmmException("Waiting for QEMU was interrupted after %s.".formatted(what), e);
    }
  }

  private void read() {
    String trouble = null;
    try {
      BoundedLines lines = new BoundedLines(channel, MAX_LINE);
      for (String line = lines.next(); line != null; line = lines.next()) {
        take(line);
      }
    } catch (JsonProcessingException e) {
      trouble = "QEMU's monitor sent what is not its protocol";
    } catch (IOException e) {
      trouble = "QEMU's monitor failed (%s)".formatted(e.getMessage());
    }
    close();
    failAll(trouble == null ? "QEMU has ended before it answered." : trouble + ".");
    events.closed(trouble);
  }

  private void take(String line) throws IOException {
    JsonNode message = JSON.readTree(line);
    if (message.has("QMP")) {
      greeting.complete(message);
    } else if (message.path("event").isTextual()) {
      event(message);
    } else if (message.has("return") || message.has("error")) {
      answer(message);
    } else {
      throw new IOException("a message of no known kind");
    }
  }

  private void event(JsonNode message) {
    JsonNode time = message.path("timestamp");
    long micros =
        TimeUnit.SECONDS.toMicros(time.path("seconds").asLong())
            + time.path("microseconds").asLong();
    JsonNode data = message.path("data");
    events.event(
        message.path("event").asText(), micros, data.isObject() ? data : JSON.createObjectNode());
  }

  private void answer(JsonNode message) {
    CompletableFuture<JsonNode> answer;
    synchronized (waiting) {
      answer = waiting.remove(message.path("id").asLong());
    }
    if (answer == null) {
      // Its sender has stopped waiting.
      return;
    }
    JsonNode value = message.get("return");
    if (value != null) {
      answer.complete(value);
    } else {
      String why = message.path("error").path("desc").asText("it gave no reason");
      answer.completeExceptionally(
          new VmmException("QEMU refused: %s".formatted(Sentences.of(why))));
    }
  }

  private void failAll(String sentence) {
    VmmException failure = new Ended(sentence);
    greeting.completeExceptionally(failure);
    synchronized (waiting) {
      ended = true;
      waiting.values().forEach(answer -> answer.completeExceptionally(failure));
      waiting.clear();
    }
  }

  /** Closes the channel; the reading thread ends. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("The monitor's socket could not be closed", e);
    }
  }

  /** Waits until all that QEMU said has been handed on and the channel has ended. */
  void join(Duration timeout) throws InterruptedException {
    if (reader.getState() != Thread.State.NEW) {
      reader.join(timeout);
    }
  }
}

package org.vivarium.vmm.process;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.Notification;
import org.vivarium.vmm.codec.BoundedLines;
import org.vivarium.vmm.codec.Json;
import org.vivarium.vmm.codec.JsonFields;
import org.vivarium.vmm.codec.Rpc;
import org.vivarium.vmm.codec.StatusCodec;

/**
 * The control socket: reads requests, one a line, has them done in their order for each client, and
 * pushes notifications to those who subscribed. Any thread may call.
 */
final class ControlServer implements AutoCloseable {
  /** Does requests. */
  interface Requests {
    /**
     * Does one.
     *
     * @param method its name
     * @param params its parameters
     * @return its result
     * @throws Rpc.Failure if there is no such method
     * @throws InvalidConfigException if a parameter is bad
     * @throws VmmException if the machine refuses
     */
    JsonNode call(String method, JsonFields params) throws Rpc.Failure, VmmException;
  }

  private static final LazyLogger LOG = LazyLogger.of(ControlServer.class);

  /** Who asked so short a time ago is taken to go on asking. */
  private static final long FOLLOWED_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final String name;
  private final Requests requests;
  private final Set<ClientQueue> clients = ConcurrentHashMap.newKeySet();
  private final Set<ClientQueue> subscribers = ConcurrentHashMap.newKeySet();
  private volatile long askedNanoTime = System.nanoTime() - FOLLOWED_NANOS;
  private final SocketServer server;

  private ControlServer(Path socket, String name, Requests requests) throws VmmException {
    this.name = name;
    this.requests = requests;
    this.server = SocketServer.listen(socket, name, this::serve);
  }

  /**
   * Begins to serve.
   *
   * @param name for threads
   */
  static ControlServer listen(Path socket, String name, Requests requests) throws VmmException {
    return new ControlServer(socket, name, requests);
  }

  private void serve(SocketChannel channel) throws IOException {
    ClientQueue queue = new ClientQueue(channel);
    clients.add(queue);
    Thread.ofPlatform().name(name + " writer").daemon().start(queue);
    BoundedLines lines = new BoundedLines(channel, Rpc.MAX_REQUEST);
    try {
      for (String line = lines.next(); line != null && queue.awaitRoom(); line = lines.next()) {
        if (!line.isBlank()) {
          handle(line, queue);
        }
      }
    } catch (BoundedLines.TooLong e) {
      LOG.debug("{}: {}", name, e.getMessage());
      String sentence =
          "A request has at most %d bytes; this connection ends.".formatted(Rpc.MAX_REQUEST);
      answer(queue, new Rpc.Failure(Rpc.Code.PARSE_ERROR, sentence));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      subscribers.remove(queue);
      clients.remove(queue);
      queue.finish();
      awaitWritten(queue, Duration.ofSeconds(1));
    }
  }

  private static void answer(ClientQueue queue, Rpc.Failure failure) {
    queue.offer(Rpc.error(MissingNode.getInstance(), failure));
  }

  private void handle(String line, ClientQueue queue) {
    JsonNode message;
    try {
      message = Json.parse(line);
    } catch (InvalidConfigException e) {
      answer(queue, new Rpc.Failure(Rpc.Code.PARSE_ERROR, String.valueOf(e.getMessage())));
      return;
    }
    JsonNode id = message.path("id");
    try {
      JsonNode result = call(message, queue);
      if (!id.isMissingNode()) {
        queue.offer(Rpc.result(id, result));
      }
    } catch (Rpc.Failure e) {
      queue.offer(Rpc.error(id.isValueNode() ? id : MissingNode.getInstance(), e));
    }
  }

  private JsonNode call(JsonNode message, ClientQueue queue) throws Rpc.Failure {
    JsonNode id = message.path("id");
    JsonNode params = message.path("params");
    boolean request =
        message.path("jsonrpc").asText().equals("2.0")
            && message.path("method").isTextual()
            && (id.isMissingNode() || id.isTextual() || id.isIntegralNumber())
            && (params.isMissingNode() || params.isObject());
    if (!request) {
      throw new Rpc.Failure(
          Rpc.Code.INVALID_REQUEST,
          "A request is one object with jsonrpc \"2.0\", a method, an id (a text or a whole number)"
              + " and params (an object); there are no batches.");
    }
    askedNanoTime = System.nanoTime();
    String method = message.path("method").asText();
    try {
      JsonFields fields = JsonFields.of(params.isMissingNode() ? Json.object() : params, "");
      if (method.equals(Rpc.SUBSCRIBE)) {
        fields.end();
        subscribers.add(queue);
        return Json.object();
      }
      return requests.call(method, fields);
    } catch (InvalidConfigException e) {
      throw new Rpc.Failure(Rpc.Code.INVALID_PARAMS, String.valueOf(e.getMessage()));
    } catch (VmmException e) {
      throw new Rpc.Failure(Rpc.Code.REFUSED, String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      LOG.warn("{}: {} failed", name, method, e);
      throw new Rpc.Failure(
          Rpc.Code.INTERNAL_ERROR, "The VM process met a fault of its own; its log says more.");
    }
  }

  /** Whether somebody wants to know of the machine now: subscribed, or asked just before. */
  boolean isFollowed() {
    return !subscribers.isEmpty() || System.nanoTime() - askedNanoTime < FOLLOWED_NANOS;
  }

  /** Pushes a notification to those who subscribed; never waits. */
  void push(Notification notification) {
    if (!subscribers.isEmpty()) {
      String line = StatusCodec.write(notification);
      subscribers.forEach(queue -> queue.offer(line));
    }
  }

  /** Tells every client how the machine ended, and lets them read it for a moment. */
  void end(String line, Duration patience) {
    clients.forEach(queue -> queue.offer(line));
    clients.forEach(ClientQueue::finish);
    clients.forEach(queue -> awaitWritten(queue, patience));
  }

  private static void awaitWritten(ClientQueue queue, Duration patience) {
    try {
      queue.awaitWritten(patience);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    server.close();
  }
}

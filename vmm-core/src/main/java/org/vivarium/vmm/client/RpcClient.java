package org.vivarium.vmm.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.codec.BoundedLines;
import org.vivarium.vmm.codec.Json;
import org.vivarium.vmm.codec.Rpc;
import org.vivarium.vmm.codec.StatusCodec;
import org.vivarium.vmm.store.HostErrors;

/**
 * The client's end of a control socket.
 *
 * <p>Any thread may call; answers find their requests by their id. One thread of this object reads
 * and tells listeners; they must not make requests.
 */
final class RpcClient implements AutoCloseable {
  /** The process has gone or does not answer. */
  static final class Unanswered extends VmmException {
    private static final long serialVersionUID = 1L;

    private Unanswered(String message) {
      super(message);
    }
  }

  private static final LazyLogger LOG = LazyLogger.of(RpcClient.class);
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final String name;
  private final SocketChannel channel;
  private final Supplier<String> died;
  private final Object writing = new Object();
  private final Map<Long, CompletableFuture<JsonNode>> waiting = new HashMap<>();
  private final List<Consumer<Notification>> listeners = new CopyOnWriteArrayList<>();
  private final CompletableFuture<Notification.Disconnected> end = new CompletableFuture<>();
  private long lastId;
  private volatile boolean closed;
  private volatile boolean poweredOff;
  private Notification.@Nullable Disconnected announced;

  private RpcClient(String name, SocketChannel channel, Supplier<String> died) {
    this.name = name;
    this.channel = channel;
    this.died = died;
  }

  /**
   * @param died says how the process died, once it has, in a sentence
   */
  static RpcClient connect(String name, Path socket, Supplier<String> died) throws VmmException {
    try {
      SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
      RpcClient client = new RpcClient(name, channel, died);
      Thread.ofPlatform().name(name + " client").daemon().start(client::read);
      return client;
    } catch (IOException e) {
      throw HostErrors.refusal(
          "The process of the machine %s does not answer at %s".formatted(name, socket), e);
    }
  }

  /**
   * Makes a request and waits for its answer.
   *
   * @throws Unanswered if none will come
   * @throws VmmException what the machine refused
   */
  JsonNode call(String method, ObjectNode params) throws VmmException {
    return call(method, params, PATIENCE);
  }

  /** As {@link #call(String, ObjectNode)}, for so long. */
  JsonNode call(String method, ObjectNode params, Duration patience) throws VmmException {
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    long id;
    synchronized (waiting) {
      id = ++lastId;
      waiting.put(id, answer);
    }
    try {
      if (end.isDone()) {
        throw new Unanswered(end.join().why());
      }
      send(Rpc.request(id, method, params));
      JsonNode message = answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
      if (message.has("error")) {
        throw Rpc.exception(message.path("error"));
      }
      return message.path("result");
    } catch (ExecutionException | IOException e) {
      LOG.debug("{} got no answer", method, e);
      throw new Unanswered(end.isDone() ? end.join().why() : died.get());
    } catch (TimeoutException _) {
      throw new Unanswered(
          "The process of the machine %s has not answered for %d s."
              .formatted(name, patience.toSeconds()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new VmmException("Waiting for the machine %s was interrupted.".formatted(name), e);
    } finally {
      synchronized (waiting) {
        waiting.remove(id);
      }
    }
  }

  private void send(String line) throws IOException {
    ByteBuffer rest = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
    if (rest.remaining() > Rpc.MAX_REQUEST) {
      throw new IOException("a request of " + rest.remaining() + " bytes");
    }
    synchronized (writing) {
      while (rest.hasRemaining()) {
        channel.write(rest);
      }
    }
  }

  /** Has notifications told to a listener from now on. */
  void subscribe(Consumer<Notification> listener) {
    listeners.add(listener);
  }

  /** Waits for the end of the machine or of the connection; whether it came in time. */
  boolean awaitEnd(Duration patience) throws InterruptedException {
    try {
      end.get(patience.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException _) {
      return false;
    } catch (ExecutionException e) {
      throw new AssertionError("Ends are told, not thrown", e);
    }
  }

  /** Whether the machine ended because its guest turned it off. */
  boolean guestPoweredOff() {
    return poweredOff;
  }

  private void read() {
    BoundedLines lines = new BoundedLines(channel, Rpc.MAX_ANSWER);
    try {
      for (String line = lines.next(); line != null; line = lines.next()) {
        received(Json.parse(line));
      }
    } catch (IOException | InvalidConfigException e) {
      LOG.debug("The connection to {} broke", name, e);
    }
    ended();
  }

  private void received(JsonNode message) throws InvalidConfigException {
    if (message.has("method")) {
      String method = message.path("method").asText();
      JsonNode params = message.path("params");
      StatusCodec.notification(method, params).ifPresent(told -> heard(told, params));
      return;
    }
    CompletableFuture<JsonNode> answer;
    synchronized (waiting) {
      answer = waiting.get(message.path("id").asLong());
    }
    if (answer != null) {
      answer.complete(message);
    }
  }

  private void heard(Notification told, JsonNode params) {
    if (told instanceof Notification.Disconnected last) {
      announced = last;
      poweredOff = params.path("poweredOff").asBoolean();
    } else {
      tell(told);
    }
  }

  private void tell(Notification told) {
    for (Consumer<Notification> listener : listeners) {
      try {
        listener.accept(told);
      } catch (RuntimeException e) {
        LOG.warn("A listener of {} failed on {}", name, told, e);
      }
    }
  }

  private void ended() {
    Notification.Disconnected last = announced;
    if (last == null) {
      last =
          closed
              ? new Notification.Disconnected("The connection was closed.", true)
              : new Notification.Disconnected(died.get(), false);
    }
    end.complete(last);
    close();
    List<CompletableFuture<JsonNode>> left;
    synchronized (waiting) {
      left = List.copyOf(waiting.values());
    }
    IOException why = new IOException(last.why());
    left.forEach(answer -> answer.completeExceptionally(why));
    tell(last);
  }

  @Override
  public void close() {
    closed = true;
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("The connection to {} was not closed", name, e);
    }
  }
}

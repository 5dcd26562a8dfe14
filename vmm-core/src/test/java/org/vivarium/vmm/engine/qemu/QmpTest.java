package org.vivarium.vmm.engine.qemu;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.codec.BoundedLines;

/** The client against a server that follows a script. */
@Timeout(60)
class QmpTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String GREETING = "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n";

  @TempDir private Path folder;
  private SocketChannel server;
  private BoundedLines received;
  private Qmp qmp;
  private final LinkedBlockingQueue<String> events = new LinkedBlockingQueue<>();
  private final CompletableFuture<String> closed = new CompletableFuture<>();

  @BeforeEach
  void connect() throws IOException {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("qmp"));
    try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listener.bind(address);
      SocketChannel client = SocketChannel.open(address);
      server = listener.accept();
      received = new BoundedLines(server, 1 << 16);
      qmp = new Qmp(client, "test monitor", new Recorder());
    }
  }

  @AfterEach
  void disconnect() throws IOException {
    qmp.close();
    server.close();
  }

  private final class Recorder implements Qmp.Events {
    @Override
    public void event(String name, long micros, JsonNode data) {
      events.add(name + "@" + micros + " " + data);
    }

    @Override
    public void closed(@Nullable String trouble) {
      closed.complete(String.valueOf(trouble));
    }
  }

  private void say(String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      server.write(bytes);
    }
  }

  /** Answers the next command, and tells which it was. */
  private String answerNext(String result) throws IOException {
    String line = received.next();
    assertNotNull(line);
    String id = line.replaceFirst(".*\"id\":(\\d+).*", "$1");
    say("{%s, \"id\": %s}\r\n".formatted(result, id));
    return line.replaceFirst(".*\"execute\":\"([^\"]*)\".*", "$1");
  }

  private void open() throws Exception {
    say(GREETING);
    CompletableFuture<String> command = answering("\"return\": {}");
    qmp.open(PATIENCE);
    assertEquals("qmp_capabilities", command.get());
  }

  private CompletableFuture<String> answering(String result) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return answerNext(result);
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        },
        task -> Thread.ofPlatform().daemon().start(task));
  }

  private String failure(String command) {
    return String.valueOf(
        assertThrows(VmmException.class, () -> qmp.execute(command, PATIENCE)).getMessage());
  }

  @Test
  void commandGetsItsAnswer() throws Exception {
    open();
    CompletableFuture<String> command = answering("\"return\": {\"running\": true}");

    JsonNode answer = qmp.execute("query-status", PATIENCE);

    assertTrue(answer.path("running").asBoolean());
    assertEquals("query-status", command.get());
  }

  @Test
  void refusalBecomesOneSentence() throws Exception {
    open();
    answering(
        "\"error\": {\"class\": \"GenericError\", \"desc\": \"Not now,\\n\\u001b[1m later\"}");

    assertEquals("QEMU refused: Not now,??[1m later.", failure("cont"));
  }

  @Test
  void eventsComeInOrderAndBeforeTheAnswerAfterThem() throws Exception {
    open();
    say("{\"event\": \"STOP\", \"timestamp\": {}}\r\n{\"event\": \"RES");
    say(
        "ET\", \"data\": {\"guest\": true}, \"timestamp\": {\"seconds\": 7, \"microseconds\": 42}}\n");
    answering("\"return\": {}");

    qmp.execute("stop", PATIENCE);

    assertEquals(List.of("STOP@0 {}", "RESET@7000042 {\"guest\":true}"), List.copyOf(events));
  }

  @Test
  void answerToNobodyIsIgnored() throws Exception {
    open();
    say("{\"return\": {}, \"id\": 99}\r\n{\"error\": {}, \"id\": \"x\"}\r\n{\"return\": {}}\r\n");
    answering("\"return\": {}");

    assertDoesNotThrow(() -> qmp.execute("stop", PATIENCE));
  }

  @Test
  void silentServerIsGivenUp() throws Exception {
    open();

    VmmException e =
        assertThrows(VmmException.class, () -> qmp.execute("stop", Duration.ofMillis(50)));

    assertFalse(e instanceof Qmp.Ended);
    assertEquals("QEMU has not answered for 0 seconds after the command stop.", e.getMessage());
  }

  @Test
  void missingGreetingIsGivenUp() {
    VmmException e = assertThrows(VmmException.class, () -> qmp.open(Duration.ofMillis(50)));

    assertEquals("QEMU has not answered for 0 seconds after its start.", e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "garbage\r\n",
        "\r\n",
        "42\r\n",
        "[]\r\n",
        "{}\r\n",
        "{\"event\": 7}\r\n",
        "{\"event\": \"STOP\"\r\n",
        "{\"return\": {}} trailing {\r\n",
        "\u0000\u0001\u0002\r\n",
      })
  void garbageFailsWhoeverWaitsAndEndsTheChannel(String garbage) throws Exception {
    open();
    CompletableFuture<String> failure =
        CompletableFuture.supplyAsync(() -> failure("stop"), task -> new Thread(task).start());
    received.next();

    say(garbage);

    assertTrue(failure.get().startsWith("QEMU's monitor "), failure.get());
    assertTrue(closed.get().startsWith("QEMU's monitor "), closed.get());
    assertThrows(Qmp.Ended.class, () -> qmp.execute("cont", PATIENCE));
  }

  @Test
  void lineLongerThanTheLimitEndsTheChannel() throws Exception {
    open();
    Thread flood =
        Thread.ofPlatform()
            .start(() -> assertThrows(IOException.class, () -> say("x".repeat(4 * Qmp.MAX_LINE))));

    assertEquals(
        "QEMU's monitor failed (a line longer than %d bytes)".formatted(Qmp.MAX_LINE),
        closed.get());
    flood.join();
  }

  @Test
  void deepNestingEndsTheChannel() throws Exception {
    open();
    say("[".repeat(100_000) + "\r\n");

    assertEquals("QEMU's monitor sent what is not its protocol", closed.get());
  }

  @Test
  void longAnswerIsTakenWhole() throws Exception {
    open();
    answering("\"return\": \"" + "y".repeat(300_000) + "\"");

    assertEquals(300_000, qmp.execute("query-all", PATIENCE).asText().length());
  }

  @Test
  void halfALastLineIsNoMessage() throws Exception {
    open();
    say("{\"event\": \"SHUTDOWN\"}");
    server.close();

    assertEquals("null", closed.get());
    assertNull(events.poll());
  }

  @Test
  void endOfTheServerFailsWhoeverWaits() throws Exception {
    open();
    CompletableFuture<String> failure =
        CompletableFuture.supplyAsync(() -> failure("stop"), task -> new Thread(task).start());
    received.next();

    server.close();

    assertEquals("QEMU has ended before it answered.", failure.get());
    assertThrows(Qmp.Ended.class, () -> qmp.execute("cont", PATIENCE));
    assertDoesNotThrow(() -> qmp.tell("quit"));
  }

  @Test
  void toldCommandIsSentAndItsAnswerDropped() throws Exception {
    open();
    qmp.tell("quit");

    assertEquals("quit", answerNext("\"return\": {}"));
    say("{\"event\": \"SHUTDOWN\", \"data\": {}}\r\n");
    assertEquals("SHUTDOWN@0 {}", events.poll(30, TimeUnit.SECONDS));
  }

  @Test
  void manyThreadsGetTheirOwnAnswers() throws Exception {
    open();
    Thread echo =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  for (int i = 0; i < 400; i++) {
                    echoNext();
                  }
                });
    List<CompletableFuture<Void>> askers =
        IntStream.range(0, 4)
            .mapToObj(
                asker ->
                    CompletableFuture.runAsync(
                        () -> askHundredTimes("c" + asker), task -> new Thread(task).start()))
            .toList();

    for (CompletableFuture<Void> asker : askers) {
      asker.get();
    }
    echo.join();
  }

  private void echoNext() {
    try {
      String line = received.next();
      assertNotNull(line);
      String id = line.replaceFirst(".*\"id\":(\\d+).*", "$1");
      String command = line.replaceFirst(".*\"execute\":\"([^\"]*)\".*", "$1");
      say("{\"return\": \"%s\", \"id\": %s}\n".formatted(command, id));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void askHundredTimes(String command) {
    for (int i = 0; i < 100; i++) {
      assertEquals(command, assertDoesNotThrow(() -> qmp.execute(command, PATIENCE)).asText());
    }
  }
}

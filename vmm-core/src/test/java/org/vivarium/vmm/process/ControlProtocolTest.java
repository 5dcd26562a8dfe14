package org.vivarium.vmm.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.codec.BoundedLines;
import org.vivarium.vmm.codec.Rpc;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.definition.VmDefinition;
import org.vivarium.vmm.store.DefinitionFile;
import org.vivarium.vmm.store.ProcessRecord;
import org.vivarium.vmm.store.VmFolder;

/** The control socket as bare bytes: docs/control-protocol.md's examples, and hostile clients. */
@Timeout(120)
class ControlProtocolTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String STATUS = "{\"jsonrpc\":\"2.0\",\"id\":\"s\",\"method\":\"status\"}";

  @TempDir private Path home;
  private HostedMachine launcher;
  private Path socket;

  @BeforeEach
  void start() throws Exception {
    Path kernel = Files.writeString(home.resolve("kernel"), "kernel");
    Path machine = Files.createDirectories(home.resolve("vms/a"));
    VmFolder folder = new VmFolder(machine);
    DefinitionFile.write(
        folder,
        new VmDefinition(
            "a",
            "",
            1,
            64,
            "auto",
            new GuestSource.Kernel(kernel, null, ""),
            new DeviceSet(List.of(), List.of(), false, false, true, null),
            false));
    launcher = new HostedMachine(Files.createDirectory(home.resolve("run")));
    launcher.launch(new Folders(home), machine, Instant.now());
    socket = ProcessRecord.read(folder).orElseThrow().sockets().resolve("control.sock");
  }

  @AfterEach
  void stop() throws InterruptedException {
    launcher.endAll();
  }

  /** A client without manners. */
  private final class Client implements AutoCloseable {
    private final SocketChannel channel;
    private final BoundedLines lines;

    Client() throws IOException {
      channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
      lines = new BoundedLines(channel, Rpc.MAX_ANSWER);
    }

    void send(String text) throws IOException {
      send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    void send(byte[] bytes) throws IOException {
      ByteBuffer rest = ByteBuffer.wrap(bytes);
      while (rest.hasRemaining()) {
        channel.write(rest);
      }
    }

    /** The next message that is no notification. */
    JsonNode receive() throws IOException {
      String line = lines.next();
      while (line != null && line.contains("\"method\"")) {
        line = lines.next();
      }
      if (line == null) {
        throw new EOFException("the connection ended");
      }
      return JSON.readTree(line);
    }

    JsonNode ask(String request) throws IOException {
      send(request + "\n");
      return receive();
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  private void assertServes() throws IOException {
    try (Client client = new Client()) {
      assertEquals("running", client.ask(STATUS).at("/result/state").asText());
    }
  }

  private static int code(JsonNode answer) {
    return answer.at("/error/code").asInt();
  }

  private static List<String> examples() throws IOException {
    List<String> examples = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of("../docs/control-protocol.md"))) {
      if (line.startsWith("    {\"jsonrpc\"")
          && line.contains("\"id\"")
          && line.contains("\"method\"")) {
        examples.add(line.strip());
      }
    }
    return examples;
  }

  @Test
  void everyExampleOfThePageIsAnswered() throws Exception {
    Set<String> methods = new TreeSet<>();
    for (String example : examples()) {
      String method = JSON.readTree(example).path("method").asText();
      methods.add(method);
      if (method.equals(Rpc.KILL) || method.equals(Rpc.SHUT_DOWN)) {
        continue; // Spoken by the tests that follow.
      }
      try (Client client = new Client()) {
        JsonNode answer = client.ask(example);

        assertEquals(JSON.readTree(example).path("id"), answer.path("id"), example);
        // The fake machine's disk is in use.
        assertEquals(method.equals(Rpc.DETACH_DISK) ? -32000 : 0, code(answer), example);
      }
    }
    assertEquals(18, methods.size(), methods.toString());
  }

  @Test
  void socatSpeaksThePagesFirstExample() throws Exception {
    String command =
        "echo '%s' | socat -t 5 - UNIX-CONNECT:%s"
            .formatted("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}", socket);
    Process socat = new ProcessBuilder("/bin/sh", "-c", command).start();

    JsonNode answer =
        JSON.readTree(new String(socat.getInputStream().readAllBytes(), StandardCharsets.UTF_8));

    assertEquals("running", answer.at("/result/state").asText());
    assertTrue(answer.at("/result/stages/first_instruction").isIntegralNumber());
  }

  @Test
  void killIsAnsweredAndTheEndIsToldToEveryone() throws Exception {
    try (Client killer = new Client();
        Client other = new Client()) {
      assertEquals("running", other.ask(STATUS).at("/result/state").asText());
      killer.send("{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"kill\"}\n");

      assertEquals(
          "{\"jsonrpc\":\"2.0\",\"method\":\"ended\",\"params\":{\"why\":\"The machine was turned off.\",\"asked\":true,\"poweredOff\":false}}",
          other.lines.next());
      assertEquals(null, other.lines.next());
    }
  }

  @Test
  void shutDownIsAnsweredAtOnce() throws Exception {
    try (Client client = new Client()) {
      JsonNode answer =
          client.ask(
              "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"shutDown\",\"params\":{\"patienceMillis\":60000}}");

      assertEquals("{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{}}", answer.toString());
      assertTrue(String.valueOf(client.lines.next()).contains("\"poweredOff\":true"));
    }
  }

  @Test
  void garbageIsAnsweredWithTheCodesOfJsonRpc() throws Exception {
    try (Client client = new Client()) {
      assertEquals(-32700, code(client.ask("garbage")));
      assertEquals(-32700, code(client.ask("{\"jsonrpc\":\"2.0\"")));
      assertEquals(-32700, code(client.ask("\0\u0001\u00ff")));
      assertEquals(-32700, code(client.ask("[".repeat(1000))));
      assertEquals(-32600, code(client.ask("[]")));
      assertEquals(-32600, code(client.ask("1")));
      assertEquals(-32600, code(client.ask("{\"id\":1,\"method\":\"status\"}")));
      assertEquals(
          -32600, code(client.ask("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"status\"}")));
      assertEquals(
          -32600,
          code(client.ask("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\",\"params\":[1]}")));
      assertEquals(
          -32601, code(client.ask("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"explode\"}")));
      assertEquals(
          -32602,
          code(
              client.ask(
                  "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\",\"params\":{\"x\":1}}")));
      assertEquals(
          -32602,
          code(
              client.ask(
                  "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"balloon.set\",\"params\":{\"bytes\":1e99}}")));
      assertEquals("running", client.ask(STATUS).at("/result/state").asText());
    }
  }

  @Test
  void requestWithoutAnIdIsDoneAndNotAnswered() throws Exception {
    try (Client client = new Client()) {
      client.send("{\"jsonrpc\":\"2.0\",\"method\":\"reset\"}\n");

      assertEquals("s", client.ask(STATUS).path("id").asText());
      assertEquals(List.of("reset"), launcher.engine.last().asked());
    }
  }

  @Test
  void lineWithoutEndIsCutOff() throws Exception {
    try (Client client = new Client()) {
      byte[] flood = "x".repeat(1 << 20).getBytes(StandardCharsets.US_ASCII);
      boolean cut = false;
      for (int i = 0; i < 64 && !cut; i++) {
        try {
          client.send(flood);
        } catch (IOException _) {
          cut = true;
        }
      }
      assertTrue(cut, "64 MiB were taken");
    }
    assertServes();
  }

  @Test
  void halfALineAndAVanishingClientDoNoHarm() throws Exception {
    for (int i = 0; i < 200; i++) {
      try (Client client = new Client()) {
        client.send(STATUS + "\n" + STATUS.substring(0, 10));
      }
    }
    assertServes();
  }

  @Test
  void clientThatNeverReadsIsDroppedAndTheOthersDoNotNotice() throws Exception {
    try (Client deaf = new Client();
        Client other = new Client()) {
      byte[] requests = (STATUS + "\n").repeat(1000).getBytes(StandardCharsets.US_ASCII);
      deaf.channel.configureBlocking(false);
      long sent = 0;
      // Until it takes no more: then it holds no more than its bound.
      for (int full = 0; full < 200 && sent < (64 << 20); ) {
        int n = deaf.channel.write(ByteBuffer.wrap(requests));
        sent += n;
        full = n == 0 ? full + 1 : 0;
        if (n == 0) {
          TimeUnit.MILLISECONDS.sleep(1);
        }
      }

      assertTrue(sent < (8 << 20), "It took " + sent + " bytes of requests");
      assertEquals("running", other.ask(STATUS).at("/result/state").asText());
    }
  }

  @Test
  void subscriberThatNeverReadsIsDropped() throws Exception {
    Path address = home.resolve("pair");
    try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        SocketChannel deaf = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      listener.bind(UnixDomainSocketAddress.of(address));
      deaf.connect(UnixDomainSocketAddress.of(address));
      SocketChannel channel = listener.accept();
      ClientQueue queue = new ClientQueue(channel);
      Thread writer = Thread.ofPlatform().start(queue);
      String line = "x".repeat(1023);
      int sent = 0;
      while (channel.isOpen()) {
        queue.offer(line);
        sent += 1024;
        assertTrue(sent < 16 * ClientQueue.MAX_WAITING, "It was sent " + sent);
      }

      writer.join();
      assertTrue(sent > ClientQueue.MAX_WAITING);
    }
  }

  @Test
  void twoHundredClientsAreServedOrTurnedAway() throws Exception {
    List<Client> clients = new ArrayList<>();
    int served = 0;
    try {
      for (int i = 0; i < 200; i++) {
        clients.add(new Client());
      }
      for (Client client : clients) {
        served += answers(client) ? 1 : 0;
      }
    } finally {
      for (Client client : clients) {
        client.close();
      }
    }

    assertTrue(served <= SocketServer.MAX_CLIENTS, "served " + served);
    assertFalse(served < SocketServer.MAX_CLIENTS / 2, "served " + served);
    awaitServing();
  }

  private static boolean answers(Client client) {
    try {
      return client.ask(STATUS).has("result");
    } catch (IOException _) {
      return false;
    }
  }

  /** The places of clients that left are free a moment later. */
  private void awaitServing() throws Exception {
    boolean serving = false;
    while (!serving) {
      try (Client client = new Client()) {
        serving = answers(client);
      }
    }
  }

  @Test
  void prometheusPageHasEveryMetric() throws Exception {
    try (Client client = new Client()) {
      String text = "";
      while (text.isEmpty()) {
        text =
            client
                .ask("{\"jsonrpc\":\"2.0\",\"id\":17,\"method\":\"metrics.prometheus\"}")
                .at("/result/text")
                .asText();
      }
      assertTrue(text.contains("\nvivarium_exits_total{vm=\"a\",reason=\"io\"} 7\n"), text);
      assertTrue(text.contains("\nvivarium_guest_memory_bytes{vm=\"a\",part=\"free\"} 50\n"), text);
      assertTrue(
          text.contains(
              "\nvivarium_device_busy_seconds_total{vm=\"a\",device=\"d\",kind=\"disk\",direction=\"any\"} 6.0\n"),
          text);
      for (String line : text.split("\n")) {
        assertTrue(line.matches("# (HELP|TYPE) \\w+ .+|\\w+\\{[^}]*\\} [0-9.E]+"), line);
      }
    }
  }
}

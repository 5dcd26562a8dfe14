package org.vivarium.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.app.machines.SshForward;

class SshCommandTest {
  private static final int STATUS = 7;

  @TempDir Path home;
  private CliFixture cli;

  @BeforeEach
  void setUp() throws IOException {
    cli = new CliFixture(home);
    cli.environment.put("PATH", home.resolve("bin").toString());
    givenProgram("passt", "exit 1");
  }

  private void givenProgram(String name, String script) throws IOException {
    Path file = Files.createDirectories(home.resolve("bin")).resolve(name);
    Files.writeString(file, "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
  }

  /** An ssh that notes its words, one a line. */
  private void givenSsh() throws IOException {
    givenProgram("ssh", "printf '%s\\n' \"$@\" > " + home.resolve("words") + "; exit " + STATUS);
  }

  private List<String> words() throws IOException {
    return Files.readAllLines(home.resolve("words"));
  }

  private int port(String machine) {
    return SshForward.find(cli.machines.definition(machine)).orElseThrow().hostPort();
  }

  @Test
  void commandRunsThereAndItsStatusIsReturned() throws Exception {
    givenSsh();
    cli.given("create deb --from debian-12 --start");

    int status = cli.run("ssh deb uname -a");

    assertEquals(STATUS, status, cli.err());
    List<String> words = words();
    assertEquals(
        List.of("127.0.0.1", "uname", "-a"), words.subList(words.size() - 3, words.size()));
    assertEquals("vivarium", words.get(words.indexOf("-l") + 1));
    assertEquals(String.valueOf(port("deb")), words.get(words.indexOf("-p") + 1));
    Path key = Path.of(words.get(words.indexOf("-i") + 1));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(key)));
    assertTrue(
        words.contains(
            "UserKnownHostsFile=\"" + cli.machines.folder("deb").resolve("known_hosts") + "\""));
  }

  @Test
  void otherAddressOfTheForwardIsUsedUnlessItIsAWildcard() throws Exception {
    givenSsh();
    cli.given("create a --from debian-12 --net user,forward=tcp:127.0.0.5:2200:22 --start");
    cli.given("create b --from debian-12 --net user,forward=tcp:0.0.0.0:2201:22 --start");

    assertEquals(STATUS, cli.run("ssh a"));
    assertEquals("127.0.0.5", words().getLast());
    assertEquals(STATUS, cli.run("ssh b"));
    assertEquals("127.0.0.1", words().getLast());
  }

  @Test
  void createForwardsAPortOfItsOwnForEachMachineAndSaysSo() {
    cli.given("create a --from debian-12");
    assertTrue(cli.err().contains("Port " + port("a") + " "), cli.err());

    cli.given("create b --from debian-12");

    assertNotEquals(port("a"), port("b"));
  }

  @Test
  void createKeepsToTheNetworkThatIsNamed() {
    cli.given("create a --from debian-12 --net none");

    assertTrue(SshForward.find(cli.machines.definition("a")).isEmpty());
    assertEquals(1, cli.machines.definition("a").devices().networks().size());
  }

  @Test
  void createWithoutPasstSaysWhatIsMissing() throws Exception {
    Files.delete(home.resolve("bin/passt"));

    cli.given("create a --from debian-12");

    assertTrue(cli.err().contains("apt-get install passt"), cli.err());
    assertEquals(List.of(), cli.machines.definition("a").devices().networks());
  }

  @Test
  void machineThatIsNotRunningIsRefused() throws Exception {
    givenSsh();
    cli.given("create deb --from debian-12");

    cli.assertRefused(ExitStatus.FAILED, "ssh deb");
    assertTrue(cli.err().contains("is not running"), cli.err());
  }

  @Test
  void missingForwardIsRefusedWithTheWayToOne() throws Exception {
    givenSsh();
    cli.given("create a --from debian-12 --net user,forward=udp:2222:22 --start");
    cli.given("create b --from debian-12 --net segment:lab --start");

    cli.assertRefused(ExitStatus.FAILED, "ssh a");
    assertTrue(cli.err().contains("net forward a --add tcp:2222:22"), cli.err());
    cli.assertRefused(ExitStatus.FAILED, "ssh b");
    assertTrue(cli.err().contains("no card on the user network"), cli.err());
  }

  @Test
  void guestWithoutSshIsRefused() throws Exception {
    givenSsh();
    cli.given("create a --net user,forward=tcp:2222:22 --start");
    cli.given("create b --kernel /k --net user,forward=tcp:2223:22 --start");

    cli.assertRefused(ExitStatus.FAILED, "ssh a");
    assertTrue(cli.err().contains("console a"), cli.err());
    cli.assertRefused(ExitStatus.FAILED, "ssh b");
  }

  @Test
  void missingClientIsNamedWithItsPackage() {
    cli.given("create deb --from debian-12 --start");

    cli.assertRefused(ExitStatus.FAILED, "ssh deb");
    assertTrue(cli.err().contains("openssh-client"), cli.err());
  }

  @Test
  void badInputIsRefused() {
    cli.assertRefused(ExitStatus.BAD_INPUT, "ssh");
    cli.assertRefused(ExitStatus.BAD_INPUT, "ssh nobody");
    cli.assertRefused(ExitStatus.BAD_INPUT, "ssh --bogus deb");
  }
}

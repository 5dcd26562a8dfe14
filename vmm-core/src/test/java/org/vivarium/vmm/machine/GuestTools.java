package org.vivarium.vmm.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Programs for Tiny Linux that busybox does not have: the host's Perl and scripts for it, on a disk
 * that is a tar archive, which the guest unpacks with {@link #UNPACK}.
 */
final class GuestTools {
  /** Takes the tools from the guest's first disk. */
  static final String UNPACK = "tar xf /dev/vda -C / 2>/dev/null";

  private static final Pattern LIBRARY = Pattern.compile("(?m)(/\\S+) \\(0x");

  /**
   * Sends a pattern, ends its direction, reads an answer to its end and compares it with what was
   * sent. Arguments: {@code tcp ADDRESS PORT BYTES} or {@code vsock CID PORT BYTES}.
   */
  private static final String EXCHANGE =
      """
      my ($kind, $host, $port, $bytes) = @ARGV;
      my $to = $kind eq 'tcp' ? pack('S n a4 x8', 2, $port, pack('C4', split /\\./, $host))
                              : pack('S S L L x4', 40, 0, $port, $host);
      socket(my $s, $kind eq 'tcp' ? 2 : 40, 1, 0) or die "socket: $!";
      connect($s, $to) or die "connect: $!";
      my $data = substr(join('', map { chr($_ % 251) } 0 .. 250) x int($bytes / 251 + 1), 0, $bytes);
      for (my $at = 0; $at < $bytes;) {
        my $n = syswrite($s, $data, 65536, $at) or die "write: $!";
        $at += $n;
      }
      shutdown($s, 1);
      my $answer = '';
      1 while sysread($s, $answer, 65536, length $answer);
      print 'exchanged=', $answer eq $data ? length $answer : 'wrong', "\\n";
      """;

  /** Accepts one connection to a port, over vsock or TCP, and sends back what came to its end. */
  private static final String SERVE =
      """
      my ($kind, $port) = @ARGV;
      my $at = $kind eq 'tcp' ? pack('S n x12', 2, $port) : pack('S S L L x4', 40, 0, $port, 0xffffffff);
      socket(my $l, $kind eq 'tcp' ? 2 : 40, 1, 0) or die "socket: $!";
      bind($l, $at) && listen($l, 1) or die "listen: $!";
      syswrite(STDOUT, "listening=yes\\n");
      accept(my $s, $l) or die "accept: $!";
      my $all = '';
      1 while sysread($s, $all, 65536, length $all);
      for (my $done = 0; $done < length $all;) {
        my $n = syswrite($s, $all, 65536, $done) or die "write: $!";
        $done += $n;
      }
      shutdown($s, 1);
      print 'served=', length $all, "\\n";
      """;

  private GuestTools() {}

  /** Makes the disk in a folder. The test is skipped where the host has no Perl or no tar. */
  static Path disk(Path folder) throws IOException, InterruptedException {
    Path perl = Path.of("/usr/bin/perl");
    assumeTrue(Files.isExecutable(perl), "the guest's tools need the host's Perl");
    Path scripts = Files.createDirectories(folder.resolve("scripts"));
    Files.writeString(scripts.resolve("exchange.pl"), EXCHANGE);
    Files.writeString(scripts.resolve("serve.pl"), SERVE);
    Path disk = folder.resolve("tools.img");
    List<String> command =
        new ArrayList<>(List.of("tar", "-chf", disk.toString(), "-C", "/", "usr/bin/perl"));
    Matcher library = LIBRARY.matcher(output("ldd", perl.toString()));
    while (library.find()) {
      command.add(library.group(1).substring(1));
    }
    command.addAll(List.of("-C", scripts.toString(), "exchange.pl", "serve.pl"));
    output(command.toArray(String[]::new));
    return disk;
  }

  /** Runs a program of the host that has to succeed. */
  static String output(String... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .redirectError(Redirect.INHERIT)
            .redirectErrorStream(true)
            .start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), () -> String.join(" ", command) + ": " + text);
    return text;
  }
}

package org.vivarium.devices.virtio.net;

import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Starts passt for a process that may not: passt makes itself a mount namespace, which a confined
 * process cannot, nor what it starts.
 *
 * <p>A shell that is not confined waits for lines in a pipe, {@code ask}: the card, and passt's
 * options for MTU and forwarded ports, which it checks, for whoever asks may have been taken over.
 * What passt says, and how it ended, comes back in a pipe for each card. The shell ends, and
 * removes its folder, when the other end of {@code ask} is closed, as by the end of that process.
 *
 * <p>Closing ends it. Any thread.
 */
public final class PasstBroker implements PasstStarter, AutoCloseable {
  /** The environment variable with the folder of a process's broker. */
  public static final String VARIABLE = "VIVARIUM_PASST";

  private static final String ASK = "ask";
  private static final long RETRY_NANOS = 1_000_000;
  private static final long PATIENCE_NANOS = 10_000_000_000L;

  /** Words: the folder, {@code root} or {@code user}, and the cards. */
  private static final String SCRIPT =
      """
      set -f
      umask 077
      dir=$1 who=$2
      cd "$dir" || exit 1
      shift 2
      for card; do mkfifo "pipe-$card" || exit 1; done
      mkfifo ask || exit 1
      run() {
        card=$1
        shift
        words=$*
        while [ $# -gt 0 ]; do
          case $1 in -m | -t | -u) ;; *) return ;; esac
          case $2 in none) ;; '' | *[!0-9a-fA-F.:/]*) return ;; esac
          shift 2
        done
        [ "$who" = root ] && words="--runas 0:0 $words"
        passt -f -q -e -1 -s "$dir/$card.sock" $words </dev/null >/dev/null 2<>"pipe-$card"
        echo "ended $?" 1<>"pipe-$card"
      }
      while read -r card words; do
        case $card in '' | *[!A-Za-z0-9._-]*) continue ;; esac
        [ -p "pipe-$card" ] && run "$card" $words &
      done <ask
      cd / && rm -rf "$dir"
      kill 0
      """;

  private final Path folder;
  private final FileOutputStream ask;

  private PasstBroker(Path folder, FileOutputStream ask) {
    this.folder = folder;
    this.ask = ask;
  }

  /**
   * Starts a broker, which waits for {@link #connect}; does not block. It ends by itself after
   * that, or when it is destroyed.
   *
   * @param folder of this user's alone; the broker's from now on
   * @param cards identifiers of the network cards that may ask
   */
  public static Process serve(Path folder, List<String> cards) throws IOException {
    List<String> command = new ArrayList<>(List.of("setsid", "sh", "-c", SCRIPT, "passt-broker"));
    command.add(folder.toString());
    command.add(PasstProcess.isRoot() ? "root" : "user");
    command.addAll(cards);
    return new ProcessBuilder(command)
        .redirectInput(Redirect.from(new File("/dev/null")))
        .redirectOutput(Redirect.DISCARD)
        .redirectError(Redirect.DISCARD)
        .start();
  }

  /**
   * Takes the broker into use.
   *
   * @param folder its folder
   * @throws IOException a sentence that says why it does not answer
   */
  public static PasstBroker connect(Path folder) throws IOException {
    Path ask = folder.resolve(ASK);
    long start = System.nanoTime();
    while (!Files.exists(ask)) {
      if (System.nanoTime() - start > PATIENCE_NANOS) {
        throw new IOException("The helper for user networks in " + folder + " has not started.");
      }
      LockSupport.parkNanos(RETRY_NANOS);
    }
    return new PasstBroker(folder, new FileOutputStream(ask.toFile()));
  }

  @Override
  public PasstProcess start(PasstOptions options) throws IOException, InterruptedException {
    String card = card(options);
    BrokeredPasst passt = new BrokeredPasst(folder.resolve("pipe-" + card));
    List<String> words = options.words();
    // Shorter than the bytes that pipe(7) writes in one piece, as far as ports go.
    ask.write((card + " " + String.join(" ", words) + "\n").getBytes(StandardCharsets.US_ASCII));
    return PasstProcess.connect(passt, options.at(folder.resolve(card + ".sock")));
  }

  /** The last name of the socket that the options name is the card's. */
  private static String card(PasstOptions options) {
    return String.valueOf(options.socket().getFileName());
  }

  @Override
  public void close() throws IOException {
    ask.close();
  }
}

package org.vivarium.app.bench.net;

import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;

/** What the cards of both sides are plugged into. */
interface Cable {
  /** Commands of the guest that give it a network and set {@code gateway} to the host's address. */
  String setup();

  /** Where the host's end of the streams listens. */
  InetAddress host();

  /** Our card's option. */
  String ours();

  /**
   * QEMU's network with the identifier {@code net}.
   *
   * @param socket free for the cable's own use
   */
  String qemus(Path socket);

  /** A program that runs beside QEMU; empty if it needs none. */
  List<String> helper(Path socket);

  /** For the report. */
  String description();
}

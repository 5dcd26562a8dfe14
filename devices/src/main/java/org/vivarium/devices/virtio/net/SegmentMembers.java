package org.vivarium.devices.virtio.net;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.vivarium.devices.virtio.transport.RateLimitedLog;
import org.vivarium.kvm.UnixSocket;

/**
 * The other cards of a private network, as last seen in its folder: one socket each, named after
 * its MAC address. On the I/O loop; only {@link #refresh} allocates.
 */
final class SegmentMembers {
  /** A card of another machine. */
  static final class Member {
    final long mac;
    final UnixSocket.Address address;

    /** Whether it was told that this card is there. */
    boolean greeted;

    /** Whether it left frames unread for so long that nobody waits for it. */
    boolean slow;

    Member(long mac, UnixSocket.Address address) {
      this.mac = mac;
      this.address = address;
    }
  }

  /** Most members that are listed; a private network is no data centre. */
  private static final int MAX_MEMBERS = 256;

  private static final Pattern SOCKET = Pattern.compile("[0-9a-f]{12}\\.sock");
  private static final int MAC_DIGITS = 12;

  private final Path folder;
  private final long own;
  private final RateLimitedLog log;
  private Member[] members = new Member[0];
  private int count;

  SegmentMembers(Path folder, long own, RateLimitedLog log) {
    this.folder = folder;
    this.own = own;
    this.log = log;
  }

  /** Where the card with this address has its socket. */
  static Path socket(Path folder, long mac) {
    return folder.resolve(HexFormat.of().toHexDigits(mac, MAC_DIGITS) + ".sock");
  }

  int count() {
    return count;
  }

  Member get(int index) {
    return members[index];
  }

  /** The index of the card with this address, or -1. */
  int find(long mac) {
    for (int i = 0; i < count; i++) {
      if (members[i].mac == mac) {
        return i;
      }
    }
    return -1;
  }

  /** Forgets a member that has gone; the last takes its index. */
  void remove(int index) {
    count--;
    members[index] = members[count];
  }

  /** Looks into the folder: keeps whom it knows, and adds who is new. */
  void refresh() {
    List<Member> found = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        String name = String.valueOf(file.getFileName());
        if (SOCKET.matcher(name).matches() && found.size() < MAX_MEMBERS) {
          long mac = HexFormat.fromHexDigitsToLong(name, 0, MAC_DIGITS);
          int known = find(mac);
          if (known >= 0) {
            found.add(members[known]);
          } else if (mac != own) {
            found.add(new Member(mac, new UnixSocket.Address(file)));
          }
        }
      }
    } catch (IOException | UncheckedIOException e) {
      log.report("Cannot see who is on the private network: " + e.getMessage());
      return;
    }
    members = found.toArray(Member[]::new);
    count = members.length;
  }
}

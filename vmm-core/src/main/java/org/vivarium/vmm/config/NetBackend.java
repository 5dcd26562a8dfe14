package org.vivarium.vmm.config;

import java.util.HashSet;
import java.util.List;
import java.util.regex.Pattern;
import org.vivarium.vmm.InvalidConfigException;

/** What a network card is plugged into. */
public sealed interface NetBackend {
  /**
   * Checks the fields; looks at nothing on the host.
   *
   * @throws InvalidConfigException naming the field, what was found and what is allowed
   */
  void check() throws InvalidConfigException;

  /** The user's own network through passt: DHCP, DNS, NAT and forwarded ports, no root. */
  record User(List<PortForward> forwards) implements NetBackend {
    /** Copies the list. */
    public User {
      forwards = List.copyOf(forwards);
    }

    @Override
    public void check() throws InvalidConfigException {
      for (PortForward forward : forwards) {
        forward.check();
      }
      PortForward.checkDistinct(forwards, new HashSet<>());
    }
  }

  /** A TAP device that exists already, on a bridge or not. */
  record Tap(String device) implements NetBackend {
    /** Linux: 15 bytes (IFNAMSIZ less its NUL), no '/', no white space, not "." or "..". */
    private static final Pattern NAME = Pattern.compile("(?!\\.{1,2}$)[!-.0-~]{1,15}");

    @Override
    public void check() throws InvalidConfigException {
      if (!NAME.matcher(device).matches()) {
        throw new InvalidConfigException(
            "TAP device \"%s\": a name has 1 to 15 printable ASCII characters without '/' and spaces."
                .formatted(device));
      }
    }
  }

  /** A private network that machines of this user share by its name. */
  record Segment(String name) implements NetBackend {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,31}");

    @Override
    public void check() throws InvalidConfigException {
      if (!NAME.matcher(name).matches()) {
        throw new InvalidConfigException(
            "Segment \"%s\": a name has 1 to 32 letters, digits, '.', '_' or '-', a letter or digit first."
                .formatted(name));
      }
    }
  }

  /** Nothing: a card without a cable. */
  record None() implements NetBackend {
    @Override
    public void check() {
      // Nothing can be wrong with it.
    }
  }
}

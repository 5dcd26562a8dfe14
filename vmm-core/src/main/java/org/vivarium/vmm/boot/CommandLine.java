package org.vivarium.vmm.boot;

import java.nio.charset.StandardCharsets;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.arch.X86Layout;

/** The kernel command line's way into guest memory. */
final class CommandLine {
  private CommandLine() {}

  /**
   * Writes the line and its NUL at {@link X86Layout#COMMAND_LINE}.
   *
   * @param longest characters that the kernel reads, without the NUL; it would cut off the rest
   *     without a word
   * @throws InvalidConfigException if it is longer, or holds what is not printable ASCII or a tab
   */
  static void write(GuestMemory memory, String line, long longest) throws InvalidConfigException {
    long most = Math.min(longest, X86Layout.COMMAND_LINE_SIZE - 1);
    if (line.length() > most) {
      throw new InvalidConfigException(
          "Kernel command line: it has %d characters; this kernel reads at most %d."
              .formatted(line.length(), most));
    }
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if ((c < ' ' && c != '\t') || c > '~') {
        throw new InvalidConfigException(
            "Kernel command line: character %d is U+%04X; use printable ASCII only."
                .formatted(i + 1, (int) c));
      }
    }
    byte[] bytes = (line + '\0').getBytes(StandardCharsets.US_ASCII);
    memory.write(X86Layout.COMMAND_LINE, bytes, 0, bytes.length);
  }
}

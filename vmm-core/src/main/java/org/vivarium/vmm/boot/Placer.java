package org.vivarium.vmm.boot;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.vivarium.devices.virtio.rng.RandomSource;
import org.vivarium.devices.virtio.rng.UrandomSource;
import org.vivarium.vmm.InvalidConfigException;

/** Picks addresses at random. */
@FunctionalInterface
interface Placer {
  /** Any 63 bits. */
  long number();

  /**
   * A multiple of {@code step}, from 0 to {@code most}, all of them as likely.
   *
   * @param most at least 0
   * @param step above 0
   */
  default long pick(long most, long step) {
    return number() % (most / step + 1) * step;
  }

  /**
   * Numbers of the host's generator, enough of them for one kernel.
   *
   * @throws InvalidConfigException if the host has none
   */
  static Placer random() throws InvalidConfigException {
    byte[] bytes = new byte[2 * Long.BYTES];
    try (RandomSource source = new UrandomSource()) {
      source.fill(bytes, bytes.length);
    } catch (IOException e) {
      throw new InvalidConfigException(
          "Kernel: no random address for it, for /dev/urandom cannot be read; start again.", e);
    }
    ByteBuffer numbers = ByteBuffer.wrap(bytes);
    return new Placer() {
      @Override
      public long number() {
        return numbers.getLong() & Long.MAX_VALUE;
      }
    };
  }
}

package org.vivarium.kvm;

/**
 * An access to guest memory that is not, in whole, inside one region of it.
 *
 * <p>Devices check addresses with {@link GuestMemory#contains} and answer a bad one as the guest's
 * fault; this exception is the fence behind that check.
 */
public final class GuestAddressException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  GuestAddressException(long gpa, long length) {
    super(
        "No guest memory at gpa=0x%s, %s bytes"
            .formatted(Long.toHexString(gpa), Long.toUnsignedString(length)));
  }
}

package org.vivarium.kvm;

/**
 * Offsets in {@code struct kvm_run} as compile-time constants, bytes.
 *
 * <p>The generated class of that structure describes some two hundred members when it is
 * initialised, which a machine's start would wait for; a test compares these with it.
 */
final class KvmRunLayout {
  static final int IMMEDIATE_EXIT = 1;
  static final int EXIT_REASON = 8;
  static final int IO_DIRECTION = 32;
  static final int IO_SIZE = 33;
  static final int IO_PORT = 34;
  static final int IO_COUNT = 36;
  static final int IO_DATA_OFFSET = 40;
  static final int MMIO_ADDRESS = 32;
  static final int MMIO_DATA = 40;
  static final int MMIO_LENGTH = 48;
  static final int MMIO_IS_WRITE = 52;
  static final int SYSTEM_EVENT_TYPE = 32;
  static final int INTERNAL_SUBERROR = 32;
  static final int FAIL_ENTRY_REASON = 32;

  private KvmRunLayout() {}
}

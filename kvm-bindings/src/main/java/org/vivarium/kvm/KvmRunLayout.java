package org.vivarium.kvm;

/**
 * Offsets in {@code struct kvm_run} as compile-time constants, bytes.
 *
 * <p>The generated class of that structure describes some two hundred members when it is
 * initialised, which a machine's start would wait for; a test compares these with it.
 */
final class KvmRunLayout {
  static final long IMMEDIATE_EXIT = 1;
  static final long EXIT_REASON = 8;
  static final long IO_DIRECTION = 32;
  static final long IO_SIZE = 33;
  static final long IO_PORT = 34;
  static final long IO_COUNT = 36;
  static final long IO_DATA_OFFSET = 40;
  static final long MMIO_ADDRESS = 32;
  static final long MMIO_DATA = 40;
  static final long MMIO_LENGTH = 48;
  static final long MMIO_IS_WRITE = 52;
  static final long SYSTEM_EVENT_TYPE = 32;
  static final long INTERNAL_SUBERROR = 32;
  static final long FAIL_ENTRY_REASON = 32;

  private KvmRunLayout() {}
}

package org.vivarium.kvm;

/**
 * Sizes of structures of the KVM API and offsets in them as compile-time constants, bytes.
 *
 * <p>A generated class describes every member of its structure when it is initialised, with method
 * handles that the JVM has to spin: a machine's start would wait for it (docs/decisions/0018). So
 * what a start uses stands here. Each class has the name of a structure, each constant that of a
 * member, or of a member and the member in it; a test compares all of them with the generated
 * classes, which another compares with the system's headers.
 */
final class KvmLayouts {
  private KvmLayouts() {}

  /** {@code struct kvm_run}: see {@link KvmRun}. */
  static final class KvmRun {
    static final int IMMEDIATE_EXIT = 1;
    static final int EXIT_REASON = 8;
    static final int IO_DIRECTION = 32;
    static final int IO_SIZE = 33;
    static final int IO_PORT = 34;
    static final int IO_COUNT = 36;
    static final int IO_DATA_OFFSET = 40;
    static final int MMIO_PHYS_ADDR = 32;
    static final int MMIO_DATA = 40;
    static final int MMIO_LEN = 48;
    static final int MMIO_IS_WRITE = 52;
    static final int SYSTEM_EVENT_TYPE = 32;
    static final int INTERNAL_SUBERROR = 32;
    static final int FAIL_ENTRY_HARDWARE_ENTRY_FAILURE_REASON = 32;
  }

  /** Followed by its entries. */
  static final class KvmCpuid2 {
    static final int NENT = 0;
    static final int ENTRIES = 8;
  }

  static final class KvmCpuidEntry2 {
    static final int SIZE = 40;
    static final int FUNCTION = 0;
    static final int INDEX = 4;
    static final int FLAGS = 8;
    static final int EAX = 12;
    static final int EBX = 16;
    static final int ECX = 20;
    static final int EDX = 24;
  }

  /** Followed by its entries. */
  static final class KvmMsrs {
    static final int NMSRS = 0;
    static final int ENTRIES = 8;
  }

  static final class KvmMsrEntry {
    static final int SIZE = 16;
    static final int INDEX = 0;
    static final int DATA = 8;
  }

  static final class KvmRegs {
    static final int SIZE = 144;
    static final int RAX = 0;
    static final int RBX = 8;
    static final int RCX = 16;
    static final int RDX = 24;
    static final int RSI = 32;
    static final int RDI = 40;
    static final int RSP = 48;
    static final int RBP = 56;
    static final int R8 = 64;
    static final int R9 = 72;
    static final int RIP = 128;
    static final int RFLAGS = 136;
  }

  static final class KvmSregs {
    static final int SIZE = 312;
    static final int CS = 0;
    static final int DS = 24;
    static final int ES = 48;
    static final int FS = 72;
    static final int GS = 96;
    static final int SS = 120;
    static final int TR = 144;
    static final int GDT = 192;
    static final int IDT = 208;
    static final int CR0 = 224;
    static final int CR3 = 240;
    static final int CR4 = 248;
    static final int EFER = 264;
  }

  static final class KvmSegment {
    static final int BASE = 0;
    static final int LIMIT = 8;
    static final int SELECTOR = 12;
    static final int TYPE = 14;
    static final int PRESENT = 15;
    static final int DPL = 16;
    static final int DB = 17;
    static final int S = 18;
    static final int L = 19;
    static final int G = 20;
    static final int AVL = 21;
    static final int UNUSABLE = 22;
  }

  static final class KvmDtable {
    static final int BASE = 0;
    static final int LIMIT = 8;
  }

  static final class KvmLapicState {
    static final int SIZE = 1024;
  }

  static final class KvmMpState {
    static final int SIZE = 4;
    static final int MP_STATE = 0;
  }

  static final class KvmUserspaceMemoryRegion {
    static final int SIZE = 32;
    static final int SLOT = 0;
    static final int GUEST_PHYS_ADDR = 8;
    static final int MEMORY_SIZE = 16;
    static final int USERSPACE_ADDR = 24;
  }

  static final class KvmPitConfig {
    static final int SIZE = 64;
    static final int FLAGS = 0;
  }

  static final class KvmIrqLevel {
    static final int SIZE = 8;
    static final int IRQ = 0;
    static final int LEVEL = 4;
  }

  static final class KvmMsi {
    static final int SIZE = 32;
    static final int ADDRESS_LO = 0;
    static final int ADDRESS_HI = 4;
    static final int DATA = 8;
  }

  static final class KvmIrqfd {
    static final int SIZE = 32;
    static final int FD = 0;
    static final int GSI = 4;
    static final int FLAGS = 8;
  }

  static final class KvmIoeventfd {
    static final int SIZE = 64;
    static final int DATAMATCH = 0;
    static final int ADDR = 8;
    static final int LEN = 16;
    static final int FD = 20;
    static final int FLAGS = 24;
  }

  static final class KvmClockData {
    static final int SIZE = 48;
    static final int CLOCK = 0;
  }

  /** Followed by its entries. */
  static final class KvmIrqRouting {
    static final int NR = 0;
    static final int ENTRIES = 8;
  }

  static final class KvmIrqRoutingEntry {
    static final int SIZE = 48;
    static final int GSI = 0;
    static final int TYPE = 4;
    static final int U = 16;
  }

  static final class KvmIrqRoutingIrqchip {
    static final int IRQCHIP = 0;
    static final int PIN = 4;
  }

  static final class KvmIrqRoutingMsi {
    static final int ADDRESS_LO = 0;
    static final int ADDRESS_HI = 4;
    static final int DATA = 8;
  }
}

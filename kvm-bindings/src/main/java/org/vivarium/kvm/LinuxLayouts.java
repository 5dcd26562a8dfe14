package org.vivarium.kvm;

/** The same as {@link KvmLayouts} for other structures of the kernel. */
final class LinuxLayouts {
  private LinuxLayouts() {}

  /** Packed on x86-64. */
  static final class EpollEvent {
    static final int SIZE = 12;
    static final int EVENTS = 0;
    static final int DATA = 4;
  }

  static final class Timespec {
    static final int SIZE = 16;
    static final int TV_SEC = 0;
    static final int TV_NSEC = 8;
  }

  /** libc's, not the kernel's. */
  static final class Sigaction {
    static final int SIZE = 152;
    static final int SIGACTION_HANDLER = 0;
  }

  /** The kernel's (asm/termbits.h), not libc's. */
  static final class Termios {
    static final int SIZE = 36;
    static final int C_IFLAG = 0;
    static final int C_CFLAG = 8;
    static final int C_LFLAG = 12;
    static final int C_CC = 17;
  }

  static final class Winsize {
    static final int SIZE = 8;
    static final int WS_ROW = 0;
    static final int WS_COL = 2;
  }

  static final class Itimerspec {
    static final int SIZE = 32;
    static final int IT_INTERVAL = 0;
    static final int IT_VALUE = 16;
  }

  static final class Iovec {
    static final int SIZE = 16;
    static final int IOV_BASE = 0;
    static final int IOV_LEN = 8;
  }

  static final class Flock {
    static final int SIZE = 32;
    static final int L_TYPE = 0;
    static final int L_START = 8;
    static final int L_LEN = 16;
  }

  static final class SockaddrUn {
    static final int SIZE = 110;
    static final int SUN_FAMILY = 0;
    static final int SUN_PATH = 2;
  }

  static final class SockFilter {
    static final int SIZE = 8;
    static final int CODE = 0;
    static final int JT = 2;
    static final int JF = 3;
    static final int K = 4;
  }

  static final class SockFprog {
    static final int SIZE = 16;
    static final int LEN = 0;
    static final int FILTER = 8;
  }

  /** Packed. */
  static final class LandlockPathBeneathAttr {
    static final int SIZE = 12;
    static final int ALLOWED_ACCESS = 0;
    static final int PARENT_FD = 8;
  }

  static final class IoUringParams {
    static final int SIZE = 120;
    static final int SQ_ENTRIES = 0;
    static final int CQ_ENTRIES = 4;
    static final int FLAGS = 8;
    static final int FEATURES = 20;
    static final int SQ_OFF = 40;
    static final int CQ_OFF = 80;
  }

  static final class IoSqringOffsets {
    static final int HEAD = 0;
    static final int TAIL = 4;
    static final int ARRAY = 24;
  }

  static final class IoCqringOffsets {
    static final int HEAD = 0;
    static final int TAIL = 4;
    static final int CQES = 20;
  }

  static final class IoUringSqe {
    static final int SIZE = 64;
    static final int OPCODE = 0;
    static final int FLAGS = 1;
    static final int FD = 4;
    static final int OFF = 8;
    static final int ADDR = 16;
    static final int LEN = 24;
    static final int USER_DATA = 32;
  }

  static final class IoUringCqe {
    static final int SIZE = 16;
    static final int USER_DATA = 0;
    static final int RES = 8;
  }

  static final class IoUringGeteventsArg {
    static final int SIZE = 24;
    static final int TS = 16;
  }

  static final class IoUringRestriction {
    static final int SIZE = 16;
    static final int OPCODE = 0;
    static final int SQE_OP = 2;
    static final int SQE_FLAGS = 2;
  }
}

package org.vivarium.vmm.boot;

/**
 * A segment register's value with its hidden part, decoded from a descriptor (Intel SDM vol. 3,
 * 3.4.5; AMD APM vol. 2, 4.7).
 *
 * @param selector offset of the descriptor in the GDT; requested privilege level 0
 * @param descriptor the 8 bytes in the GDT
 */
public record Segment(int selector, long descriptor) {
  /** First linear address. */
  public long base() {
    return ((descriptor >>> 16) & 0xFF_FFFFL) | (((descriptor >>> 56) & 0xFF) << 24);
  }

  /** Last byte's offset, the granularity applied. */
  public long limit() {
    long raw = (descriptor & 0xFFFF) | (((descriptor >>> 48) & 0xF) << 16);
    return granularity() == 1 ? (raw << 12) | 0xFFF : raw;
  }

  /** Type field, 4 bits. */
  public int type() {
    return bits(40, 0xF);
  }

  /** S flag: 1 for code and data, 0 for a system segment such as a TSS. */
  public int codeOrData() {
    return bits(44, 1);
  }

  /** Descriptor privilege level. */
  public int privilegeLevel() {
    return bits(45, 3);
  }

  /** P flag. */
  public int present() {
    return bits(47, 1);
  }

  /** AVL flag. */
  public int available() {
    return bits(52, 1);
  }

  /** L flag: 64-bit code. */
  public int longMode() {
    return bits(53, 1);
  }

  /** D/B flag: 32-bit operands. */
  public int defaultSize() {
    return bits(54, 1);
  }

  /** G flag: the limit counts pages. */
  public int granularity() {
    return bits(55, 1);
  }

  private int bits(int shift, int mask) {
    return (int) (descriptor >>> shift) & mask;
  }
}

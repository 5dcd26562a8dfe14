package org.vivarium.vmm.boot;

import org.vivarium.vmm.arch.X86Layout;

/**
 * What the first processor's registers hold when it enters the kernel; what is not named here is 0.
 *
 * <p>Interrupts are off, and the GDT and (for {@link Mode#LONG_64}) the page tables that the values
 * refer to stand in guest memory.
 *
 * @param mode processor mode, by the kernel's boot protocol
 * @param rip first instruction, a guest physical address
 * @param bootInfo where the boot structure stands: struct boot_params or struct hvm_start_info
 */
public record EntryState(Mode mode, long rip, long bootInfo) {
  /** The mode that a kernel is entered in. */
  public enum Mode {
    /** Linux 64-bit boot protocol: long mode, identity-mapped, RSI points to boot_params. */
    LONG_64,
    /** PVH: 32-bit protected mode without paging, EBX points to hvm_start_info. */
    PROTECTED_32
  }

  private static final long CR0_PROTECTED = 1;
  private static final long CR0_EXTENSION_TYPE = 1 << 4;
  private static final long CR0_PAGING = 1L << 31;
  private static final long CR4_PHYSICAL_ADDRESS_EXTENSION = 1 << 5;
  private static final long EFER_LONG_MODE_ENABLE = 1 << 8;
  private static final long EFER_LONG_MODE_ACTIVE = 1 << 10;
  private static final long RFLAGS_ALWAYS_SET = 1 << 1;

  /** RSI: the zero page, for {@link Mode#LONG_64}. */
  public long rsi() {
    return mode == Mode.LONG_64 ? bootInfo : 0;
  }

  /** RBX: the start info, for {@link Mode#PROTECTED_32}. */
  public long rbx() {
    return mode == Mode.PROTECTED_32 ? bootInfo : 0;
  }

  /** RSP: a small stack that the kernel may use until it has its own. */
  public long rsp() {
    return X86Layout.STACK_TOP;
  }

  /** RFLAGS: interrupts off. */
  public long rflags() {
    return RFLAGS_ALWAYS_SET;
  }

  /** CR0. */
  public long cr0() {
    long paging = mode == Mode.LONG_64 ? CR0_PAGING : 0;
    return CR0_PROTECTED | CR0_EXTENSION_TYPE | paging;
  }

  /** CR3: the page tables, for {@link Mode#LONG_64}. */
  public long cr3() {
    return mode == Mode.LONG_64 ? X86Layout.PAGE_TABLES : 0;
  }

  /** CR4. */
  public long cr4() {
    return mode == Mode.LONG_64 ? CR4_PHYSICAL_ADDRESS_EXTENSION : 0;
  }

  /** The EFER register. */
  public long efer() {
    return mode == Mode.LONG_64 ? EFER_LONG_MODE_ENABLE | EFER_LONG_MODE_ACTIVE : 0;
  }

  /** CS. */
  public Segment code() {
    return Gdt.code(mode);
  }

  /** DS, ES, FS, GS and SS. */
  public Segment data() {
    return Gdt.DATA;
  }

  /** TR: processors with VMX refuse to run without a busy TSS. */
  public Segment task() {
    return Gdt.TASK;
  }

  /** GDTR base. */
  public long gdtBase() {
    return X86Layout.GDT;
  }

  /** GDTR limit. */
  public int gdtLimit() {
    return Gdt.SIZE - 1;
  }
}

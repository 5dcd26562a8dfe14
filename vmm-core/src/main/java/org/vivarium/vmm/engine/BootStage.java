package org.vivarium.vmm.engine;

/** The points of a boot between which time is told, in their order. */
public enum BootStage {
  /** Memory, processors and devices exist and the kernel is loaded. */
  MACHINE_BUILT,
  /** The first processor enters the guest. */
  FIRST_INSTRUCTION,
  /** The guest's init runs; it says so with {@link #USER_SPACE_CODE} on the debug port. */
  USER_SPACE,
  /** The guest is about to show a prompt; it says so with {@link #PROMPT_CODE}. */
  PROMPT;

  /** The debug I/O port that a guest writes its codes to (Bochs' and QEMU's debug console). */
  public static final int DEBUG_PORT = 0xE9;

  /** First action of the guest's init: Cloud Hypervisor's debug port uses the same code. */
  public static final int USER_SPACE_CODE = 0x41;

  /** Written by the guest right before its first prompt. */
  public static final int PROMPT_CODE = 0x42;
}

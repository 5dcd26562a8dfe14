package org.vivarium.vmm.cpu;

/** What a processor tells its machine. Called on the processor's thread; does not block. */
public interface VcpuEvents {
  /** The boot processor is about to enter the guest for the first time. */
  void firstInstruction();

  /** The processor stopped in a triple fault, which resets a PC. */
  void tripleFault();

  /**
   * The processor cannot go on.
   *
   * @param why a sentence for people
   */
  void failed(String why);
}

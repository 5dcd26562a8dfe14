package org.vivarium.kvm;

/** Where a global system interrupt (GSI) leads (KVM API, KVM_SET_GSI_ROUTING). */
public sealed interface GsiRoute {
  /** The GSI's number. */
  int gsi();

  /** The in-kernel interrupt controllers. */
  enum Chip {
    /** The 8259A with inputs 0 to 7. */
    PIC_MASTER,
    /** The 8259A with inputs 8 to 15. */
    PIC_SLAVE,
    /** The I/O APIC with inputs 0 to 23. */
    IOAPIC
  }

  /**
   * To an input of an interrupt controller.
   *
   * @param pin number of the input on that chip
   */
  record Pin(int gsi, Chip chip, int pin) implements GsiRoute {}

  /**
   * To a message.
   *
   * @param address the message's address, 64 bits
   * @param data the message's data
   */
  record Message(int gsi, long address, int data) implements GsiRoute {}
}

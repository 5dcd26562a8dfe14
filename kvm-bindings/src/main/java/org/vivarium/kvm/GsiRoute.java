package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.vivarium.kvm.ffi.Linux;
import org.vivarium.kvm.ffi.kvm_irq_routing;
import org.vivarium.kvm.ffi.kvm_irq_routing_entry;
import org.vivarium.kvm.ffi.kvm_irq_routing_irqchip;
import org.vivarium.kvm.ffi.kvm_irq_routing_msi;

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

  /** A {@code struct kvm_irq_routing} with one entry for each route. */
  static MemorySegment toTable(Arena arena, List<GsiRoute> routes) {
    long stride = kvm_irq_routing_entry.sizeof();
    MemorySegment table =
        arena.allocate(kvm_irq_routing.entries$offset() + routes.size() * stride, 8);
    kvm_irq_routing.nr(table, routes.size());
    for (int i = 0; i < routes.size(); i++) {
      MemorySegment entry = table.asSlice(kvm_irq_routing.entries$offset() + i * stride, stride);
      kvm_irq_routing_entry.gsi(entry, routes.get(i).gsi());
      MemorySegment target = kvm_irq_routing_entry.u(entry);
      // No switch: the JVM would make code for its patterns while a machine starts.
      if (routes.get(i) instanceof Pin pin) {
        kvm_irq_routing_entry.type(entry, Linux.KVM_IRQ_ROUTING_IRQCHIP());
        kvm_irq_routing_irqchip.irqchip(target, chipNumber(pin.chip()));
        kvm_irq_routing_irqchip.pin(target, pin.pin());
      } else {
        Message message = (Message) routes.get(i);
        kvm_irq_routing_entry.type(entry, Linux.KVM_IRQ_ROUTING_MSI());
        kvm_irq_routing_msi.address_lo(target, (int) message.address());
        kvm_irq_routing_msi.address_hi(target, (int) (message.address() >>> 32));
        kvm_irq_routing_msi.data(target, message.data());
      }
    }
    return table;
  }

  private static int chipNumber(Chip chip) {
    return switch (chip) {
      case PIC_MASTER -> Linux.KVM_IRQCHIP_PIC_MASTER();
      case PIC_SLAVE -> Linux.KVM_IRQCHIP_PIC_SLAVE();
      case IOAPIC -> Linux.KVM_IRQCHIP_IOAPIC();
    };
  }
}

package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.util.List;
import org.vivarium.kvm.ffi.Linux;

/** Makes a {@code struct kvm_irq_routing} of routes. */
final class GsiRoutingTable {
  private GsiRoutingTable() {}

  /** A {@code struct kvm_irq_routing} with one entry for each route. */
  static KernelStruct of(Arena arena, List<GsiRoute> routes) {
    int stride = KvmLayouts.KvmIrqRoutingEntry.SIZE;
    int entry = KvmLayouts.KvmIrqRouting.ENTRIES;
    KernelStruct table = new KernelStruct(arena, entry + routes.size() * stride);
    table.putInt(KvmLayouts.KvmIrqRouting.NR, routes.size());
    for (GsiRoute route : routes) {
      int target = entry + KvmLayouts.KvmIrqRoutingEntry.U;
      int type;
      // No switch: the JVM would make code for its patterns while a machine starts.
      if (route instanceof GsiRoute.Pin pin) {
        type = Linux.KVM_IRQ_ROUTING_IRQCHIP();
        table.putInt(target + KvmLayouts.KvmIrqRoutingIrqchip.IRQCHIP, chipNumber(pin.chip()));
        table.putInt(target + KvmLayouts.KvmIrqRoutingIrqchip.PIN, pin.pin());
      } else {
        GsiRoute.Message message = (GsiRoute.Message) route;
        type = Linux.KVM_IRQ_ROUTING_MSI();
        int high = (int) (message.address() >>> 32);
        table.putInt(target + KvmLayouts.KvmIrqRoutingMsi.ADDRESS_LO, (int) message.address());
        table.putInt(target + KvmLayouts.KvmIrqRoutingMsi.ADDRESS_HI, high);
        table.putInt(target + KvmLayouts.KvmIrqRoutingMsi.DATA, message.data());
      }
      table.putInt(entry + KvmLayouts.KvmIrqRoutingEntry.GSI, route.gsi());
      table.putInt(entry + KvmLayouts.KvmIrqRoutingEntry.TYPE, type);
      entry += stride;
    }
    return table;
  }

  private static int chipNumber(GsiRoute.Chip chip) {
    return switch (chip) {
      case PIC_MASTER -> Linux.KVM_IRQCHIP_PIC_MASTER();
      case PIC_SLAVE -> Linux.KVM_IRQCHIP_PIC_SLAVE();
      case IOAPIC -> Linux.KVM_IRQCHIP_IOAPIC();
    };
  }
}

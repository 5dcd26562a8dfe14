package org.vivarium.vmm.machine;

import java.util.ArrayList;
import java.util.List;
import org.vivarium.devices.bus.InterruptLine;
import org.vivarium.kvm.EventFd;
import org.vivarium.kvm.GsiRoute;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.KvmVm;
import org.vivarium.vmm.arch.X86Layout;

/**
 * The wires from devices to the in-kernel interrupt controllers.
 *
 * <p>Edge-triggered lines are irqfds: an edge is one write to an eventfd. Level-triggered ones are
 * set by KVM_IRQ_LINE. The routes are those of a PC: GSI 0 to 15 lead to both the 8259As and the
 * I/O APIC, with the timer's GSI 0 on pin 2 there, GSI 16 to 23 to the I/O APIC alone.
 */
final class InterruptLines implements AutoCloseable {
  private static final int PIC_INPUTS = 8;
  private static final int ISA_LINES = 16;
  private static final int CASCADE = 2;

  private final KvmVm vm;
  private final List<EventFd> events = new ArrayList<>();
  private final MsixRoutes messages;

  InterruptLines(KvmVm vm) throws KvmException {
    this.vm = vm;
    List<GsiRoute> pins = pcRoutes();
    vm.setGsiRouting(pins);
    messages = new MsixRoutes(vm, pins);
  }

  /** The ways of message-signalled interrupts. */
  MsixRoutes messages() {
    return messages;
  }

  /** The routes of a PC without message-signalled interrupts. */
  static List<GsiRoute> pcRoutes() {
    List<GsiRoute> routes = new ArrayList<>();
    for (int gsi = 0; gsi < ISA_LINES; gsi++) {
      if (gsi == CASCADE) {
        continue;
      }
      GsiRoute.Chip pic = gsi < PIC_INPUTS ? GsiRoute.Chip.PIC_MASTER : GsiRoute.Chip.PIC_SLAVE;
      routes.add(new GsiRoute.Pin(gsi, pic, gsi % PIC_INPUTS));
    }
    for (int gsi = 0; gsi < X86Layout.IOAPIC_PINS; gsi++) {
      if (gsi == CASCADE) {
        continue;
      }
      routes.add(new GsiRoute.Pin(gsi, GsiRoute.Chip.IOAPIC, gsi == 0 ? X86Layout.TIMER_GSI : gsi));
    }
    return routes;
  }

  /** A line for an edge-triggered interrupt, such as an ISA device's. */
  InterruptLine edge(int gsi) throws KvmException {
    EventFd event = EventFd.create();
    events.add(event);
    vm.attachIrqFd(event, gsi);
    return new InterruptLine() {
      @Override
      public void setLevel(boolean asserted) {
        throw new UnsupportedOperationException("GSI " + gsi + " is edge-triggered");
      }

      @Override
      public void pulse() {
        event.signal();
      }
    };
  }

  /** A line for a level-triggered interrupt with one device on it. */
  InterruptLine level(int gsi) {
    return new InterruptLine() {
      private boolean asserted;

      @Override
      public synchronized void setLevel(boolean on) {
        if (on != asserted) {
          asserted = on;
          try {
            vm.setIrqLine(gsi, on);
          } catch (KvmException e) {
            throw new IllegalStateException("KVM refuses the level of GSI " + gsi, e);
          }
        }
      }

      @Override
      public void pulse() {
        throw new UnsupportedOperationException("GSI " + gsi + " is level-triggered");
      }
    };
  }

  /** Frees the eventfds; the virtual machine is closed after that or not used any more. */
  @Override
  public void close() {
    messages.close();
    events.forEach(EventFd::close);
  }
}

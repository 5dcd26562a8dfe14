package org.vivarium.vmm.machine;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.pci.MsixVector;
import org.vivarium.kvm.EventFd;
import org.vivarium.kvm.GsiRoute;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.KvmVm;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.arch.X86Layout;

/**
 * The ways of MSI-X messages into the kernel: each vector has a GSI above the I/O APIC's pins, a
 * route from it to the message, and an irqfd, so that an interrupt is one write to an eventfd.
 *
 * <p>KVM takes the routing table as a whole, so this object keeps all of it. Any thread; this
 * object's lock is the innermost.
 */
final class MsixRoutes implements AutoCloseable {
  private static final LazyLogger LOG = LazyLogger.of(MsixRoutes.class);

  private static final int FIRST_GSI = X86Layout.IOAPIC_PINS;

  /** KVM_MAX_IRQ_ROUTES, less what the interrupt controllers' pins take. */
  private static final int MAX_GSIS = 4000;

  private final KvmVm vm;
  private final List<GsiRoute> pins;
  private final Map<Integer, GsiRoute> messages = new TreeMap<>();
  private final BitSet taken = new BitSet();
  private final List<Vector> vectors = new ArrayList<>();

  /**
   * @param pins the routes of the interrupt controllers, which stay as they are
   */
  MsixRoutes(KvmVm vm, List<GsiRoute> pins) {
    this.vm = vm;
    this.pins = List.copyOf(pins);
  }

  /** Makes the vectors of a device; none has a route until the guest unmasks it. */
  synchronized List<Vector> add(int count) throws KvmException {
    List<Vector> added = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        int gsi = taken.nextClearBit(0);
        if (gsi >= MAX_GSIS) {
          throw new IllegalStateException("More MSI-X vectors than KVM has routes");
        }
        added.add(new Vector(EventFd.create(), FIRST_GSI + gsi));
        taken.set(gsi);
      }
    } catch (KvmException e) {
      remove(added);
      throw e;
    }
    vectors.addAll(added);
    return List.copyOf(added);
  }

  /** Takes vectors away that nothing signals any more. */
  synchronized void remove(List<Vector> gone) {
    for (Vector vector : gone) {
      vector.detach();
      vector.event.close();
      messages.remove(vector.gsi);
      taken.clear(vector.gsi - FIRST_GSI);
    }
    vectors.removeAll(gone);
  }

  @Override
  public synchronized void close() {
    remove(List.copyOf(vectors));
  }

  private synchronized void route(Vector vector, GsiRoute message) {
    if (message.equals(messages.get(vector.gsi))) {
      return;
    }
    GsiRoute before = messages.put(vector.gsi, message);
    List<GsiRoute> table = new ArrayList<>(pins);
    table.addAll(messages.values());
    try {
      vm.setGsiRouting(table);
      vector.attach();
    } catch (KvmException e) {
      // The guest loses this interrupt, as with a message that it had sent to nowhere.
      LOG.warn("An interrupt's route cannot be set: {}", e.getMessage());
      if (before == null) {
        messages.remove(vector.gsi);
      } else {
        messages.put(vector.gsi, before);
      }
    }
  }

  /** One vector's way. A masked vector keeps its route: nothing is signalled on it meanwhile. */
  final class Vector implements MsixVector {
    private final EventFd event;
    private final int gsi;
    private boolean attached;

    private Vector(EventFd event, int gsi) {
      this.event = event;
      this.gsi = gsi;
    }

    @Override
    public void update(long address, int data, boolean deliverable) {
      if (deliverable) {
        route(this, new GsiRoute.Message(gsi, address, data));
      }
    }

    @Override
    public void trigger() {
      event.signal();
    }

    @Override
    public @Nullable EventFd event() {
      synchronized (MsixRoutes.this) {
        return attached ? event : null;
      }
    }

    private void attach() throws KvmException {
      if (!attached) {
        vm.attachIrqFd(event, gsi);
        attached = true;
      }
    }

    private void detach() {
      if (attached) {
        attached = false;
        try {
          vm.detachIrqFd(event, gsi);
        } catch (KvmException e) {
          // Closing the event, which follows, detaches it too.
          LOG.debug("An interrupt's event cannot be detached", e);
        }
      }
    }
  }
}

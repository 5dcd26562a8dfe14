package org.vivarium.vmm.machine;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.vivarium.kvm.Kvm;
import org.vivarium.kvm.KvmVm;

/** What a guest may write into its MSI-X table, as the kernel's routing takes it. */
@Tag("kvm")
class MsixRoutesTest {
  private static final long[] SENSELESS = {
    0, 1, 0xFEE0_0003L, 0xFFFF_FFFFL, 0x1_0000_0000L, 0xFF00_0000_FEE0_0000L, -1
  };

  @Test
  void senselessMessagesLeaveTheRoutesOfOthersAlone() throws Exception {
    try (Kvm kvm = Kvm.open();
        KvmVm vm = kvm.createVm()) {
      vm.createIrqchip();
      try (MsixRoutes routes = new MsixRoutes(vm, List.of())) {
        List<MsixRoutes.Vector> vectors = routes.add(2);
        vectors.getFirst().update(0xFEE0_0000L, 0x41, true);

        for (long address : SENSELESS) {
          for (int data : new int[] {0, 0xFF, -1}) {
            assertDoesNotThrow(() -> vectors.getLast().update(address, data, true));
            vectors.getLast().trigger();
            vectors.getLast().update(address, data, false);
          }
        }

        assertDoesNotThrow(() -> vectors.getFirst().trigger());
        assertEquals(2, vectors.size());
      }
    }
  }
}

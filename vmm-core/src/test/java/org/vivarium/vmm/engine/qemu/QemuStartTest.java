package org.vivarium.vmm.engine.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.BootSource;
import org.vivarium.vmm.config.MachineConfig;

/** What a real QEMU refuses only after it has connected. */
@Tag("emulation")
@Timeout(120)
class QemuStartTest {
  @TempDir private Path folder;

  @Test
  void kernelThatIsNoneIsRefusedInQemusWordsAndLeavesNothing() throws Exception {
    Path kernel = Files.writeString(folder.resolve("kernel"), "This is no kernel.\n");
    MachineConfig config =
        MachineConfig.of("start", 1, 64L << 20, new BootSource(kernel, null, ""));
    QemuEngine engine = new QemuEngine(_ -> {});
    List<ProcessHandle> before = ProcessHandle.current().children().toList();

    VmmException refusal =
        assertThrows(VmmException.class, () -> engine.create(config, (_, _, _) -> {}, _ -> {}));

    assertEquals("QEMU did not start: qemu: invalid kernel header.", refusal.getMessage());
    assertEquals(before, ProcessHandle.current().children().toList());
  }
}

package org.vivarium.vmm.boot;

import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.vivarium.kvm.GuestMemory;

/** What the tests of both kernel formats share: a guest of 32 MiB to load into. */
abstract class LoaderTestBase {
  BootTarget target;
  GuestMemory memory;

  @BeforeEach
  void allocate() throws Exception {
    target = TestKernels.target(32);
    memory = target.memory();
  }

  @AfterEach
  void close() {
    memory.close();
  }

  EntryState load(ByteBuffer kernel, @Nullable BootImage initrd, String line) throws Exception {
    return KernelLoader.load(new BootFiles(TestKernels.kernel(kernel), initrd, line), target);
  }

  /** The sentence with which the kernel is refused once {@code damage} was done to it. */
  String refusal(ByteBuffer kernel, Consumer<ByteBuffer> damage) {
    damage.accept(kernel);
    return TestKernels.refusal(() -> load(kernel, null, ""));
  }
}

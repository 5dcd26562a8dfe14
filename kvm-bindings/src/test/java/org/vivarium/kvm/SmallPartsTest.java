package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Field;
import org.junit.jupiter.api.Test;
import org.vivarium.kvm.KvmSregs.SegmentRegister;
import org.vivarium.kvm.ffi.kvm_segment;
import org.vivarium.kvm.ffi.kvm_sregs;

class SmallPartsTest {
  private static final int CLOSED_FD = 1_000_000;

  @Test
  void eventCountsSignalsUntilDrained() throws Exception {
    try (EventFd event = EventFd.create()) {
      event.signal();
      event.signal();
      event.signal();

      assertEquals(3, event.drain());
      assertEquals(0, event.drain());
    }
  }

  @Test
  void closedEventSaysSo() throws Exception {
    EventFd event = EventFd.create();
    assertFalse(event.isClosed());

    event.close();
    event.close();

    assertTrue(event.isClosed());
    assertThrows(IllegalStateException.class, event::signal);
    assertEquals(
        "EventFd is closed", assertThrows(IllegalStateException.class, event::drain).getMessage());
  }

  @Test
  void failedCallsGiveTheirErrno() {
    assertEquals(-Errno.EBADF, NativeCalls.ioctl(CLOSED_FD, 0, 0));
  }

  @Test
  void everyNamedErrnoIsDescribedByItsName() throws Exception {
    for (Field field : Errno.class.getFields()) {
      String description = Errno.describe(field.getInt(null));

      assertTrue(description.startsWith(field.getName() + ", "), description);
    }
    assertEquals("errno 4095", Errno.describe(4095));
  }

  @Test
  void exceptionNamesOperationAndErrno() {
    KvmException exception = new KvmException("map memory slot 3", Errno.EINVAL);

    assertEquals("Cannot map memory slot 3 (EINVAL, invalid argument).", exception.getMessage());
    assertEquals("map memory slot 3", exception.operation());
    assertEquals(Errno.EINVAL, exception.errno());
  }

  @Test
  void codeDescriptorIsTakenApart() {
    // Base 0x12345678, limit 0xfedcb in pages, present, DPL 3, readable code, 64-bit.
    MemorySegment cs = decode(0x12AF_FB34_5678_EDCBL);

    assertEquals(0x1234_5678L, kvm_segment.base(cs));
    assertEquals(0xFEDC_BFFF, kvm_segment.limit(cs));
    assertEquals(0x33, kvm_segment.selector(cs));
    assertEquals(0xB, kvm_segment.type(cs));
    assertEquals(1, kvm_segment.s(cs));
    assertEquals(3, kvm_segment.dpl(cs));
    assertEquals(1, kvm_segment.present(cs));
    assertEquals(0, kvm_segment.avl(cs));
    assertEquals(1, kvm_segment.l(cs));
    assertEquals(0, kvm_segment.db(cs));
    assertEquals(1, kvm_segment.g(cs));
    assertEquals(0, kvm_segment.unusable(cs));
  }

  @Test
  void descriptorInBytesKeepsItsLimit() {
    MemorySegment tss = decode(0x0000_8B00_0000_0067L);

    assertEquals(0x67, kvm_segment.limit(tss));
    assertEquals(0, kvm_segment.g(tss));
    assertEquals(0, kvm_segment.s(tss), "a system segment");
    assertEquals(0xB, kvm_segment.type(tss));
    assertEquals(0, kvm_segment.base(tss));
  }

  @Test
  void nullDescriptorIsUnusable() {
    MemorySegment none = decode(0);

    assertEquals(1, kvm_segment.unusable(none));
    assertEquals(0, kvm_segment.present(none));
    assertEquals(0, kvm_segment.limit(none));
  }

  private static MemorySegment decode(long descriptor) {
    KvmSregs sregs = new KvmSregs().set(SegmentRegister.CS, 0x33, descriptor);
    MemorySegment copy = kvm_sregs.allocate(Arena.ofAuto());
    for (int i = 0; i < copy.byteSize(); i++) {
      copy.set(ValueLayout.JAVA_BYTE, i, sregs.struct().getByte(i));
    }
    return kvm_sregs.cs(copy);
  }
}

package org.vivarium.vmm.acpi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The root system description pointer, which leads to all other tables (ACPI 6.4, 5.2.5.3). */
final class Rsdp {
  /** Its bytes. */
  static final int SIZE = 36;

  private static final int SIZE_IN_ACPI_1 = 20;
  private static final int CHECKSUM = 8;
  private static final int REVISION = 2;
  private static final int EXTENDED_CHECKSUM = 32;

  private Rsdp() {}

  static byte[] build(long xsdt) {
    ByteBuffer table = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
    table.put("RSD PTR ".getBytes(StandardCharsets.US_ASCII));
    table.put((byte) 0);
    table.put(AcpiTable.OEM_ID.getBytes(StandardCharsets.US_ASCII));
    table.put((byte) REVISION);
    // No RSDT: who knows revision 2 reads the XSDT.
    table.putInt(0).putInt(SIZE).putLong(xsdt);
    byte[] bytes = table.array();
    bytes[CHECKSUM] = AcpiTable.checksum(bytes, SIZE_IN_ACPI_1);
    bytes[EXTENDED_CHECKSUM] = AcpiTable.checksum(bytes, SIZE);
    return bytes;
  }
}

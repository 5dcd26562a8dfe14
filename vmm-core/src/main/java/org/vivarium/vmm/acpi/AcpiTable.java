package org.vivarium.vmm.acpi;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Builds one table: a header, content, and a checksum (ACPI 6.4, 5.2.6). */
final class AcpiTable {
  /** Bytes of the header that begins nearly every table. */
  static final int HEADER_SIZE = 36;

  /** Who made the tables, 6 characters. */
  static final String OEM_ID = "VIVARM";

  private static final String OEM_TABLE_ID = "VIVARIUM";
  private static final String CREATOR_ID = "VIVA";
  private static final int LENGTH_OFFSET = 4;
  private static final int CHECKSUM_OFFSET = 9;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  AcpiTable(String signature, int revision) {
    ascii(signature).u32(0).u8(revision).u8(0);
    ascii(OEM_ID).ascii(OEM_TABLE_ID).u32(1).ascii(CREATOR_ID).u32(1);
  }

  AcpiTable u8(int value) {
    return little(value, 1);
  }

  AcpiTable u16(int value) {
    return little(value, 2);
  }

  AcpiTable u32(long value) {
    return little(value, 4);
  }

  AcpiTable u64(long value) {
    return little(value, 8);
  }

  AcpiTable ascii(String text) {
    return bytes(text.getBytes(StandardCharsets.US_ASCII));
  }

  AcpiTable bytes(byte[] content) {
    out.writeBytes(content);
    return this;
  }

  AcpiTable zeros(int count) {
    return bytes(new byte[count]);
  }

  /** The table with its length and checksum. */
  byte[] toBytes() {
    byte[] table = out.toByteArray();
    for (int i = 0; i < Integer.BYTES; i++) {
      table[LENGTH_OFFSET + i] = (byte) (table.length >>> (8 * i));
    }
    table[CHECKSUM_OFFSET] = checksum(table, table.length);
    return table;
  }

  /** The byte that makes the first {@code length} bytes add up to 0, if it is 0 now. */
  static byte checksum(byte[] bytes, int length) {
    int sum = 0;
    for (int i = 0; i < length; i++) {
      sum += bytes[i];
    }
    return (byte) -sum;
  }

  private AcpiTable little(long value, int size) {
    for (int i = 0; i < size; i++) {
      out.write((int) (value >>> (8 * i)));
    }
    return this;
  }
}

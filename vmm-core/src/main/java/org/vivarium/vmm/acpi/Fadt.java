package org.vivarium.vmm.acpi;

import org.vivarium.vmm.arch.X86Layout;

/** The fixed ACPI description table: where the power-management registers are (ACPI 6.4, 5.2.9). */
final class Fadt {
  private static final int REVISION = 6;
  private static final int MINOR_REVISION = 4;
  private static final int UNSPECIFIED_PROFILE = 0;

  // IAPC_BOOT_ARCH: no keyboard controller (bit 1 clear), so that Linux does not probe for one.
  private static final int LEGACY_DEVICES = 1;
  private static final int VGA_NOT_PRESENT = 1 << 2;
  private static final int NO_ASPM_CONTROLS = 1 << 4;

  // Flags. PWR_BUTTON (bit 4) clear: the power button is a fixed feature.
  private static final int WBINVD = 1;
  private static final int PROC_C1 = 1 << 2;
  private static final int SLP_BUTTON_ABSENT = 1 << 5;
  private static final int RTC_WAKE_ABSENT = 1 << 6;
  private static final int TIMER_32_BITS = 1 << 8;
  private static final int RESET_REG_SUP = 1 << 10;

  /** CMOS register that holds the century, as every PC since the AT has it. */
  private static final int CMOS_CENTURY = 0x32;

  private static final int NO_C2_LATENCY = 0xFFFF;
  private static final int SYSTEM_IO = 1;
  private static final int GENERIC_ADDRESS_SIZE = 12;

  private Fadt() {}

  static byte[] build(long facs, long dsdt) {
    AcpiTable table = new AcpiTable("FACP", REVISION);
    table.u32(facs).u32(dsdt).u8(0).u8(UNSPECIFIED_PROFILE);
    // SMI_CMD 0: the machine is in ACPI mode from the start.
    table.u16(X86Layout.SCI_GSI).u32(0).zeros(4);
    // Register blocks: PM1a event, PM1b event, PM1a control, PM1b control, PM2 control, timer,
    // GPEs.
    table.u32(X86Layout.PM1A_EVENT).u32(0).u32(X86Layout.PM1A_CONTROL).u32(0).u32(0);
    table.u32(X86Layout.PM_TIMER).u32(X86Layout.GPE0).u32(0);
    table.u8(X86Layout.PM1A_EVENT_SIZE).u8(X86Layout.PM1A_CONTROL_SIZE).u8(0);
    table.u8(X86Layout.PM_TIMER_SIZE).u8(X86Layout.GPE0_SIZE).u8(0).u8(0).u8(0);
    table.u16(NO_C2_LATENCY).u16(NO_C2_LATENCY);
    // Flush size and stride, duty offset and width, alarm and century registers of the CMOS.
    table.u16(0).u16(0).u8(0).u8(0).u8(0).u8(0).u8(CMOS_CENTURY);
    table.u16(LEGACY_DEVICES | VGA_NOT_PRESENT | NO_ASPM_CONTROLS).u8(0);
    table.u32(
        WBINVD | PROC_C1 | SLP_BUTTON_ABSENT | RTC_WAKE_ABSENT | TIMER_32_BITS | RESET_REG_SUP);
    register(table, X86Layout.RESET, 1);
    table.u8(X86Layout.RESET_VALUE).u16(0).u8(MINOR_REVISION);
    // X_FIRMWARE_CTRL 0: FIRMWARE_CTRL above counts (ACPI 6.4, table 5.9).
    table.u64(0).u64(dsdt);
    register(table, X86Layout.PM1A_EVENT, X86Layout.PM1A_EVENT_SIZE);
    table.zeros(GENERIC_ADDRESS_SIZE);
    register(table, X86Layout.PM1A_CONTROL, X86Layout.PM1A_CONTROL_SIZE);
    table.zeros(2 * GENERIC_ADDRESS_SIZE);
    register(table, X86Layout.PM_TIMER, X86Layout.PM_TIMER_SIZE);
    register(table, X86Layout.GPE0, X86Layout.GPE0_SIZE);
    // GPE block 1, sleep control and status.
    table.zeros(3 * GENERIC_ADDRESS_SIZE);
    // Hypervisor vendor identity.
    return table.ascii("VIVARIUM").toBytes();
  }

  /** A generic address structure (ACPI 6.4, 5.2.3.2). */
  private static void register(AcpiTable table, int port, int size) {
    int accessSize = Math.min(size, 4);
    int accessCode = 1 + Integer.numberOfTrailingZeros(accessSize);
    table.u8(SYSTEM_IO).u8(size * 8).u8(0).u8(accessCode).u64(port);
  }
}

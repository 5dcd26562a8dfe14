package org.vivarium.vmm.arch;

/**
 * Every magic address, port and interrupt number of the guest's computer.
 *
 * <p>Addresses are guest physical (GPA), unsigned, sizes are bytes. What depends on how much RAM a
 * machine has is in {@link MemoryMap}.
 */
public final class X86Layout {
  private X86Layout() {}

  // RAM and the hole below 4 GiB.

  /** Where RAM below 4 GiB ends at the latest: the rest of it continues at {@link #HIGH_RAM}. */
  public static final long LOW_RAM_MAX = 0xC000_0000L;

  /** First address above the 32-bit hole: where RAM continues. */
  public static final long HIGH_RAM = 0x1_0000_0000L;

  /** 32-bit PCI memory window: BARs of up to 32 bits are placed in it. */
  public static final long PCI_MMIO32 = 0xC000_0000L;

  /** Size of {@link #PCI_MMIO32}: up to ECAM. */
  public static final long PCI_MMIO32_SIZE = 0x2000_0000L;

  /** PCI Express Enhanced Configuration Access Mechanism: 1 MiB a bus. */
  public static final long ECAM = 0xE000_0000L;

  /**
   * Buses that {@link #ECAM} reaches: bus 0, where all devices are. Linux looks for host bridges on
   * every further bus that MCFG promises (pcibios_fixup_peer_bridges), two exits for each of its 32
   * devices: 16 000 exits of a boot with 256 buses.
   */
  public static final int ECAM_BUSES = 1;

  /** Size of {@link #ECAM}. */
  public static final long ECAM_SIZE = (long) ECAM_BUSES << 20;

  /** The I/O APIC, emulated by KVM. */
  public static final long IOAPIC = 0xFEC0_0000L;

  /** The local APIC of each processor, emulated by KVM. */
  public static final long LAPIC = 0xFEE0_0000L;

  /** Page for KVM_SET_IDENTITY_MAP_ADDR, which Intel hosts need for real mode. */
  public static final long KVM_IDENTITY_MAP = 0xFFFB_C000L;

  /** Three pages for KVM_SET_TSS_ADDR, directly after the identity map. */
  public static final long KVM_TSS = 0xFFFB_D000L;

  /** End of what KVM keeps for itself. */
  public static final long KVM_RESERVED_END = 0xFFFC_0000L;

  /** Alignment of the 64-bit PCI memory window. */
  public static final long PCI_MMIO64_ALIGN = 1L << 30;

  /** Most that the 64-bit PCI memory window takes; more would only lengthen page-table walks. */
  public static final long PCI_MMIO64_MAX_SIZE = 64L << 30;

  /**
   * Kept free below the top of the physical address space: AMD processors answer the last 12 GiB
   * themselves (HyperTransport), whatever a nested page table says.
   */
  public static final long TOP_OF_ADDRESS_SPACE_RESERVED = 16L << 30;

  // Boot structures in low memory, written by the loaders and read once by the kernel.

  /** Global descriptor table that the first processor starts with. */
  public static final long GDT = 0x500;

  /** PVH: struct hvm_start_info. */
  public static final long PVH_START_INFO = 0x6000;

  /** PVH: its module list (the initrd). */
  public static final long PVH_MODULES = 0x6040;

  /** PVH: its memory map. */
  public static final long PVH_MEMORY_MAP = 0x6100;

  /** End of the room for the PVH memory map. */
  public static final long PVH_MEMORY_MAP_END = 0x7000;

  /** Linux boot protocol: struct boot_params, the "zero page". */
  public static final long ZERO_PAGE = 0x7000;

  /** The initial stack grows down from here, into the page below. */
  public static final long STACK_TOP = 0x8FF0;

  /** Page-map level 4 of the identity map; a page-directory-pointer table follows it. */
  public static final long PAGE_TABLES = 0x9000;

  /** GiB that the identity map covers, one page directory of 2 MiB pages for each. */
  public static final int IDENTITY_MAPPED_GIB = 4;

  /** Instructions that move an unpacked kernel's addresses, up to {@link #COMMAND_LINE}. */
  public static final long RELOCATOR = 0x1_0000;

  /** Kernel command line, with a terminating NUL. */
  public static final long COMMAND_LINE = 0x2_0000;

  /** Room for the command line and its NUL. */
  public static final int COMMAND_LINE_SIZE = 0x1_0000;

  /** Extended BIOS data area: where conventional RAM ends and firmware's begins. */
  public static final long EBDA = 0x9_FC00;

  /** Legacy VGA memory; no RAM for the guest. */
  public static final long VGA = 0xA_0000;

  /** ACPI tables: in the area where Linux searches for the RSDP on paragraph boundaries. */
  public static final long ACPI_TABLES = 0xE_0000;

  /** Room for the ACPI tables, up to 1 MiB. */
  public static final long ACPI_TABLES_SIZE = 0x2_0000;

  /** The ACPI root system description pointer; the other tables follow it. */
  public static final long RSDP = ACPI_TABLES;

  /** First address above the legacy area: kernels, initrds and what they need stand above it. */
  public static final long EXTENDED_MEMORY = 0x10_0000;

  /** Where a Linux kernel likes to be (CONFIG_PHYSICAL_START). */
  public static final long KERNEL = 0x100_0000;

  // Port I/O.

  /** First serial port (COM1), a 16550A: 8 ports. */
  public static final int SERIAL = 0x3F8;

  /** Ports of {@link #SERIAL}. */
  public static final int SERIAL_SIZE = 8;

  /** CMOS RTC: index and data port. */
  public static final int RTC = 0x70;

  /** Ports of {@link #RTC}. */
  public static final int RTC_SIZE = 2;

  /** Keyboard controller's data port; present only for its reset line. */
  public static final int I8042_DATA = 0x60;

  /** Keyboard controller's command and status port. */
  public static final int I8042_COMMAND = 0x64;

  /** Debug console port: a byte written to it appears in the log. */
  public static final int DEBUG_PORT = 0xE9;

  /** pvpanic: the guest tells that its kernel panicked. */
  public static final int PVPANIC = 0x505;

  /** ACPI power-management block, {@link #PM_SIZE} ports. */
  public static final int PM_BASE = 0x600;

  /** PM1a event block: status (2 bytes) and enable (2 bytes). */
  public static final int PM1A_EVENT = PM_BASE;

  /** Size of {@link #PM1A_EVENT}. */
  public static final int PM1A_EVENT_SIZE = 4;

  /** PM1a control register, 2 bytes. */
  public static final int PM1A_CONTROL = 0x604;

  /** Size of {@link #PM1A_CONTROL}. */
  public static final int PM1A_CONTROL_SIZE = 2;

  /** Power-management timer, 4 bytes, 3.579545 MHz, 32 bits wide. */
  public static final int PM_TIMER = 0x608;

  /** Size of {@link #PM_TIMER}. */
  public static final int PM_TIMER_SIZE = 4;

  /** Ports of the whole block. */
  public static final int PM_SIZE = 0x10;

  /** General-purpose event block 0. */
  public static final int GPE0 = 0x610;

  /** Ports of {@link #GPE0}. */
  public static final int GPE0_SIZE = 4;

  /** The event of {@link #GPE0} that says that PCI devices come or go. */
  public static final int HOTPLUG_EVENT = 1;

  /** Registers through which PCI devices are plugged in and out. */
  public static final int PCI_HOTPLUG = 0x620;

  /** Ports of {@link #PCI_HOTPLUG}. */
  public static final int PCI_HOTPLUG_SIZE = 0x10;

  /** PCI configuration address port, 4 bytes. */
  public static final int PCI_CONFIG_ADDRESS = 0xCF8;

  /** PCI configuration data port, 4 bytes. */
  public static final int PCI_CONFIG_DATA = 0xCFC;

  /** First port after {@link #PCI_CONFIG_DATA}. */
  public static final int PCI_CONFIG_END = 0xD00;

  /**
   * Reset control register; inside {@link #PCI_CONFIG_ADDRESS}'s ports, told apart by its width.
   */
  public static final int RESET = 0xCF9;

  /** Value that the guest writes to {@link #RESET} to reset the machine (full reset). */
  public static final int RESET_VALUE = 0x06;

  /** SLP_TYP that the guest writes to PM1a control to enter S5 (soft off). */
  public static final int S5_SLEEP_TYPE = 5;

  // Interrupts: GSI numbers, which are input pins of the one I/O APIC.

  /** ID of KVM's I/O APIC; a name space of its own beside the local APICs'. */
  public static final int IOAPIC_ID = 0;

  /** Input pins of KVM's I/O APIC. */
  public static final int IOAPIC_PINS = 24;

  /** The PIT's interrupt, ISA IRQ 0, is wired to this pin. */
  public static final int TIMER_GSI = 2;

  /** COM1. */
  public static final int SERIAL_GSI = 4;

  /** RTC alarm. */
  public static final int RTC_GSI = 8;

  /** ACPI system control interrupt: level-triggered, active high. */
  public static final int SCI_GSI = 9;

  /** First of the pins that PCI INTx lines share: level-triggered, active high. */
  public static final int PCI_INTX_GSI = 16;

  /** Number of pins that PCI INTx lines share. */
  public static final int PCI_INTX_GSIS = 8;

  /** PCI device slots on a bus. */
  public static final int PCI_SLOTS = 32;

  // Slots of the PCI bus; the host bridge has 0. Each device has its own from machine to machine,
  // so that what a guest names after a slot (ens5) stays when another device comes or goes.

  /** virtio-rng. */
  public static final int RNG_SLOT = 1;

  /** virtio-balloon. */
  public static final int BALLOON_SLOT = 2;

  /** virtio-console. */
  public static final int CONSOLE_SLOT = 3;

  /** virtio-vsock. */
  public static final int VSOCK_SLOT = 4;

  /** First of the slots of network cards. */
  public static final int NETWORK_SLOT = 5;

  /** Number of slots of network cards. */
  public static final int NETWORK_SLOTS = 8;

  /** First of the slots of disks; these can be plugged and unplugged while the guest runs. */
  public static final int DISK_SLOT = NETWORK_SLOT + NETWORK_SLOTS;

  /** Number of slots of disks. */
  public static final int DISK_SLOTS = 16;

  /**
   * The pin that a slot's INTx line is wired to: neighbours get different ones.
   *
   * @param slot PCI device number, 0 to 31
   * @param pin 0 for INTA to 3 for INTD
   */
  public static int pciIntxGsi(int slot, int pin) {
    return PCI_INTX_GSI + ((slot + pin) % PCI_INTX_GSIS);
  }
}

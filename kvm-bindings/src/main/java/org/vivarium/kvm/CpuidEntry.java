package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.vivarium.kvm.ffi.Linux;
import org.vivarium.kvm.ffi.kvm_cpuid2;
import org.vivarium.kvm.ffi.kvm_cpuid_entry2;

/**
 * What the CPUID instruction answers for one leaf and sub-leaf.
 *
 * @param function leaf: EAX on entry
 * @param index sub-leaf: ECX on entry, if {@code hasIndex}
 * @param hasIndex whether the leaf's answer depends on the sub-leaf
 */
public record CpuidEntry(
    int function, int index, boolean hasIndex, int eax, int ebx, int ecx, int edx) {

  /** A leaf without sub-leaves. */
  public static CpuidEntry leaf(int function, int eax, int ebx, int ecx, int edx) {
    return new CpuidEntry(function, 0, false, eax, ebx, ecx, edx);
  }

  /** A sub-leaf. */
  public static CpuidEntry subleaf(int function, int index, int eax, int ebx, int ecx, int edx) {
    return new CpuidEntry(function, index, true, eax, ebx, ecx, edx);
  }

  /** The same leaf with another EAX. */
  public CpuidEntry withEax(int value) {
    return new CpuidEntry(function, index, hasIndex, value, ebx, ecx, edx);
  }

  /** The same leaf with another EBX. */
  public CpuidEntry withEbx(int value) {
    return new CpuidEntry(function, index, hasIndex, eax, value, ecx, edx);
  }

  /** The same leaf with another ECX. */
  public CpuidEntry withEcx(int value) {
    return new CpuidEntry(function, index, hasIndex, eax, ebx, value, edx);
  }

  /** The same leaf with another EDX. */
  public CpuidEntry withEdx(int value) {
    return new CpuidEntry(function, index, hasIndex, eax, ebx, ecx, value);
  }

  /** A {@code struct kvm_cpuid2} with room for {@code capacity} entries and nent set to it. */
  static MemorySegment allocateTable(Arena arena, int capacity) {
    MemorySegment table =
        arena.allocate(kvm_cpuid2.entries$offset() + capacity * kvm_cpuid_entry2.sizeof(), 8);
    kvm_cpuid2.nent(table, capacity);
    return table;
  }

  static MemorySegment toTable(Arena arena, List<CpuidEntry> entries) {
    MemorySegment table = allocateTable(arena, entries.size());
    for (int i = 0; i < entries.size(); i++) {
      CpuidEntry entry = entries.get(i);
      MemorySegment slot =
          table.asSlice(
              kvm_cpuid2.entries$offset() + i * kvm_cpuid_entry2.sizeof(),
              kvm_cpuid_entry2.sizeof());
      kvm_cpuid_entry2.function(slot, entry.function);
      kvm_cpuid_entry2.index(slot, entry.index);
      kvm_cpuid_entry2.flags(slot, entry.hasIndex ? Linux.KVM_CPUID_FLAG_SIGNIFCANT_INDEX() : 0);
      kvm_cpuid_entry2.eax(slot, entry.eax);
      kvm_cpuid_entry2.ebx(slot, entry.ebx);
      kvm_cpuid_entry2.ecx(slot, entry.ecx);
      kvm_cpuid_entry2.edx(slot, entry.edx);
    }
    return table;
  }

  static CpuidEntry readFrom(MemorySegment slot) {
    return new CpuidEntry(
        kvm_cpuid_entry2.function(slot),
        kvm_cpuid_entry2.index(slot),
        (kvm_cpuid_entry2.flags(slot) & Linux.KVM_CPUID_FLAG_SIGNIFCANT_INDEX()) != 0,
        kvm_cpuid_entry2.eax(slot),
        kvm_cpuid_entry2.ebx(slot),
        kvm_cpuid_entry2.ecx(slot),
        kvm_cpuid_entry2.edx(slot));
  }
}

package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.vivarium.kvm.ffi.Linux;

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
  static KernelStruct allocateTable(Arena arena, int capacity) {
    return new KernelStruct(arena, at(capacity)).putInt(KvmLayouts.KvmCpuid2.NENT, capacity);
  }

  private static int at(int index) {
    return KvmLayouts.KvmCpuid2.ENTRIES + index * KvmLayouts.KvmCpuidEntry2.SIZE;
  }

  static KernelStruct toTable(Arena arena, List<CpuidEntry> entries) {
    KernelStruct table = allocateTable(arena, entries.size());
    for (int i = 0; i < entries.size(); i++) {
      CpuidEntry entry = entries.get(i);
      int flags = entry.hasIndex ? Linux.KVM_CPUID_FLAG_SIGNIFCANT_INDEX() : 0;
      table
          .putInt(at(i) + KvmLayouts.KvmCpuidEntry2.FUNCTION, entry.function)
          .putInt(at(i) + KvmLayouts.KvmCpuidEntry2.INDEX, entry.index)
          .putInt(at(i) + KvmLayouts.KvmCpuidEntry2.FLAGS, flags)
          .putInt(at(i) + KvmLayouts.KvmCpuidEntry2.EAX, entry.eax)
          .putInt(at(i) + KvmLayouts.KvmCpuidEntry2.EBX, entry.ebx)
          .putInt(at(i) + KvmLayouts.KvmCpuidEntry2.ECX, entry.ecx)
          .putInt(at(i) + KvmLayouts.KvmCpuidEntry2.EDX, entry.edx);
    }
    return table;
  }

  /** The entries that the kernel wrote into a table of {@link #allocateTable}. */
  static List<CpuidEntry> fromTable(KernelStruct table, int capacity) {
    int count = Math.min(table.getInt(KvmLayouts.KvmCpuid2.NENT), capacity);
    List<CpuidEntry> entries = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int flags = table.getInt(at(i) + KvmLayouts.KvmCpuidEntry2.FLAGS);
      entries.add(
          new CpuidEntry(
              table.getInt(at(i) + KvmLayouts.KvmCpuidEntry2.FUNCTION),
              table.getInt(at(i) + KvmLayouts.KvmCpuidEntry2.INDEX),
              (flags & Linux.KVM_CPUID_FLAG_SIGNIFCANT_INDEX()) != 0,
              table.getInt(at(i) + KvmLayouts.KvmCpuidEntry2.EAX),
              table.getInt(at(i) + KvmLayouts.KvmCpuidEntry2.EBX),
              table.getInt(at(i) + KvmLayouts.KvmCpuidEntry2.ECX),
              table.getInt(at(i) + KvmLayouts.KvmCpuidEntry2.EDX)));
    }
    return entries;
  }
}

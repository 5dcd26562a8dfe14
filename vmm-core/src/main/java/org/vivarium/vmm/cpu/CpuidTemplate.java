package org.vivarium.vmm.cpu;

import java.util.ArrayList;
import java.util.List;
import org.vivarium.kvm.CpuidEntry;

/**
 * What CPUID answers: the host's leaves as KVM offers them, with this machine's topology.
 *
 * <p>The topology is one package of {@code cpus} cores with one thread each; all share the last
 * level cache. Virtualization in the guest is not offered: nesting is much of the kernel's code
 * that a hostile guest could reach, and no desktop guest needs it. Sources: Intel SDM vol. 2,
 * CPUID; AMD APM vol. 3, appendix E.
 */
public final class CpuidTemplate {
  private static final int FEATURES = 0x1;
  private static final int CACHES_INTEL = 0x4;
  private static final int TOPOLOGY = 0xB;
  private static final int TOPOLOGY_V2 = 0x1F;
  private static final int FEATURES_AMD = 0x8000_0001;
  private static final int SIZES_AMD = 0x8000_0008;
  private static final int SVM_AMD = 0x8000_000A;
  private static final int CACHES_AMD = 0x8000_001D;
  private static final int TOPOLOGY_AMD = 0x8000_001E;

  private static final int ECX_VMX = 1 << 5;
  private static final int ECX_HYPERVISOR = 1 << 31;
  private static final int ECX_TSC_DEADLINE = 1 << 24;
  private static final int EDX_HTT = 1 << 28;
  private static final int AMD_ECX_CMP_LEGACY = 1 << 1;
  private static final int AMD_ECX_SVM = 1 << 2;
  private static final int AMD_ECX_TOPOEXT = 1 << 22;

  private static final int LEVEL_SMT = 1 << 8;
  private static final int LEVEL_CORE = 2 << 8;
  private static final int LAST_LEVEL_CACHE = 3;

  private final List<CpuidEntry> host;
  private final int cpus;
  private final boolean tscDeadline;

  /**
   * @param host what KVM offers
   * @param cpus processors of the machine
   * @param tscDeadline whether KVM's local APIC timer takes TSC deadlines
   */
  public CpuidTemplate(List<CpuidEntry> host, int cpus, boolean tscDeadline) {
    this.host = List.copyOf(host);
    this.cpus = cpus;
    this.tscDeadline = tscDeadline;
  }

  /**
   * Physical address bits of the host's processors, as leaf 0x80000008 tells them; 36 if untold.
   */
  public int physicalAddressBits() {
    return host.stream()
        .filter(e -> e.function() == SIZES_AMD)
        .mapToInt(e -> e.eax() & 0xFF)
        .findFirst()
        .orElse(36);
  }

  /**
   * The leaves of one processor.
   *
   * @param apicId its APIC id, which is its number
   */
  public List<CpuidEntry> forProcessor(int apicId) {
    List<CpuidEntry> result = new ArrayList<>(host.size() + 4);
    for (CpuidEntry entry : host) {
      switch (entry.function()) {
        case FEATURES -> result.add(features(entry, apicId));
        case CACHES_INTEL -> result.add(intelCache(entry));
        case FEATURES_AMD -> result.add(amdFeatures(entry));
        case SIZES_AMD -> result.add(amdSizes(entry));
        case SVM_AMD -> result.add(CpuidEntry.leaf(SVM_AMD, 0, 0, 0, 0));
        case CACHES_AMD -> result.add(amdCache(entry));
        case TOPOLOGY_AMD -> result.add(amdTopology(entry, apicId));
        case TOPOLOGY, TOPOLOGY_V2 -> {
          if (entry.index() == 0) {
            addTopology(result, entry.function(), apicId);
          }
        }
        default -> result.add(entry);
      }
    }
    return result;
  }

  /** Bits of an APIC id that number the cores of the package. */
  private int coreBits() {
    return 32 - Integer.numberOfLeadingZeros(cpus - 1);
  }

  private CpuidEntry features(CpuidEntry entry, int apicId) {
    int logicalProcessors = 1 << coreBits();
    int ebx = (entry.ebx() & 0xFFFF) | (logicalProcessors << 16) | (apicId << 24);
    int offered = entry.ecx() & ~ECX_VMX;
    int ecx = offered | ECX_HYPERVISOR | (tscDeadline ? ECX_TSC_DEADLINE : 0);
    int edx = cpus > 1 ? entry.edx() | EDX_HTT : entry.edx() & ~EDX_HTT;
    return entry.withEbx(ebx).withEcx(ecx).withEdx(edx);
  }

  private int sharing(int cacheLevel) {
    return cacheLevel >= LAST_LEVEL_CACHE ? (1 << coreBits()) - 1 : 0;
  }

  private CpuidEntry intelCache(CpuidEntry entry) {
    if ((entry.eax() & 0x1F) == 0) {
      return entry;
    }
    int level = (entry.eax() >>> 5) & 7;
    int coresInPackage = (1 << coreBits()) - 1;
    return entry.withEax((entry.eax() & 0x3FFF) | (sharing(level) << 14) | (coresInPackage << 26));
  }

  private CpuidEntry amdCache(CpuidEntry entry) {
    if ((entry.eax() & 0x1F) == 0) {
      return entry;
    }
    int level = (entry.eax() >>> 5) & 7;
    return entry.withEax((entry.eax() & ~(0xFFF << 14)) | (sharing(level) << 14));
  }

  private CpuidEntry amdFeatures(CpuidEntry entry) {
    // TOPOEXT stays only where the leaves that it promises are there to be told.
    boolean extended = host.stream().anyMatch(e -> e.function() == TOPOLOGY_AMD);
    int offered = entry.ecx() & ~AMD_ECX_SVM;
    int ecx = extended ? offered : offered & ~AMD_ECX_TOPOEXT;
    return entry.withEcx(cpus > 1 ? ecx | AMD_ECX_CMP_LEGACY : ecx & ~AMD_ECX_CMP_LEGACY);
  }

  private CpuidEntry amdSizes(CpuidEntry entry) {
    return entry.withEcx((entry.ecx() & ~0xF0FF) | (coreBits() << 12) | (cpus - 1));
  }

  private static CpuidEntry amdTopology(CpuidEntry entry, int apicId) {
    // One thread a core, one node: EBX is the core's number, ECX node 0 of 1.
    return new CpuidEntry(
        entry.function(), entry.index(), entry.hasIndex(), apicId, apicId & 0xFF, 0, 0);
  }

  private void addTopology(List<CpuidEntry> result, int function, int apicId) {
    result.add(CpuidEntry.subleaf(function, 0, 0, 1, LEVEL_SMT, apicId));
    result.add(CpuidEntry.subleaf(function, 1, coreBits(), cpus, 1 | LEVEL_CORE, apicId));
    result.add(CpuidEntry.subleaf(function, 2, 0, 0, 2, apicId));
  }
}

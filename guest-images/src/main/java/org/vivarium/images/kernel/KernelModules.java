package org.vivarium.images.kernel;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.vivarium.images.ImageException;

/**
 * The modules of one kernel, from which an initial RAM disk takes some, with all that they need.
 *
 * <p>Debian's packages hold no modules.dep; what a module needs is read from the module itself, so
 * that nothing but the chosen ones is ever opened.
 */
public final class KernelModules {
  /** Largest module that is read, unpacked: the largest of Debian's have some 10 MiB. */
  private static final int MAX_MODULE = 64 << 20;

  private final Map<String, String> pathsByName = new TreeMap<>();
  private final Set<String> builtIn = new TreeSet<>();
  private final Contents contents;

  /** Gives the bytes of a module file. */
  @FunctionalInterface
  public interface Contents {
    /**
     * Returns the bytes as packed, possibly compressed.
     *
     * @param path below the kernel's module folder
     */
    byte[] at(String path) throws IOException;
  }

  /**
   * One module.
   *
   * @param name in the kernel's spelling ("virtio_rng")
   * @param path below the kernel's module folder, ending in ".ko"
   * @param elf its bytes, uncompressed
   * @param needs paths of all modules that must be loaded before it, in loading order
   * @param aliases what it serves
   */
  public record Module(
      String name, String path, byte[] elf, List<String> needs, List<String> aliases) {}

  /**
   * What was chosen.
   *
   * @param modules in an order in which they can be loaded
   * @param builtIn wanted ones that the kernel has built in
   * @param absent wanted ones that the kernel does not have
   */
  public record Selection(List<Module> modules, List<String> builtIn, List<String> absent) {
    /** The file modules.dep for modprobe: what a module needs, what is loaded first comes last. */
    public String modulesDep() {
      StringBuilder text = new StringBuilder();
      for (Module module : modules) {
        text.append(module.path()).append(':');
        module.needs().reversed().forEach(path -> text.append(' ').append(path));
        text.append('\n');
      }
      return text.toString();
    }

    /** The file modules.alias for modprobe. */
    public String modulesAlias() {
      StringBuilder text = new StringBuilder();
      for (Module module : modules) {
        for (String alias : module.aliases()) {
          text.append("alias ").append(alias).append(' ').append(module.name()).append('\n');
        }
      }
      return text.toString();
    }
  }

  /**
   * @param paths the module files below the kernel's module folder ("kernel/fs/ext4/ext4.ko.xz")
   * @param modulesBuiltin the package's file modules.builtin
   */
  public KernelModules(Iterable<String> paths, String modulesBuiltin, Contents contents) {
    for (String path : paths) {
      pathsByName.put(nameOf(path), path);
    }
    modulesBuiltin.lines().filter(line -> !line.isBlank()).forEach(p -> builtIn.add(nameOf(p)));
    this.contents = contents;
  }

  /** Returns a module's name in the kernel's spelling: "virtio-rng" is virtio_rng. */
  static String canonical(String name) {
    return name.replace('-', '_');
  }

  private static String nameOf(String path) {
    String file = path.substring(path.lastIndexOf('/') + 1);
    int suffix = file.indexOf(".ko");
    return canonical(suffix < 0 ? file : file.substring(0, suffix));
  }

  /**
   * Chooses modules and everything that they depend on.
   *
   * @param wanted names, with dashes or underscores
   * @throws ImageException if a module is damaged, or needs one that is not there
   */
  public Selection select(List<String> wanted) throws ImageException {
    Map<String, Module> chosen = new LinkedHashMap<>();
    List<String> built = new ArrayList<>();
    List<String> absent = new ArrayList<>();
    for (String name : wanted) {
      String canonical = canonical(name);
      if (pathsByName.containsKey(canonical)) {
        choose(canonical, chosen, new ArrayList<>());
      } else if (builtIn.contains(canonical)) {
        built.add(canonical);
      } else {
        absent.add(canonical);
      }
    }
    return new Selection(List.copyOf(chosen.values()), built, absent);
  }

  /**
   * @param requiredBy the chain of modules that led here, which a cycle would revisit
   */
  private void choose(String name, Map<String, Module> chosen, List<String> requiredBy)
      throws ImageException {
    if (chosen.containsKey(name) || builtIn.contains(name)) {
      return;
    }
    String path = pathsByName.get(name);
    if (path == null || requiredBy.contains(name)) {
      throw new ImageException(
          "The kernel package is incomplete: the module %s needs %s, which %s."
              .formatted(
                  String.join(" needed by ", requiredBy.reversed()),
                  name,
                  path == null ? "is not there" : "needs it in turn"));
    }
    byte[] elf = read(path);
    ModuleInfo info = info(path, elf);
    requiredBy.add(name);
    Set<String> needs = new LinkedHashSet<>();
    for (String need : info.depends()) {
      choose(need, chosen, requiredBy);
      Module needed = chosen.get(need);
      if (needed != null) {
        needs.addAll(needed.needs());
        needs.add(needed.path());
      }
    }
    requiredBy.removeLast();
    String unpackedPath = path.substring(0, path.indexOf(".ko") + 3);
    chosen.put(name, new Module(name, unpackedPath, elf, List.copyOf(needs), info.aliases()));
  }

  private byte[] read(String path) throws ImageException {
    try {
      return Unpack.module(path, contents.at(path), MAX_MODULE);
    } catch (IOException e) {
      throw new ImageException(damaged(path), e);
    }
  }

  private static ModuleInfo info(String path, byte[] elf) throws ImageException {
    try {
      return ModuleInfo.read(elf);
    } catch (IllegalArgumentException e) {
      throw new ImageException(damaged(path), e);
    }
  }

  private static String damaged(String path) {
    return "The kernel package is damaged: the module %s cannot be read; fetch it again."
        .formatted(path);
  }
}

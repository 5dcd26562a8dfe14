package org.vivarium.images.boot;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vivarium.images.deb.DebVersion;
import org.vivarium.images.ext4.Ext4Volume;

/**
 * Finds what one file system's boot loader would start: by the Boot Loader Specification's entries,
 * GRUB's grub.cfg, extlinux.conf, or, where there is no boot loader, by Debian's links to the
 * newest kernel and the usual names in /boot.
 *
 * @param volume the file system, a root or a separate /boot
 */
record InstalledKernel(Ext4Volume volume) {
  private static final int MAX_CONFIG = 4 << 20;
  private static final int MAX_FILES = 200;
  private static final String CONF = ".conf";

  /** Returns the entry, its paths from the root of the file system that holds the kernel. */
  Optional<BootEntry> find() throws IOException {
    for (String folder : List.of("/boot/", "/")) {
      Optional<BootEntry> entry = specified(folder);
      if (entry.isEmpty()) {
        entry = grub(folder);
      }
      if (entry.isEmpty()) {
        entry = extlinux(folder);
      }
      if (entry.isPresent()) {
        return entry;
      }
    }
    Optional<BootEntry> linked = debian();
    return linked.isPresent() ? linked : byName();
  }

  private String text(String path) throws IOException {
    return volume.readText(path, MAX_CONFIG).orElse("");
  }

  private String environment(String folder) throws IOException {
    return text(folder + "grub/grubenv") + "\n" + text(folder + "grub2/grubenv");
  }

  private Optional<BootEntry> specified(String folder) throws IOException {
    Map<String, String> files = new HashMap<>();
    for (String name : volume.list(folder + "loader/entries")) {
      if (name.endsWith(CONF) && files.size() < MAX_FILES) {
        files.put(name, text(folder + "loader/entries/" + name));
      }
    }
    return files.isEmpty() ? Optional.empty() : LoaderEntries.choose(files, environment(folder));
  }

  private Optional<BootEntry> grub(String folder) throws IOException {
    for (String name : List.of("grub/grub.cfg", "grub2/grub.cfg")) {
      Optional<BootEntry> entry = GrubConfig.choose(text(folder + name), environment(folder));
      if (entry.isPresent()) {
        return entry;
      }
    }
    return Optional.empty();
  }

  private Optional<BootEntry> extlinux(String folder) throws IOException {
    for (String place : List.of("", "extlinux/", "syslinux/")) {
      Optional<BootEntry> entry = LoaderEntries.ofExtlinux(text(folder + place + "extlinux.conf"));
      if (entry.isPresent()) {
        BootEntry found = entry.get();
        String base = folder + place;
        List<String> initrds = found.initrds().stream().map(path -> from(base, path)).toList();
        return Optional.of(
            new BootEntry(found.title(), from(base, found.kernel()), initrds, found.options()));
      }
    }
    return Optional.empty();
  }

  private static String from(String folder, String path) {
    return path.startsWith("/") ? path : folder + path;
  }

  /** /vmlinuz and /initrd.img, which Debian keeps pointing to the newest kernel. */
  private Optional<BootEntry> debian() throws IOException {
    if (volume.stat("/vmlinuz").isEmpty()) {
      return Optional.empty();
    }
    boolean initrd = volume.stat("/initrd.img").isPresent();
    return Optional.of(
        new BootEntry("", "/vmlinuz", initrd ? List.of("/initrd.img") : List.of(), options()));
  }

  private Optional<BootEntry> byName() throws IOException {
    List<String> names = new ArrayList<>(volume.list("/boot"));
    names.removeIf(name -> !name.startsWith("vmlinuz-") || name.contains("rescue"));
    Optional<String> newest = names.stream().max(DebVersion::compare);
    if (newest.isEmpty()) {
      return Optional.empty();
    }
    String release = newest.get().substring("vmlinuz-".length());
    for (String name : List.of("initrd.img-" + release, "initramfs-" + release + ".img")) {
      if (volume.stat("/boot/" + name).isPresent()) {
        return Optional.of(
            new BootEntry("", "/boot/" + newest.get(), List.of("/boot/" + name), options()));
      }
    }
    return Optional.of(new BootEntry("", "/boot/" + newest.get(), List.of(), options()));
  }

  /** What kernel-install(8) would give; else this file system as the root. */
  private String options() throws IOException {
    String given = String.join(" ", BootEntry.words(text("/etc/kernel/cmdline")));
    return given.isEmpty() ? "root=UUID=" + volume.uuid() + " ro" : given;
  }
}

package org.vivarium.images.boot;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.deb.DebVersion;

/**
 * Reads the small files that name one kernel each: the entries of the Boot Loader Specification
 * (loader/entries/*.conf), and extlinux.conf, whose labels do the same in one file.
 */
final class LoaderEntries {
  private static final Pattern LINE = Pattern.compile("^\\s*([A-Za-z_-]+)\\s+(.*)$");
  private static final Pattern KERNEL_OPTIONS = Pattern.compile("(?m)^kernelopts=(.+)$");
  private static final Pattern SAVED = Pattern.compile("(?m)^saved_entry=(.+)$");

  private LoaderEntries() {}

  /**
   * Returns the entry that would start: the one that GRUB saved, else the newest by file name.
   *
   * @param files content by file name, as "6.1.conf"
   * @param environment the content of grubenv; empty where there is none
   */
  static Optional<BootEntry> choose(Map<String, String> files, String environment) {
    Matcher saved = SAVED.matcher(environment);
    String wanted = saved.find() ? saved.group(1).strip() + ".conf" : "";
    List<String> names = new ArrayList<>(files.keySet());
    // A rescue entry is there for the day when the others fail.
    names.sort(
        (a, b) ->
            a.contains("rescue") == b.contains("rescue")
                ? DebVersion.compare(b, a)
                : Boolean.compare(a.contains("rescue"), b.contains("rescue")));
    if (names.remove(wanted)) {
      names.addFirst(wanted);
    }
    for (String name : names) {
      Optional<BootEntry> entry = entry(files.getOrDefault(name, ""), environment);
      if (entry.isPresent()) {
        return entry;
      }
    }
    return Optional.empty();
  }

  private static Optional<BootEntry> entry(String text, String environment) {
    Map<String, String> fields = new HashMap<>();
    for (String line : text.lines().toList()) {
      Matcher field = LINE.matcher(line);
      if (field.matches()) {
        fields.merge(field.group(1), field.group(2), (a, b) -> a + " " + b);
      }
    }
    Matcher kernelOptions = KERNEL_OPTIONS.matcher(environment);
    String common = kernelOptions.find() ? kernelOptions.group(1) : "";
    String options = fields.getOrDefault("options", "").replace("$kernelopts", common);
    return made(
        fields.getOrDefault("title", ""), fields.get("linux"), fields.get("initrd"), options);
  }

  /**
   * Returns the entry that extlinux would start: the one named by DEFAULT, else the first.
   *
   * @param text the content of extlinux.conf
   */
  static Optional<BootEntry> ofExtlinux(String text) {
    Map<String, Map<String, String>> labels = new LinkedHashMap<>();
    Map<String, String> global = new HashMap<>();
    Map<String, String> present = global;
    for (String line : text.lines().toList()) {
      Matcher field = LINE.matcher(line);
      if (!field.matches()) {
        continue;
      }
      String key = field.group(1).toLowerCase(Locale.ROOT);
      if (key.equals("label")) {
        present = labels.computeIfAbsent(field.group(2).strip(), _ -> new HashMap<>());
      } else {
        present.putIfAbsent(key.equals("kernel") ? "linux" : key, field.group(2).strip());
      }
    }
    Map<String, String> first = labels.values().stream().findFirst().orElse(global);
    Map<String, String> chosen = labels.getOrDefault(global.getOrDefault("default", ""), first);
    String initrd = chosen.getOrDefault("initrd", "").replace(',', ' ');
    return made(
        chosen.getOrDefault("menu", ""),
        chosen.get("linux"),
        initrd,
        chosen.getOrDefault("append", ""));
  }

  private static Optional<BootEntry> made(
      String title, @Nullable String linux, @Nullable String initrd, String options) {
    List<String> kernel = BootEntry.words(linux == null ? "" : linux);
    if (kernel.size() != 1) {
      return Optional.empty();
    }
    List<String> initrds = BootEntry.words(initrd == null ? "" : initrd);
    String words = String.join(" ", BootEntry.words(options));
    return Optional.of(new BootEntry(title, kernel.getFirst(), initrds, words));
  }
}

package org.vivarium.images.boot;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads GRUB's grub.cfg, as grub-mkconfig writes it: menu entries, each with a kernel's and an
 * initial RAM disk's line, and which one is the default. GRUB's language is not interpreted.
 */
final class GrubConfig {
  private static final Pattern DEFAULT =
      Pattern.compile("^\\s*set\\s+default=[\"']?([^\"'$]*)[\"']?\\s*$");
  private static final Pattern SAVED = Pattern.compile("(?m)^saved_entry=(.+)$");
  private static final Pattern TITLE =
      Pattern.compile("^\\s*(menuentry|submenu)\\s+(?:'([^']*)'|\"([^\"]*)\").*\\{\\s*$");
  private static final Pattern ID = Pattern.compile("menuentry_id_option\\s+[\"']([^\"']*)[\"']");
  private static final Pattern KERNEL = Pattern.compile("^\\s*linux(?:16|efi)?\\s+(.+)$");
  private static final Pattern INITRD = Pattern.compile("^\\s*initrd(?:16|efi)?\\s+(.+)$");
  private static final int MAX_ENTRIES = 1000;

  /** One menu entry; place is its number in the outermost menu, as "set default" counts. */
  private record Item(int place, String id, BootEntry entry) {}

  private final List<Item> items = new ArrayList<>();
  private String wanted = "0";

  private GrubConfig() {}

  /**
   * Returns the entry that would start.
   *
   * @param text the content of grub.cfg
   * @param environment the content of grubenv beside it; empty where there is none
   */
  static Optional<BootEntry> choose(String text, String environment) {
    GrubConfig config = new GrubConfig();
    config.read(text);
    Matcher saved = SAVED.matcher(environment);
    if (text.contains("saved_entry") && saved.find()) {
      config.wanted = saved.group(1).strip();
    }
    return config.chosen();
  }

  private void read(String text) {
    int depth = 0;
    int top = -1;
    String title = "";
    String id = "";
    List<String> kernel = List.of();
    List<String> initrds = List.of();
    for (String line : text.lines().toList()) {
      if (items.size() >= MAX_ENTRIES) {
        return;
      }
      Matcher header = TITLE.matcher(line);
      if (header.matches()) {
        top += depth == 0 ? 1 : 0;
        depth++;
        title = header.group(2) != null ? header.group(2) : header.group(3);
        Matcher found = ID.matcher(line);
        id = found.find() ? found.group(1) : "";
        kernel = List.of();
        initrds = List.of();
        continue;
      }
      Matcher set = DEFAULT.matcher(line);
      if (depth == 0 && set.matches() && !set.group(1).isBlank()) {
        wanted = set.group(1).strip();
      }
      Matcher linux = KERNEL.matcher(line);
      Matcher initrd = INITRD.matcher(line);
      if (depth > 0 && linux.matches()) {
        kernel = BootEntry.words(linux.group(1));
      } else if (depth > 0 && initrd.matches()) {
        initrds = BootEntry.words(initrd.group(1));
      } else if (depth > 0 && line.strip().equals("}")) {
        if (!kernel.isEmpty()) {
          String options = String.join(" ", kernel.subList(1, kernel.size()));
          items.add(new Item(top, id, new BootEntry(title, kernel.getFirst(), initrds, options)));
          kernel = List.of();
        }
        depth--;
      }
    }
  }

  private Optional<BootEntry> chosen() {
    String last = wanted.substring(wanted.lastIndexOf('>') + 1);
    for (Item item : items) {
      if (item.entry().title().equals(last)
          || item.id().equals(last)
          || String.valueOf(item.place()).equals(last)) {
        return Optional.of(item.entry());
      }
    }
    return items.stream().findFirst().map(Item::entry);
  }
}

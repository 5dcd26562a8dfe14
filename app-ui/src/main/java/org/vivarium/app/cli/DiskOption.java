package org.vivarium.app.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.DiskFormat;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.config.WhenFull;

/** Reads a disk as the command line words it: {@code disk.qcow2,ro,serial=A1}. */
final class DiskOption {
  static final String NAME = "--disk";

  /** What stands behind the option in a synopsis. */
  static final String LABEL = "FILE[,WORD...]";

  /** What may stand behind the file. */
  static final String WORDS =
      "ro, format=raw or format=qcow2, serial=TEXT, id=NAME. A comma in FILE is written twice.";

  /** What the option means. */
  static final String HELP =
      "A disk image or block device; may be given several times. Words: " + WORDS;

  private DiskOption() {}

  /**
   * Reads every disk of a machine, which the guest finds in this order.
   *
   * @param texts what was given, or null where nothing was
   */
  static List<DiskConfig> parse(@Nullable List<String> texts) throws InvalidConfigException {
    List<DiskConfig> disks = new ArrayList<>();
    Set<String> taken = new HashSet<>();
    for (String text : texts == null ? List.<String>of() : texts) {
      DiskConfig disk = parse(text, taken);
      disks.add(disk);
      taken.add(disk.id());
    }
    return disks;
  }

  /**
   * Reads one disk.
   *
   * @param taken identifiers of the machine's other devices
   * @throws InvalidConfigException naming the word that is wrong and what is allowed
   */
  static DiskConfig parse(String text, Collection<String> taken) throws InvalidConfigException {
    List<String> words = OptionWords.split(text);
    DiskFormat format = null;
    boolean readOnly = false;
    String serial = "";
    String id = null;
    WhenFull whenFull = WhenFull.PAUSE;
    for (String word : words.subList(1, words.size())) {
      int equals = word.indexOf('=');
      String key = equals < 0 ? word : word.substring(0, equals + 1);
      String value = word.substring(equals + 1);
      switch (key) {
        case "ro" -> readOnly = true;
        case "format=" -> format = format(value);
        case "serial=" -> serial = value;
        case "full=" -> whenFull = whenFull(value);
        case "id=" -> id = OptionWords.id(NAME, value, taken);
        default ->
            throw new InvalidConfigException(
                "Option %s: '%s' is not known; after the file come ro, format=, serial=, full= and id=."
                    .formatted(NAME, word));
      }
    }
    DiskConfig disk =
        new DiskConfig(
            id == null ? OptionWords.freeId("disk", taken) : id,
            file(words.getFirst()),
            format,
            readOnly,
            serial,
            RateLimit.NONE,
            whenFull);
    disk.check();
    return disk;
  }

  private static Path file(String name) throws InvalidConfigException {
    if (name.isEmpty()) {
      throw new InvalidConfigException(
          "Option %s: it begins with the file of the disk, such as disk.qcow2.".formatted(NAME));
    }
    try {
      return Path.of(name).toAbsolutePath().normalize();
    } catch (InvalidPathException e) {
      throw new InvalidConfigException(
          "Option %s: '%s' cannot be the name of a file.".formatted(NAME, name), e);
    }
  }

  private static WhenFull whenFull(String value) throws InvalidConfigException {
    return switch (value) {
      case "pause" -> WhenFull.PAUSE;
      case "report" -> WhenFull.REPORT;
      default ->
          throw new InvalidConfigException(
              "Option %s: full=%s is not known; choose pause or report.".formatted(NAME, value));
    };
  }

  private static DiskFormat format(String value) throws InvalidConfigException {
    return switch (value) {
      case "raw" -> DiskFormat.RAW;
      case "qcow2" -> DiskFormat.QCOW2;
      default ->
          throw new InvalidConfigException(
              "Option %s: format=%s is not known; choose raw or qcow2.".formatted(NAME, value));
    };
  }
}

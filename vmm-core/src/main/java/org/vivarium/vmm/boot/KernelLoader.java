package org.vivarium.vmm.boot;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.config.BootSource;

/** Loads a kernel of whichever kind the file is. */
public final class KernelLoader {
  private static final int RECOGNISABLE = 1024;

  private KernelLoader() {}

  /**
   * Loads the kernel as its file says: a bzImage unpacks itself in the guest and picks its own
   * address there (KASLR), unless its unpacked form lies beside it, whose address is picked here;
   * an ELF kernel is entered where it stands.
   *
   * @return what the first processor starts with
   * @throws InvalidConfigException if a file cannot be read, is not what it should be or does not
   *     fit; guest memory then holds rubbish
   */
  public static EntryState load(BootSource source, BootTarget target)
      throws InvalidConfigException {
    Path initrdPath = source.initrd();
    try (ImageFile kernel = ImageFile.open("Kernel", source.kernel())) {
      if (initrdPath == null) {
        return load(source, new BootFiles(kernel, null, source.commandLine()), target);
      }
      try (ImageFile initrd = ImageFile.open("Initrd", initrdPath)) {
        return load(source, new BootFiles(kernel, initrd, source.commandLine()), target);
      }
    }
  }

  private static EntryState load(BootSource source, BootFiles files, BootTarget target)
      throws InvalidConfigException {
    if (UnpackedLoader.mayPlace(files.commandLine())) {
      try (UnpackedImage unpacked = UnpackedImage.beside(source.kernel(), files.kernel())) {
        if (unpacked != null) {
          return UnpackedLoader.load(unpacked, files, target, Placer.random());
        }
      }
    }
    return load(files, target);
  }

  /**
   * As {@link #load(BootSource, BootTarget)}, from images that are open already.
   *
   * @throws InvalidConfigException if an image is not what it should be or does not fit
   */
  static EntryState load(BootFiles files, BootTarget target) throws InvalidConfigException {
    BootImage kernel = files.kernel();
    ByteBuffer start = kernel.copy(0, (int) Math.min(kernel.size(), RECOGNISABLE));
    if (ElfImage.recognises(start)) {
      return ElfLoader.load(files, target);
    }
    if (!BzImageHeader.recognises(start)) {
      throw new InvalidConfigException(
          kernel.label()
              + ": it is neither a bzImage nor an ELF kernel, or it is cut off; "
              + "use a vmlinuz or vmlinux for x86-64.");
    }
    return BzImageLoader.load(files, target);
  }
}

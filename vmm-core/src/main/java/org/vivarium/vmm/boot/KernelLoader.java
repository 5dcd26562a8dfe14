package org.vivarium.vmm.boot;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.config.BootSource;

/** Loads a kernel of whichever kind the file is. */
public final class KernelLoader {
  private static final int RECOGNISABLE = 1024;

  private KernelLoader() {}

  /**
   * Loads the kernel as its file says: a bzImage unpacks itself in the guest (and picks its own
   * address there, KASLR), an ELF kernel is entered where it stands.
   *
   * @return what the first processor starts with
   * @throws InvalidConfigException if a file cannot be read, is not what it should be or does not
   *     fit; guest memory then holds rubbish
   */
  public static EntryState load(BootSource source, BootTarget target)
      throws InvalidConfigException {
    return load(source, target, null);
  }

  /**
   * As {@link #load}, but a bzImage is unpacked on the host and entered by PVH: faster where the
   * guest's processor is slow, at the price of KASLR, which the skipped code would have done.
   *
   * @throws InvalidConfigException also if the payload cannot be unpacked
   */
  public static EntryState loadUnpacked(
      BootSource source, BootTarget target, PayloadUnpacker unpacker)
      throws InvalidConfigException {
    return load(source, target, unpacker);
  }

  private static EntryState load(
      BootSource source, BootTarget target, @Nullable PayloadUnpacker unpacker)
      throws InvalidConfigException {
    Path initrdPath = source.initrd();
    try (ImageFile kernel = ImageFile.open("Kernel", source.kernel())) {
      if (initrdPath == null) {
        return load(new BootFiles(kernel, null, source.commandLine()), target, unpacker);
      }
      try (ImageFile initrd = ImageFile.open("Initrd", initrdPath)) {
        return load(new BootFiles(kernel, initrd, source.commandLine()), target, unpacker);
      }
    }
  }

  /**
   * As the other methods, from images that are open already.
   *
   * @param unpacker unpacks a bzImage on the host, or null to let the guest do it
   * @throws InvalidConfigException if an image is not what it should be or does not fit
   */
  public static EntryState load(
      BootFiles files, BootTarget target, @Nullable PayloadUnpacker unpacker)
      throws InvalidConfigException {
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
    if (unpacker == null) {
      return BzImageLoader.load(files, target);
    }
    BzImageHeader header = BzImageHeader.read(kernel);
    if (header.payloadLength() == 0) {
      throw new InvalidConfigException(
          kernel.label() + ": it has no compressed payload; boot it without unpacking.");
    }
    long position = header.codePosition() + header.payloadOffset();
    BootImage unpacked = unpacker.unpack(kernel, position, header.payloadLength());
    return ElfLoader.load(new BootFiles(unpacked, files.initrd(), files.commandLine()), target);
  }
}

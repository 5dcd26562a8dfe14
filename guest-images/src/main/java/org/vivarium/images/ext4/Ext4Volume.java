package org.vivarium.images.ext4;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.disk.DiskImageException;

/**
 * An ext2, ext3 or ext4 file system, read from its disk.
 *
 * <p>Where {@link #needsRecovery()}, it is read as its journal makes it; the disk is left as it is.
 */
public final class Ext4Volume {
  /**
   * What a file is.
   *
   * @param inode its number
   * @param size bytes
   * @param modified seconds since 1970
   */
  public record Stat(long inode, long size, long modified) {}

  private static final long ROOT = 2;
  private static final int MAX_LINKS = 40;
  private static final int MAX_STEPS = 512;
  private static final int MAX_FOLDER = 16 << 20;
  private static final int MAX_TARGET = 4096;
  private static final int CHUNK = 1 << 20;

  private final Source volume;
  private final SuperBlock superBlock;
  private final BlockMap map;

  private Ext4Volume(Source volume, SuperBlock superBlock) {
    this.volume = volume;
    this.superBlock = superBlock;
    this.map = new BlockMap(volume, superBlock);
  }

  /** Returns whether a volume begins as such a file system does. */
  public static boolean isPresent(Volume volume) throws IOException {
    return SuperBlock.isPresent(volume);
  }

  /**
   * Opens a file system.
   *
   * @throws DiskImageException where it is damaged or has features that are not read here
   */
  public static Ext4Volume open(Volume volume) throws IOException {
    Source source = new Source(volume);
    SuperBlock superBlock = SuperBlock.read(source);
    Ext4Volume unreplayed = new Ext4Volume(source, superBlock);
    if (!superBlock.needsRecovery() || superBlock.journal() == 0) {
      return unreplayed;
    }
    Inode inode = unreplayed.inode(superBlock.journal());
    if (!inode.isRegular() || inode.isUnreadable()) {
      throw SuperBlock.damaged(volume.name(), "its journal is no file");
    }
    Source replayed =
        new Source(volume, superBlock.blockSize(), new Journal(source, superBlock, inode).replay());
    return new Ext4Volume(replayed, SuperBlock.read(replayed));
  }

  /** Whether it was not unmounted, so that its journal held what it lacks. */
  public boolean needsRecovery() {
    return superBlock.needsRecovery();
  }

  /** Its UUID, in the form of "root=UUID=". */
  public String uuid() {
    return superBlock.uuid();
  }

  /** What it is called in messages. */
  public String name() {
    return volume.name();
  }

  /** Tells what a regular file is; symbolic links are followed. Empty where there is none. */
  public Optional<Stat> stat(String path) throws IOException {
    Inode inode = walk(path, true);
    return inode == null || !inode.isRegular()
        ? Optional.empty()
        : Optional.of(new Stat(inode.number(), inode.size(), inode.modified()));
  }

  /** The names in a folder, in the order of the disk; empty where there is no such folder. */
  public List<String> list(String path) throws IOException {
    Inode inode = walk(path, true);
    List<String> names = new ArrayList<>();
    if (inode != null && inode.isFolder()) {
      entries(
          inode,
          (name, _) -> {
            if (!name.equals(".") && !name.equals("..")) {
              names.add(name);
            }
            return true;
          });
    }
    return names;
  }

  /** What a symbolic link points to; empty where the path is none. */
  public Optional<String> readLink(String path) throws IOException {
    Inode inode = walk(path, false);
    return inode == null || !inode.isLink() ? Optional.empty() : Optional.of(target(inode));
  }

  /**
   * Reads a small regular file as text.
   *
   * @param limit most bytes that it may have
   * @return empty where there is no such file
   * @throws DiskImageException where it is larger, or the file system is damaged there
   */
  public Optional<String> readText(String path, int limit) throws IOException {
    Inode inode = walk(path, true);
    if (inode == null || !inode.isRegular()) {
      return Optional.empty();
    }
    return Optional.of(new String(content(inode, limit), StandardCharsets.UTF_8));
  }

  /**
   * Copies a regular file.
   *
   * @param limit most bytes that it may have
   * @throws DiskImageException where it is not there or larger, or the file system is damaged there
   */
  public void copy(String path, long limit, OutputStream out) throws IOException {
    Inode inode = walk(path, true);
    if (inode == null || !inode.isRegular()) {
      throw new DiskImageException("There is no file %s on %s.".formatted(path, volume.name()));
    }
    read(inode, limit, out);
  }

  private byte[] content(Inode inode, int limit) throws IOException {
    java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
    read(inode, limit, bytes);
    return bytes.toByteArray();
  }

  private void read(Inode inode, long limit, OutputStream out) throws IOException {
    if (inode.isUnreadable()) {
      throw new DiskImageException(
          "Inode %d on %s is encrypted or stored inline, which is not read here."
              .formatted(inode.number(), volume.name()));
    }
    if (inode.size() < 0 || inode.size() > limit) {
      throw new DiskImageException(
          "A file on %s states a size of %s bytes; at most %d are read."
              .formatted(volume.name(), Long.toUnsignedString(inode.size()), limit));
    }
    int blockSize = superBlock.blockSize();
    byte[] chunk = new byte[(int) Math.min(CHUNK, Math.max(inode.size(), 1))];
    for (long at = 0; at < inode.size(); ) {
      BlockMap.Run run = map.find(inode, at / blockSize);
      long within = at % blockSize;
      long length = Math.min(run.count() * blockSize - within, inode.size() - at);
      length = Math.min(length, chunk.length);
      ByteBuffer part = ByteBuffer.wrap(chunk, 0, (int) length);
      if (run.block() == 0) {
        java.util.Arrays.fill(chunk, 0, (int) length, (byte) 0);
      } else {
        volume.read(run.block() * blockSize + within, part);
      }
      out.write(chunk, 0, (int) length);
      at += length;
    }
  }

  /** Hears a folder's entries until it answers no. */
  @FunctionalInterface
  private interface EntryVisitor {
    boolean visit(String name, long inode);
  }

  /** Visits a folder's entries one after the other: an index over them is made of holes to this. */
  private void entries(Inode folder, EntryVisitor visitor) throws IOException {
    ByteBuffer content =
        ByteBuffer.wrap(content(folder, MAX_FOLDER)).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    int blockSize = superBlock.blockSize();
    for (int at = 0; at + 8 <= content.limit(); ) {
      int length = content.getShort(at + 4) & 0xFFFF;
      if (blockSize == 1 << 16 && (length == 0 || length == 0xFFFF)) {
        length = blockSize;
      }
      int nameLength = content.get(at + 6) & 0xFF;
      if (length < 8
          || length % 4 != 0
          || at % blockSize + length > blockSize
          || nameLength + 8 > length
          || at + length > content.limit()) {
        throw SuperBlock.damaged(
            volume.name(), "the folder with inode %d has a wrong entry".formatted(folder.number()));
      }
      long inode = Integer.toUnsignedLong(content.getInt(at));
      if (inode != 0 && nameLength > 0) {
        String name = new String(content.array(), at + 8, nameLength, StandardCharsets.UTF_8);
        if (!visitor.visit(name, inode)) {
          return;
        }
      }
      at += length;
    }
  }

  private long lookUp(Inode folder, String name) throws IOException {
    long[] found = new long[1];
    entries(
        folder,
        (entry, inode) -> {
          if (entry.equals(name)) {
            found[0] = inode;
          }
          return found[0] == 0;
        });
    return found[0];
  }

  /** Follows a path from the root; null where it leads nowhere. */
  private @Nullable Inode walk(String path, boolean followLast) throws IOException {
    Deque<Inode> stack = new ArrayDeque<>();
    stack.push(inode(ROOT));
    Deque<String> names = split(path);
    int links = 0;
    for (int steps = 0; !names.isEmpty(); steps++) {
      if (steps > MAX_STEPS) {
        throw SuperBlock.damaged(
            volume.name(), "a path takes more than %d steps".formatted(MAX_STEPS));
      }
      String name = names.pop();
      if (name.equals("..")) {
        if (stack.size() > 1) {
          stack.pop();
        }
        continue;
      }
      Inode folder = stack.getFirst();
      long number = folder.isFolder() ? lookUp(folder, name) : 0;
      if (number == 0) {
        return null;
      }
      Inode next = inode(number);
      if (!next.isLink() || (names.isEmpty() && !followLast)) {
        stack.push(next);
        continue;
      }
      if (++links > MAX_LINKS) {
        throw SuperBlock.damaged(
            volume.name(), "a path goes over more than %d symbolic links".formatted(MAX_LINKS));
      }
      String target = target(next);
      if (target.startsWith("/")) {
        while (stack.size() > 1) {
          stack.pop();
        }
      }
      split(target).descendingIterator().forEachRemaining(names::push);
    }
    return stack.getFirst();
  }

  private static Deque<String> split(String path) {
    Deque<String> names = new ArrayDeque<>();
    for (String name : path.split("/")) {
      if (!name.isEmpty() && !name.equals(".")) {
        names.add(name);
      }
    }
    return names;
  }

  private String target(Inode link) throws IOException {
    if (link.isShortLink()) {
      byte[] bytes = new byte[(int) Math.max(0, link.size())];
      link.block().get(0, bytes);
      return new String(bytes, StandardCharsets.UTF_8);
    }
    return new String(content(link, MAX_TARGET), StandardCharsets.UTF_8);
  }

  private Inode inode(long number) throws IOException {
    if (number < 1 || number > superBlock.inodes()) {
      throw SuperBlock.damaged(volume.name(), "it names inode %d".formatted(number));
    }
    long group = (number - 1) / superBlock.inodesPerGroup();
    long index = (number - 1) % superBlock.inodesPerGroup();
    int size = superBlock.descriptorSize();
    ByteBuffer descriptor = volume.read(superBlock.descriptor(group), size);
    long table = Integer.toUnsignedLong(descriptor.getInt(8));
    if (size >= 64) {
      table |= Integer.toUnsignedLong(descriptor.getInt(40)) << 32;
    }
    if (table < 0 || table >= superBlock.blocks()) {
      throw SuperBlock.damaged(volume.name(), "group %d is wrong".formatted(group));
    }
    long at = table * superBlock.blockSize() + index * superBlock.inodeSize();
    return Inode.of(number, volume.read(at, Inode.MIN_SIZE));
  }
}

package org.vivarium.images.ext4;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.vivarium.images.disk.DiskImageException;

/**
 * A journal, read for what the file system lacks after it was not unmounted (Linux,
 * Documentation/filesystems/ext4, "Journal (jbd2)"). Every transaction that was committed counts;
 * the first one that was not ends it. Fast commits, which follow the last of them, are left out:
 * the file system is whole without them, and older by seconds. Used once.
 */
final class Journal {
  static final int MAGIC = 0xC03B3998;

  private static final int DESCRIPTOR = 1;
  private static final int COMMIT = 2;
  private static final int SUPER_BLOCK_V1 = 3;
  private static final int SUPER_BLOCK_V2 = 4;
  private static final int REVOKE = 5;

  private static final int INCOMPAT_64BIT = 0x2;
  private static final int INCOMPAT_CSUM_V2 = 0x8;
  private static final int INCOMPAT_CSUM_V3 = 0x10;
  private static final int INCOMPAT_FAST_COMMIT = 0x20;

  /** REVOKE, 64BIT, ASYNC_COMMIT, CSUM_V2, CSUM_V3, FAST_COMMIT. */
  private static final int KNOWN = 0x3F;

  private static final int ESCAPED = 1;
  private static final int SAME_UUID = 2;
  private static final int LAST_TAG = 8;

  private static final int HEADER = 12;
  private static final int UUID = 16;
  private static final int COMMIT_CHECKSUM = 16;
  private static final int FAST_COMMIT_BLOCKS = 256;

  /** Four times what the largest journal has that mke2fs makes by itself. */
  private static final int MAX_BLOCKS = 1 << 20;

  private static final int MAX_REPLACED = 1 << 18;

  private final Source volume;
  private final SuperBlock superBlock;
  private final BlockMap map;
  private final Inode inode;
  private final ByteBuffer head;
  private final int features;
  private final long first;
  private final long end;

  private final Map<Long, Source.Copy> replaced = new HashMap<>();
  private final Map<Long, Source.Copy> pending = new HashMap<>();

  /** Where the present transaction's blocks lie that name others, in the journal. */
  private final List<Long> revokes = new ArrayList<>();

  private long position;

  /**
   * @param volume without its journal
   * @param inode the journal's
   * @throws DiskImageException where it is damaged or has features that are not read here
   */
  Journal(Source volume, SuperBlock superBlock, Inode inode) throws IOException {
    this.volume = volume;
    this.superBlock = superBlock;
    this.map = new BlockMap(volume, superBlock);
    this.inode = inode;
    head = block(0);
    int type = head.getInt(4);
    features = type == SUPER_BLOCK_V1 ? 0 : head.getInt(40);
    int fast = Math.max(0, head.getInt(84));
    long reserved = !has(INCOMPAT_FAST_COMMIT) ? 0 : fast == 0 ? FAST_COMMIT_BLOCKS : fast;
    first = Integer.toUnsignedLong(head.getInt(20));
    end = Integer.toUnsignedLong(head.getInt(16)) - reserved;
    if (head.getInt(0) != MAGIC
        || (type != SUPER_BLOCK_V1 && type != SUPER_BLOCK_V2)
        || head.getInt(12) != superBlock.blockSize()
        || first < 1
        || end <= first
        || end > inode.size() / superBlock.blockSize()) {
      throw damaged("the super block of its journal is wrong");
    }
    if ((features & ~KNOWN) != 0 || end > MAX_BLOCKS) {
      throw unreplayable();
    }
  }

  private boolean has(int feature) {
    return (features & feature) != 0;
  }

  /** Returns where the newer content of blocks lies, by their numbers. */
  Map<Long, Source.Copy> replay() throws IOException {
    position = Integer.toUnsignedLong(head.getInt(28));
    if (position == 0) {
      return replaced;
    }
    if (position < first || position >= end) {
      throw damaged("its journal begins outside of itself");
    }
    int sequence = head.getInt(24);
    // Each block is looked at once: what would come round again cannot have been committed.
    for (long left = end - first; left > 0; ) {
      ByteBuffer block = block(position);
      if (block.getInt(0) != MAGIC || block.getInt(8) != sequence) {
        break;
      }
      long at = position;
      left -= advance();
      switch (block.getInt(4)) {
        case DESCRIPTOR -> {
          if (!isIntact(block, block.limit() - Integer.BYTES)) {
            return replaced;
          }
          left -= describe(block, left);
        }
        case REVOKE -> {
          if (!isIntact(block, block.limit() - Integer.BYTES)) {
            return replaced;
          }
          revokes.add(at);
        }
        case COMMIT -> {
          if (!isIntact(block, COMMIT_CHECKSUM)) {
            return replaced;
          }
          commit();
          sequence++;
        }
        default -> {
          return replaced;
        }
      }
    }
    return replaced;
  }

  private int advance() {
    position = position + 1 == end ? first : position + 1;
    return 1;
  }

  /** Notes the blocks that follow a descriptor, and returns how many there are. */
  private long describe(ByteBuffer block, long left) throws IOException {
    boolean wide = has(INCOMPAT_CSUM_V3);
    int size = wide ? 16 : 8 + (has(INCOMPAT_64BIT) ? 4 : 0) + (has(INCOMPAT_CSUM_V2) ? 2 : 0);
    int limit = block.limit() - (hasChecksums() ? Integer.BYTES : 0);
    long count = 0;
    for (int at = HEADER; at + size <= limit && count < left; ) {
      int flags = wide ? block.getInt(at + 4) : block.getShort(at + 6) & 0xFFFF;
      long target = Integer.toUnsignedLong(block.getInt(at));
      if (has(INCOMPAT_64BIT)) {
        target |= Integer.toUnsignedLong(block.getInt(at + 8)) << 32;
      }
      if (target < 0 || target >= superBlock.blocks()) {
        throw damaged("its journal names block %s".formatted(Long.toUnsignedString(target)));
      }
      if (pending.size() + replaced.size() > MAX_REPLACED) {
        throw unreplayable();
      }
      pending.put(target, new Source.Copy(offset(position), (flags & ESCAPED) != 0));
      count += advance();
      at += size + ((flags & SAME_UUID) != 0 ? 0 : UUID);
      if ((flags & LAST_TAG) != 0) {
        break;
      }
    }
    return count;
  }

  private void commit() throws IOException {
    replaced.putAll(pending);
    pending.clear();
    int size = has(INCOMPAT_64BIT) ? Long.BYTES : Integer.BYTES;
    for (long revoke : revokes) {
      ByteBuffer block = block(revoke);
      int limit = Math.min(block.getInt(HEADER), block.limit());
      for (int at = HEADER + Integer.BYTES; at + size <= limit; at += size) {
        replaced.remove(
            size == Long.BYTES ? block.getLong(at) : Integer.toUnsignedLong(block.getInt(at)));
      }
    }
    revokes.clear();
  }

  private boolean hasChecksums() {
    return has(INCOMPAT_CSUM_V2 | INCOMPAT_CSUM_V3);
  }

  /** Whether a block has the checksum that it states, in this place, for itself. */
  private boolean isIntact(ByteBuffer block, int place) {
    if (!hasChecksums()) {
      return true;
    }
    CRC32C checksum = new CRC32C();
    checksum.update(head.array(), 48, UUID);
    checksum.update(block.array(), 0, place);
    checksum.update(new byte[Integer.BYTES]);
    int rest = place + Integer.BYTES;
    checksum.update(block.array(), rest, block.limit() - rest);
    // The kernel's function does not invert its result.
    return (int) ~checksum.getValue() == block.getInt(place);
  }

  private ByteBuffer block(long number) throws IOException {
    return volume.read(offset(number), superBlock.blockSize()).order(ByteOrder.BIG_ENDIAN);
  }

  private long offset(long number) throws IOException {
    long block = map.find(inode, number).block();
    if (block == 0) {
      throw damaged("its journal has a hole");
    }
    return block * superBlock.blockSize();
  }

  private DiskImageException unreplayable() {
    return new DiskImageException(
        "The journal on %s is too large or has features (0x%x) that are not replayed here; start the disk once with a kernel of your own."
            .formatted(volume.name(), features));
  }

  private DiskImageException damaged(String what) {
    return SuperBlock.damaged(volume.name(), what);
  }
}

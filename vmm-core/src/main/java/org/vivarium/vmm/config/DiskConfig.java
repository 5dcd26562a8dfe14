package org.vivarium.vmm.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A virtio-blk disk.
 *
 * @param id what commands call it, unique in its machine
 * @param file the image, or a block device
 * @param format how the image stores its bytes; null: told from its first bytes where that is safe
 * @param readOnly whether the guest may only read it
 * @param serial what the guest reads as its serial number, at most 20 ASCII characters; may be
 *     empty
 * @param limit how much it may do in a second
 */
public record DiskConfig(
    String id,
    Path file,
    @Nullable DiskFormat format,
    boolean readOnly,
    String serial,
    RateLimit limit) {}

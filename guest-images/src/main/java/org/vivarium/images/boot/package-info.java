/**
 * Finds the kernel that is installed on a disk: partitions, boot loaders' files, and the copies
 * that a machine starts from. What stands on the disk is untrusted: walks are bounded, sizes are
 * capped, and what is wrong is refused in one sentence. Stateless; nothing on the disk is written.
 */
@NullMarked
package org.vivarium.images.boot;

import org.jspecify.annotations.NullMarked;

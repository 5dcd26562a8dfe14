/**
 * Reads ext2, ext3 and ext4 file systems on a disk without mounting them. The file system is
 * untrusted: every number it states is checked, every walk is bounded, and what is wrong is refused
 * in one sentence. One thread at a time; nothing is ever written.
 */
@NullMarked
package org.vivarium.images.ext4;

import org.jspecify.annotations.NullMarked;

/**
 * The measurements of {@code vivarium bench devices}: fio in a guest of ours beside fio in the same
 * guest on QEMU, on the same disk images.
 *
 * <p>Membership rule: what knows fio, the disks that it works on, and the kernel's counts of one
 * process. All runs on the main thread, but for threads that read the output of processes.
 */
@NullMarked
package org.vivarium.app.bench.disk;

import org.jspecify.annotations.NullMarked;

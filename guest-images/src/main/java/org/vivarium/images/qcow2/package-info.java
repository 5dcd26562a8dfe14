/**
 * QEMU's qcow2 image format, version 3 for reading and writing, version 2 for reading, after QEMU's
 * docs/interop/qcow2.txt.
 *
 * <p>Membership: everything that knows the format's bytes, and the opening of a chain of images.
 * {@link org.vivarium.images.qcow2.Qcow2Image} is the facade; below it, {@code ClusterMap} answers
 * where a guest offset lies, {@code ClusterWriter} and {@code ClusterEraser} change that, {@code
 * Allocator} and {@code Refcounts} hand out host clusters, and {@code MetadataFlush} writes it all
 * back in an order that survives a crash at any point.
 *
 * <p>Threading: mapped ranges are looked up without a lock. Whatever changes metadata, or reads it
 * from the file, holds the image's one metadata lock. A host cluster that was given up is not used
 * again before the change is durable and every access that began before has ended ({@code
 * InFlight}), so a lock-free reader never sees another range's content.
 */
package org.vivarium.images.qcow2;

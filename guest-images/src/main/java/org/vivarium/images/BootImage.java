package org.vivarium.images;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A guest that boots straight from files: a kernel, its initial RAM disk, its command line.
 *
 * @param kernel a Linux bzImage
 * @param initrd the initial RAM disk, or null where the kernel needs none
 * @param commandLine the kernel command line that belongs to the image; a caller may append to it
 * @param version the kernel's release, as "6.1.0-56-cloud-amd64"
 */
public record BootImage(Path kernel, @Nullable Path initrd, String commandLine, String version) {}

package org.vivarium.vmm.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What the machine starts: a Linux kernel, loaded without firmware.
 *
 * @param kernel a bzImage or an ELF vmlinux with a PVH note
 * @param initrd initial RAM disk, or null
 * @param commandLine kernel command line, without a terminating NUL
 */
public record BootSource(Path kernel, @Nullable Path initrd, String commandLine) {}

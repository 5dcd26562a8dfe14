package org.vivarium.app.bench;

import java.nio.file.Path;

/**
 * What both sides boot, with one processor.
 *
 * @param kernel a bzImage or an ELF vmlinux
 * @param initrd whose init writes 0x41 to port 0xE9 first of all, and 0x42 before its prompt
 * @param commandLine of the kernel
 * @param memoryMib RAM, MiB
 */
public record Workload(Path kernel, Path initrd, String commandLine, int memoryMib) {}

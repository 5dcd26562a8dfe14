package org.vivarium.vmm.boot;

/**
 * What a segment register is loaded with (Intel SDM vol. 3, 3.4.5; AMD APM vol. 2, 4.7).
 *
 * @param selector offset of the descriptor in the GDT; requested privilege level 0
 * @param descriptor the 8 bytes in the GDT, of which the register's hidden part is decoded
 */
public record Segment(int selector, long descriptor) {}

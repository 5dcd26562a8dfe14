package org.vivarium.kvm;

/**
 * A model-specific register and its value.
 *
 * @param index the register's number, as in Intel SDM vol. 4
 * @param value its 64 bits
 */
public record Msr(int index, long value) {}

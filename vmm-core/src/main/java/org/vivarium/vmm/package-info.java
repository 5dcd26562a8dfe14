/**
 * The virtual machine monitor: errors that reach people.
 *
 * <p>Membership rule: types that every package of this module needs. The machine is in {@code
 * machine}, what it is made of in {@code config}, who runs it in {@code engine}.
 */
package org.vivarium.vmm;

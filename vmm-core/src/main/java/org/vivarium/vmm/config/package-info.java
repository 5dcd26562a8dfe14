/**
 * What a machine is made of, as data.
 *
 * <p>Membership rule: immutable records validated in their compact constructors; nothing here opens
 * a file or knows an engine.
 */
package org.vivarium.vmm.config;

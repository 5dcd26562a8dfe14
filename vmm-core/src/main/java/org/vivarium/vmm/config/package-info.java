/**
 * What a machine is made of, as data.
 *
 * <p>Membership rule: immutable records with a {@code check} that says in a sentence what is wrong;
 * nothing here opens a file or knows an engine.
 */
package org.vivarium.vmm.config;

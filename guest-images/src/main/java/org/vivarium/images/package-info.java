/**
 * What every maker of guest images shares: the finished image, its failures and its progress.
 *
 * <p>Membership: a type belongs here when callers of more than one subpackage meet it. Nothing here
 * knows a virtual machine. All types are immutable or stateless and may be used from any thread.
 */
package org.vivarium.images;

/**
 * Debian packages: where they come from and what is in them.
 *
 * <p>Membership: finding, fetching and unpacking .deb files; what is made of their contents is
 * elsewhere. Archives and indexes are untrusted: sizes are bounded and names checked. Sources keep
 * state and belong to one thread at a time; everything else may be used from any thread.
 */
package org.vivarium.images.deb;

/**
 * Files and streams, as every package of this module needs them.
 *
 * <p>Membership rule: knows neither archives nor images. Stateless but for the streams, each of
 * which belongs to one thread.
 */
package org.vivarium.images.io;

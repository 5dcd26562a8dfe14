/**
 * How finished images are kept in folders: whole under their final names, or not there at all. Used
 * by every package that makes images, exported to none. Safe for any thread and across processes.
 */
@NullMarked
package org.vivarium.images.store;

import org.jspecify.annotations.NullMarked;

/**
 * Debian systems on a disk, installed from packages without root: the recipe, where its packages
 * come from, and the build. What runs inside the system is text beside the classes. Stateless; a
 * build runs on its caller's thread.
 */
@NullMarked
package org.vivarium.images.debian;

import org.jspecify.annotations.NullMarked;

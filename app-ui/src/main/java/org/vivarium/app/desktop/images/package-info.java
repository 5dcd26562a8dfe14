/**
 * The page of the images that machines boot from.
 *
 * <p>Membership rule: shows what lies in the images folder and which machines use it. All of it
 * belongs to the JavaFX thread.
 */
@NullMarked
package org.vivarium.app.desktop.images;

import org.jspecify.annotations.NullMarked;

/**
 * The guests that a person can choose from: data that says what each is and how it is made, and the
 * one place that makes them. Entries come with the program or lie in the user's folder. Safe for
 * any thread; the making of an image runs on the caller's thread and takes seconds to minutes.
 */
@NullMarked
package org.vivarium.images.catalog;

import org.jspecify.annotations.NullMarked;

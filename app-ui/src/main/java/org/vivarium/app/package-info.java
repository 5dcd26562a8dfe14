/**
 * The entry point and what belongs to the process as a whole: its start time and the training run
 * of the start-up cache. Everything that a person sees lives in a package below this one. All of it
 * runs on the main thread.
 */
@NullMarked
package org.vivarium.app;

import org.jspecify.annotations.NullMarked;

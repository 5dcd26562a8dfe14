/**
 * What {@code ./vivarium test} is made of besides JUnit: the reading of its reports and the table
 * at the end. Runs on the main thread of its own process.
 */
@NullMarked
package org.vivarium.app.testing;

import org.jspecify.annotations.NullMarked;

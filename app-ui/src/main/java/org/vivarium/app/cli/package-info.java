/**
 * The command line: everything that Vivarium does, without a window.
 *
 * <p>Membership rule: commands (picocli), what they print, and how a failure becomes one sentence
 * and an exit status. What a command does lives below.
 */
@NullMarked
package org.vivarium.app.cli;

import org.jspecify.annotations.NullMarked;

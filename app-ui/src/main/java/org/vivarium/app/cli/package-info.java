/**
 * The command line: one class per command, the parser of their options, and {@link
 * org.vivarium.app.cli.Cli}, which runs a command and turns its failure into one sentence and an
 * exit status. A command holds no logic of its own: it reads options, calls the package that does
 * the work, and prints. Runs on the main thread.
 */
@NullMarked
package org.vivarium.app.cli;

import org.jspecify.annotations.NullMarked;

/**
 * The window around the pages: header, list of machines, host bar, first page, questions, problems.
 *
 * <p>Membership rule: what is there whichever page is shown, and the choice of the page. All of it
 * belongs to the JavaFX thread.
 */
@NullMarked
package org.vivarium.app.desktop.shell;

import org.jspecify.annotations.NullMarked;

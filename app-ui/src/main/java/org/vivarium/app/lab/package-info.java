/**
 * The comparison lab: the same process of the same container image on the host, in a container and
 * in a machine, measured in turn, with a report.
 *
 * <p>Membership rule: what is measured and how, the sides, the report and its forms. No window and
 * no command line. {@link org.vivarium.app.lab.Comparison} runs on the thread that calls it and
 * tells a listener what comes in; what it starts is ended before it returns, or by a hook when this
 * process ends. Records may be shared between threads.
 */
@NullMarked
package org.vivarium.app.lab;

import org.jspecify.annotations.NullMarked;

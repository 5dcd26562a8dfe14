/**
 * The {@code qemu} engine: software emulation by the distribution's QEMU, for computers without
 * usable hardware virtualization.
 *
 * <p>Membership rule: what knows QEMU's command line, its monitor protocol (QMP) or its process.
 *
 * <p>One QEMU process per machine. Its serial console is its standard input and output, its monitor
 * and debug port are Unix sockets on which this side listens before QEMU starts, so that there is
 * nothing to poll for; both files are gone as soon as QEMU has connected. QEMU dies with this
 * process, even if that is killed: {@code setpriv --pdeathsig} asks the kernel for it.
 *
 * <p>Threads of a machine, all named after it: {@code owner} starts the process, waits for its end
 * and alone decides how the machine ended; {@code console} and {@code input} carry console bytes;
 * {@code monitor} reads QMP; {@code debug} reads boot stages; {@code errors} keeps the end of
 * standard error; {@code events} calls the listener. QEMU's answers are treated as hostile as the
 * guest: lines are bounded, and what is not understood ends the machine with a sentence.
 */
package org.vivarium.vmm.engine.qemu;

/**
 * The one way in which the desktop and the command line reach machines: definitions on disk, and VM
 * processes through their control sockets. Nothing here runs a guest in the caller's own process.
 * Methods block; call them off the JavaFX thread. All types are safe for any thread.
 */
@NullMarked
package org.vivarium.vmm.client;

import org.jspecify.annotations.NullMarked;

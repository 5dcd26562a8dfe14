/**
 * A disk with fio, the load that disks are measured with, made once from the distribution's
 * packages. Safe for any thread and several processes.
 */
@NullMarked
package org.vivarium.images.fio;

import org.jspecify.annotations.NullMarked;

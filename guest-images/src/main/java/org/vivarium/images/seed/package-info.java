/**
 * What a guest learns about itself when it starts for the first time: its name, its identity, the
 * keys of its owner. For our own recipes on the kernel command line, for other publishers' images
 * as cloud-init's NoCloud disk. Holds no secrets. Stateless.
 */
@NullMarked
package org.vivarium.images.seed;

import org.jspecify.annotations.NullMarked;

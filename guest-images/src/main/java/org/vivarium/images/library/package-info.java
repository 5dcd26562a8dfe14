/**
 * The disks of a home folder and what one does with them: create, resize, convert, clone,
 * templates, and which disk lies below which. A home folder holds {@code images/ENTRY/ID/}, {@code
 * templates/NAME/} and {@code vms/NAME/}; an overlay names its base by a path relative to itself,
 * so the folder can be moved. Stateless; each method works on its caller's thread.
 */
@NullMarked
package org.vivarium.images.library;

import org.jspecify.annotations.NullMarked;

/**
 * A machine as its owner defines it: what stands in {@code vms/NAME/vm.json}. Data and its checks
 * only; immutable, safe for any thread.
 */
@NullMarked
package org.vivarium.vmm.definition;

import org.jspecify.annotations.NullMarked;

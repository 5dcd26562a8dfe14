/**
 * The driver's side of virtio for tests: queues, buffers and fakes that every device's tests share.
 *
 * <p>Membership rule: what plays the guest or the machine around a device. Published as the
 * test-jar of this module.
 */
@NullMarked
package org.vivarium.devices.virtio.testing;

import org.jspecify.annotations.NullMarked;

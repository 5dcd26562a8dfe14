/**
 * The measurements of {@code vivarium bench network}: fio's network engine in a guest of ours
 * beside the same in QEMU's, both behind passt. What belongs to no network lies in the packages
 * above.
 */
package org.vivarium.app.bench.net;

/**
 * Checks the computer that Vivarium runs on: what is there, what is missing, and what to do about
 * it. A check looks at the computer only through {@link org.vivarium.app.doctor.Host}, changes
 * nothing, and never fails: what it cannot find out is a finding. Runs on the caller's thread.
 */
@NullMarked
package org.vivarium.app.doctor;

import org.jspecify.annotations.NullMarked;

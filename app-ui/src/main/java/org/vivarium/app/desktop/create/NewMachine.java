package org.vivarium.app.desktop.create;

import org.vivarium.vmm.definition.VmDefinition;

/**
 * A machine that a person asked for.
 *
 * @param definition what it is
 * @param fullCopy whether it gets a copy of its guest's disk rather than one that shares the image
 * @param diskBytes the size of an empty disk that is made with it; 0 for none
 */
public record NewMachine(VmDefinition definition, boolean fullCopy, long diskBytes) {}

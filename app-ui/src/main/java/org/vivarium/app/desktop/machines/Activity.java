package org.vivarium.app.desktop.machines;

/**
 * Long work on a machine.
 *
 * @param step what is being done, for people
 * @param done how much of it, from 0 to 1, or negative where that is not known
 * @param cancellable whether it can be given up
 */
public record Activity(String step, double done, boolean cancellable) {}

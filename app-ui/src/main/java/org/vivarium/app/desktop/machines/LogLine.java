package org.vivarium.app.desktop.machines;

/**
 * A line of a machine's log.
 *
 * @param millis when, milliseconds since 1970
 * @param text a sentence
 * @param trouble whether it is a fault
 */
public record LogLine(long millis, String text, boolean trouble) {}

package org.vivarium.devices.virtio.transport;

/** A device cannot start although its driver did everything right: the host failed. */
public final class VirtioActivationException extends Exception {
  private static final long serialVersionUID = 1L;

  /**
   * @param message one capitalised sentence
   */
  public VirtioActivationException(String message, Throwable cause) {
    super(message, cause);
  }
}

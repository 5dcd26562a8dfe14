package org.vivarium.images.ssh;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.security.interfaces.EdECPrivateKey;
import java.util.Arrays;
import java.util.Base64;
import org.vivarium.images.ImageException;

/**
 * An Ed25519 key pair as OpenSSH writes it (PROTOCOL.key of OpenSSH; RFC 8709 for the public part).
 *
 * @param privateFile the private key's file, not encrypted
 * @param publicLine the public key's line, without a line end
 */
record OpenSshKey(String privateFile, String publicLine) {
  private static final String TYPE = "ssh-ed25519";
  private static final byte[] MAGIC = "openssh-key-v1\0".getBytes(StandardCharsets.US_ASCII);
  private static final int KEY_BYTES = 32;

  /** The block size of the cipher "none". */
  private static final int BLOCK = 8;

  private static final int LINE = 70;

  static OpenSshKey generate(String comment) throws ImageException {
    KeyPair pair;
    try {
      pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    } catch (NoSuchAlgorithmException e) {
      throw new ImageException("This Java cannot make Ed25519 keys; use another JDK.", e);
    }
    byte[] seed = ((EdECPrivateKey) pair.getPrivate()).getBytes().orElseThrow();
    // SubjectPublicKeyInfo (RFC 8410) ends with the key itself.
    byte[] info = pair.getPublic().getEncoded();
    byte[] point = Arrays.copyOfRange(info, info.length - KEY_BYTES, info.length);
    byte[] blob = new Packet().text(TYPE).bytes(point).done();
    String line = TYPE + " " + Base64.getEncoder().encodeToString(blob) + " " + comment;
    return new OpenSshKey(privateFile(blob, seed, point, comment), line);
  }

  private static String privateFile(byte[] blob, byte[] seed, byte[] point, String comment) {
    int check = new SecureRandom().nextInt();
    ByteBuffer both = ByteBuffer.allocate(2 * KEY_BYTES).put(seed).put(point);
    Packet secret =
        new Packet().number(check).number(check).text(TYPE).bytes(point).bytes(both.array());
    secret.text(comment);
    for (int pad = 1; secret.size() % BLOCK != 0; pad++) {
      secret.octet(pad);
    }
    Packet file = new Packet().raw(MAGIC).text("none").text("none").text("").number(1);
    byte[] content = file.bytes(blob).bytes(secret.done()).done();
    String text = Base64.getMimeEncoder(LINE, new byte[] {'\n'}).encodeToString(content);
    return "-----BEGIN OPENSSH PRIVATE KEY-----\n" + text + "\n-----END OPENSSH PRIVATE KEY-----\n";
  }

  /** The wire format of RFC 4251, 5. */
  private static final class Packet {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Packet raw(byte[] bytes) {
      out.writeBytes(bytes);
      return this;
    }

    Packet number(int value) {
      return raw(ByteBuffer.allocate(Integer.BYTES).putInt(value).array());
    }

    Packet bytes(byte[] bytes) {
      return number(bytes.length).raw(bytes);
    }

    Packet text(String text) {
      return bytes(text.getBytes(StandardCharsets.UTF_8));
    }

    void octet(int value) {
      out.write(value);
    }

    int size() {
      return out.size();
    }

    byte[] done() {
      return out.toByteArray();
    }
  }
}

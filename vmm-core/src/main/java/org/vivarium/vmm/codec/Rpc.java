package org.vivarium.vmm.codec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;

/**
 * The messages of the control protocol (JSON-RPC 2.0, one object a line; docs/control-protocol.md),
 * said by both of its ends.
 */
public final class Rpc {
  /** Longest request, bytes without the line's end. */
  public static final int MAX_REQUEST = 64 << 10;

  /** Longest answer or notification, bytes without the line's end. */
  public static final int MAX_ANSWER = 1 << 20;

  /** Most samples in one answer. */
  public static final int MAX_SAMPLES = 100;

  /** The names of the requests. */
  public static final String STATUS = "status";

  public static final String POWER_BUTTON = "powerButton";
  public static final String SHUT_DOWN = "shutDown";
  public static final String KILL = "kill";
  public static final String PAUSE = "pause";
  public static final String RESUME = "resume";
  public static final String RESET = "reset";
  public static final String ATTACH_DISK = "disk.attach";
  public static final String DETACH_DISK = "disk.detach";
  public static final String RESIZE_DISK = "disk.resize";
  public static final String SET_LINK = "link.set";
  public static final String SET_FORWARDS = "forwards.set";
  public static final String SET_LIMIT = "limit.set";
  public static final String SET_BALLOON = "balloon.set";
  public static final String RESIZE_CONSOLE = "console.resize";
  public static final String SAMPLES = "metrics.samples";
  public static final String PROMETHEUS = "metrics.prometheus";
  public static final String SUBSCRIBE = "subscribe";

  /** Why a request failed: the codes of JSON-RPC 2.0, section 5.1, and ours. */
  public enum Code {
    /** The line is no JSON, or too long. */
    PARSE_ERROR(-32700),
    /** It is JSON, but no request. */
    INVALID_REQUEST(-32600),
    METHOD_NOT_FOUND(-32601),
    /** A parameter is missing or impossible. */
    INVALID_PARAMS(-32602),
    /** A fault of the VM process itself. */
    INTERNAL_ERROR(-32603),
    /** The machine or the host refuses. */
    REFUSED(-32000);

    private final int number;

    Code(int number) {
      this.number = number;
    }

    /** The number on the wire. */
    public int number() {
      return number;
    }
  }

  /** A request that cannot be done: what its sender is told. */
  public static final class Failure extends Exception {
    private static final long serialVersionUID = 1L;

    private final Code code;

    /**
     * @param message a sentence
     */
    public Failure(Code code, String message) {
      super(message);
      this.code = code;
    }

    /** What kind of failure. */
    public Code code() {
      return code;
    }
  }

  private Rpc() {}

  /** A request. */
  public static String request(long id, String method, ObjectNode params) {
    ObjectNode node = message().put("id", id).put("method", method);
    node.set("params", params);
    return Json.line(node);
  }

  /** The answer to a request that was done. */
  public static String result(JsonNode id, JsonNode result) {
    ObjectNode node = message();
    node.set("id", id);
    node.set("result", result);
    return Json.line(node);
  }

  /**
   * The answer to a request that failed.
   *
   * @param id the request's, or null where it could not be told
   */
  public static String error(JsonNode id, Failure failure) {
    ObjectNode node = message();
    node.set("id", id.isMissingNode() ? NullNode.getInstance() : id);
    node.putObject("error")
        .put("code", failure.code().number())
        .put("message", String.valueOf(failure.getMessage()));
    return Json.line(node);
  }

  /** Something told unasked. */
  public static String notification(String method, ObjectNode params) {
    ObjectNode node = message().put("method", method);
    node.set("params", params);
    return Json.line(node);
  }

  private static ObjectNode message() {
    return Json.object().put("jsonrpc", "2.0");
  }

  /** The exception that an error's answer stands for, for the one who asked. */
  public static VmmException exception(JsonNode error) {
    String sentence = error.path("message").asText("The machine refused without a reason.");
    return error.path("code").asInt() == Code.INVALID_PARAMS.number()
        ? new InvalidConfigException(sentence)
        : new VmmException(sentence);
  }
}

package org.vivarium.vmm.codec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.client.MachineStatus;
import org.vivarium.vmm.client.Notification;
import org.vivarium.vmm.engine.BootStage;
import org.vivarium.vmm.engine.MachineState;

/** A machine's status, and what its process tells unasked, in JSON. */
public final class StatusCodec {
  private static final String STATE = "state";
  private static final String STAGE = "stage";
  private static final String LOG = "log";
  private static final String SAMPLE = "sample";
  private static final String ENDED = "ended";
  private static final int LONGEST = 1 << 16;

  private StatusCodec() {}

  /** A status, as an object. */
  public static ObjectNode write(MachineStatus status) {
    ObjectNode node = Json.object().put("state", JsonFields.nameOf(status.state()));
    node.put("engine", status.engine()).put("engineReason", status.engineReason());
    node.put("pid", status.pid()).put("startedMillis", status.startedMillis());
    ObjectNode stages = node.putObject("stages");
    status.stages().forEach((stage, nanos) -> stages.put(JsonFields.nameOf(stage), nanos));
    status.confinedBy().ifPresent(means -> node.put("confinedBy", means));
    status.address().ifPresent(address -> node.put("address", address));
    status.problem().ifPresent(problem -> node.put("problem", problem));
    return node;
  }

  /** A status. */
  public static MachineStatus status(JsonNode node) throws InvalidConfigException {
    JsonFields fields = JsonFields.of(node, "");
    Map<BootStage, Long> stages = new EnumMap<>(BootStage.class);
    JsonFields reached = fields.object("stages");
    for (BootStage stage : BootStage.values()) {
      if (reached.has(JsonFields.nameOf(stage))) {
        stages.put(stage, reached.number(JsonFields.nameOf(stage), 0, Long.MAX_VALUE));
      }
    }
    return new MachineStatus(
        fields.choice("state", MachineState.values()),
        fields.words("engine", LONGEST),
        fields.words("engineReason", LONGEST),
        fields.number("pid", 1, Long.MAX_VALUE),
        fields.number("startedMillis", 0, Long.MAX_VALUE),
        stages,
        optional(fields, "confinedBy"),
        optional(fields, "address"),
        optional(fields, "problem"));
  }

  private static Optional<String> optional(JsonFields fields, String name)
      throws InvalidConfigException {
    return fields.has(name) ? Optional.of(fields.words(name, LONGEST)) : Optional.empty();
  }

  /** A notification, as a message. */
  public static String write(Notification notification) {
    ObjectNode node = Json.object();
    return switch (notification) {
      case Notification.StateChanged(MachineState state) ->
          Rpc.notification(STATE, node.put("state", JsonFields.nameOf(state)));
      case Notification.StageReached(BootStage stage, long nanos) ->
          Rpc.notification(STAGE, node.put("stage", JsonFields.nameOf(stage)).put("nanos", nanos));
      case Notification.Logged(long millis, String text, boolean trouble) ->
          Rpc.notification(
              LOG, node.put("millis", millis).put("text", text).put("trouble", trouble));
      case Notification.Sampled(var sample) -> Rpc.notification(SAMPLE, SampleCodec.write(sample));
      case Notification.Disconnected(String why, boolean asked) -> ended(why, asked, false);
    };
  }

  /** The last notification, with whether it was the guest that turned the machine off. */
  public static String ended(String why, boolean asked, boolean poweredOff) {
    return Rpc.notification(
        ENDED, Json.object().put("why", why).put("asked", asked).put("poweredOff", poweredOff));
  }

  /**
   * A notification.
   *
   * @param method its name
   * @return empty if this program does not know it
   */
  public static Optional<Notification> notification(String method, JsonNode params)
      throws InvalidConfigException {
    JsonFields fields = JsonFields.of(params, "");
    return switch (method) {
      case STATE ->
          Optional.of(new Notification.StateChanged(fields.choice("state", MachineState.values())));
      case STAGE ->
          Optional.of(
              new Notification.StageReached(
                  fields.choice("stage", BootStage.values()),
                  fields.number("nanos", 0, Long.MAX_VALUE)));
      case LOG ->
          Optional.of(
              new Notification.Logged(
                  fields.number("millis", 0, Long.MAX_VALUE),
                  fields.words("text", LONGEST),
                  fields.flag("trouble", false)));
      case SAMPLE -> Optional.of(new Notification.Sampled(SampleCodec.read(fields)));
      case ENDED ->
          Optional.of(
              new Notification.Disconnected(
                  fields.words("why", LONGEST), fields.flag("asked", false)));
      default -> Optional.empty();
    };
  }
}

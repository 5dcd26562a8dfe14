package org.vivarium.app.lab;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.bench.Child;
import org.vivarium.app.bench.Children;
import org.vivarium.images.oci.ImageProcess;

/** A side that runs processes of this computer as they are, and notes their order. */
final class ShellGround implements Ground {
  private final Side side;
  private final Children children;
  private final List<String> order;
  final List<Running> started = new ArrayList<>();
  boolean closed;

  ShellGround(Side side, Children children, List<String> order) {
    this.side = side;
    this.children = children;
    this.order = order;
  }

  @Override
  public Side side() {
    return side;
  }

  @Override
  public boolean comparable() {
    return side != Side.MACHINE;
  }

  @Override
  public Running start(ImageProcess process, Extras extras) throws BenchException {
    order.add(side.id());
    Capture capture = new Capture();
    Child child =
        children.start(
            process.words(), (bytes, length, now) -> capture.took(bytes, 0, length, now));
    Running running =
        new Running(child, capture, "command", Child::destroyTree, () -> OptionalInt.of(0));
    started.add(running);
    return running;
  }

  @Override
  public String disk(Path file) {
    return file.toString();
  }

  @Override
  public Link connect(Running running, Extras extras) throws BenchException {
    throw new BenchException("No port is forwarded.");
  }

  @Override
  public void trace(ImageProcess process, Tracer tracer) throws BenchException {
    throw new BenchException("Not traced.");
  }

  @Override
  public boolean limitsProcesses(Running running) {
    return false;
  }

  @Override
  public long create(boolean full) {
    return full ? 2_000_000 : 1_000_000;
  }

  @Override
  public Map<String, Double> timeline(ImageProcess process) {
    return Map.of("all of it", 1.0);
  }

  @Override
  public Map<String, Double> memory(Running running) {
    return Map.of(Rows.TOTAL.id(), 2.0);
  }

  @Override
  public Map<String, Double> sizes() {
    return Map.of(Rows.PACKED.id(), 3.0);
  }

  @Override
  public void close() {
    closed = true;
  }
}

package org.vivarium.app.desktop.compare;

import javafx.scene.layout.VBox;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.lab.Side;

/** What an instance's files are stacked from on both sides, with its figures. */
final class StorageCard extends VBox {
  private final Layers layers;

  StorageCard(Ui ui, CompareModel model) {
    super(8);
    this.layers = new Layers(ui, model);
    setId("compare-storage");
    getStyleClass().add("card-box");
    layers.pair(
        layers.layer(
            Side.CONTAINER,
            "upper",
            layers.figure("create.linked", Side.CONTAINER, "linked"),
            layers.figure("create.full", Side.CONTAINER, "full")),
        layers.layer(
            Side.MACHINE,
            "overlay",
            layers.figure("create.linked", Side.MACHINE, "linked"),
            layers.figure("create.full", Side.MACHINE, "full")));
    layers.pair(
        layers.layer(
            Side.CONTAINER,
            "unpacked",
            layers.figure("size.allocated", Side.CONTAINER, "allocated")),
        layers.layer(
            Side.MACHINE, "backing", layers.figure("size.allocated", Side.MACHINE, "allocated")));
    layers.pair(
        layers.missing("noKernelFile"),
        layers.layer(
            Side.MACHINE, "kernelFile", layers.figure("size.kernel", Side.MACHINE, "once")));
    layers.shared(
        layers.box(
            "layer-shared", "packed", layers.figure("size.packed", Side.CONTAINER, "packed")));
    getChildren()
        .addAll(
            Controls.label(ui.text("compare.storage"), "card-heading"),
            Controls.paragraph(ui.text("compare.storage.what"), "muted", "small"),
            layers);
  }

  void show() {
    layers.show();
  }
}

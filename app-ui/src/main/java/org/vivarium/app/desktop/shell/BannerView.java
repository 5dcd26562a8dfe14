package org.vivarium.app.desktop.shell;

import java.util.Optional;
import javafx.collections.ListChangeListener;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.vmm.engine.EngineChoice;

/** Says calmly that this computer emulates in software, why, and what can be done. */
final class BannerView extends HBox {
  private final DeskModel desk;
  private final Ui ui;
  private final Label first = Controls.label("", "banner-title");
  private final Label second = Controls.paragraph("", "muted", "small");
  private boolean dismissed;

  BannerView(DeskModel desk) {
    super(12);
    this.desk = desk;
    this.ui = desk.ui();
    setId("banner");
    getStyleClass().add("banner");
    Hyperlink fold = new Hyperlink(ui.text("banner.fold"));
    fold.setOnAction(_ -> Controls.show(second, !second.isVisible()));
    VBox words = new VBox(2, Controls.row(8, first, fold), second);
    desk.machines()
        .list()
        .addListener(
            (ListChangeListener<MachineModel>)
                change -> Controls.show(second, change.getList().isEmpty()));
    HBox.setHgrow(words, Priority.ALWAYS);
    getChildren()
        .addAll(
            new FontIcon(Feather.INFO),
            words,
            Controls.iconButton(
                Feather.X,
                ui.text("banner.close"),
                () -> {
                  dismissed = true;
                  Controls.show(this, false);
                }));
    Controls.show(this, false);
    desk.host().engine().subscribe(decision -> decision.ifPresent(this::show));
    desk.host().noEngine().subscribe(why -> why.ifPresent(this::showNone));
  }

  private void show(EngineChoice.Decision decision) {
    if (decision.engine().equals("kvm")) {
      Controls.show(this, false);
      return;
    }
    first.setText(ui.text("banner.emulation"));
    Optional<String> remedy = decision.remedy();
    String why = decision.reason().replaceFirst("^Engine: qemu \\(software emulation\\), ", "");
    String because =
        ui.text("banner.why", ui.passedOn(why.replaceFirst("^because (.*)\\.$", "$1")));
    second.setText(
        because + remedy.map(todo -> " " + ui.text("banner.remedy", ui.passedOn(todo))).orElse(""));
    Controls.show(second, desk.machines().list().isEmpty());
    Controls.show(this, !dismissed);
  }

  private void showNone(String why) {
    first.setText(ui.text("banner.noEngine"));
    second.setText(ui.passedOn(why));
    Controls.show(this, true);
  }
}

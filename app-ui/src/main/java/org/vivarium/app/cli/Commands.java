package org.vivarium.app.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.UsageMessageSpec;

/** All commands, in the groups in which the help shows them. */
final class Commands {
  /** The groups' titles and the names of what is in them. */
  static final Map<String, List<String>> GROUPS = groups();

  private static final String INDENT = "  ";
  private static final int LINE = 80;

  private Commands() {}

  private static Map<String, List<String>> groups() {
    Map<String, List<String>> groups = new LinkedHashMap<>();
    groups.put(
        "Machines",
        List.of(
            CreateCommand.NAME,
            StartCommand.NAME,
            StopCommand.NAME,
            KillCommand.NAME,
            PauseCommand.NAME,
            ResumeCommand.NAME,
            RestartCommand.NAME,
            CloneCommand.NAME,
            SnapshotCommand.NAME,
            TemplateCommand.NAME,
            RmCommand.NAME,
            LsCommand.NAME,
            ShowCommand.NAME,
            EditCommand.NAME,
            ConsoleCommand.NAME,
            SshCommand.NAME,
            LogCommand.NAME,
            StatsCommand.NAME,
            ExportCommand.NAME,
            ImportCommand.NAME));
    groups.put(
        "Their parts",
        List.of(DiskCommand.NAME, NetCommand.NAME, LimitCommand.NAME, BalloonCommand.NAME));
    groups.put(
        "This computer",
        List.of(
            BootCommand.NAME,
            RunCommand.NAME,
            CompareCommand.NAME,
            CatalogueCommand.NAME,
            DoctorCommand.NAME,
            BenchCommand.NAME,
            CompletionCommand.NAME));
    return groups;
  }

  /**
   * One command with its own subcommands; the model of all others is not built for it.
   *
   * @return null if there is none of this name
   */
  static @Nullable CommandLine one(String name, Shell shell) {
    Object command =
        switch (name) {
          case CreateCommand.NAME -> new CreateCommand(shell);
          case StartCommand.NAME -> new StartCommand(shell);
          case StopCommand.NAME -> new StopCommand(shell);
          case KillCommand.NAME -> new KillCommand(shell);
          case PauseCommand.NAME -> new PauseCommand(shell);
          case ResumeCommand.NAME -> new ResumeCommand(shell);
          case RestartCommand.NAME -> new RestartCommand(shell);
          case RmCommand.NAME -> new RmCommand(shell);
          case CloneCommand.NAME -> new CloneCommand(shell);
          case SnapshotCommand.NAME -> new SnapshotCommand();
          case LsCommand.NAME -> new LsCommand(shell);
          case ShowCommand.NAME -> new ShowCommand(shell);
          case EditCommand.NAME -> new EditCommand(shell);
          case ConsoleCommand.NAME -> new ConsoleCommand(shell);
          case SshCommand.NAME -> new SshCommand(shell);
          case LogCommand.NAME -> new LogCommand(shell);
          case StatsCommand.NAME -> new StatsCommand(shell);
          case ExportCommand.NAME -> new ExportCommand(shell);
          case ImportCommand.NAME -> new ImportCommand(shell);
          case TemplateCommand.NAME -> new TemplateCommand();
          case DiskCommand.NAME -> new DiskCommand();
          case NetCommand.NAME -> new NetCommand();
          case LimitCommand.NAME -> new LimitCommand(shell);
          case BalloonCommand.NAME -> new BalloonCommand(shell);
          case BootCommand.NAME -> BootCommand.spec();
          case RunCommand.NAME -> new RunCommand();
          case CompareCommand.NAME -> new CompareCommand();
          case CatalogueCommand.NAME, CatalogueCommand.ALIAS -> new CatalogueCommand(shell);
          case DoctorCommand.NAME -> new DoctorCommand();
          case BenchCommand.NAME -> new BenchCommand();
          case CompletionCommand.NAME -> new CompletionCommand(shell);
          default -> null;
        };
    if (command == null) {
      return null;
    }
    CommandLine line = new CommandLine(command, new LazyFactory());
    for (Object part : parts(name, shell)) {
      line.addSubcommand(part);
    }
    return line;
  }

  private static List<Object> parts(String name, Shell shell) {
    return switch (name) {
      case DiskCommand.NAME ->
          List.of(
              new DiskAttachCommand(shell),
              new DiskDetachCommand(shell),
              new DiskCreateCommand(shell),
              new DiskResizeCommand(shell),
              new DiskInfoCommand(shell),
              new DiskMapCommand(shell));
      case CatalogueCommand.NAME, CatalogueCommand.ALIAS ->
          List.of(
              new CatalogueShowCommand(shell),
              new CatalogueAddCommand(shell),
              new CataloguePrepareCommand(shell),
              new CatalogueRmCommand(shell),
              new CataloguePruneCommand(shell));
      case SnapshotCommand.NAME ->
          List.of(
              new SnapshotCreateCommand(shell),
              new SnapshotLsCommand(shell),
              new SnapshotRestoreCommand(shell),
              new SnapshotRmCommand(shell));
      case TemplateCommand.NAME ->
          List.of(
              new TemplateCreateCommand(shell),
              new TemplateCloneCommand(shell),
              new TemplateLsCommand(shell),
              new TemplateRmCommand(shell));
      case NetCommand.NAME -> List.of(new NetLinkCommand(shell), new NetForwardCommand(shell));
      case BenchCommand.NAME -> List.of(new BenchDevicesCommand(), new BenchNetworkCommand());
      default -> List.of();
    };
  }

  /** The command above all others, with all of them. */
  static CommandLine all(Shell shell) {
    CommandLine all = new CommandLine(new VivariumCommand(), new LazyFactory());
    for (List<String> names : GROUPS.values()) {
      for (String name : names) {
        CommandLine line = one(name, shell);
        if (line != null) {
          all.addSubcommand(name, line);
        }
      }
    }
    all.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST_HEADING, _ -> "");
    all.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST, Commands::grouped);
    return all;
  }

  private static String grouped(CommandLine.Help help) {
    int width = help.subcommands().keySet().stream().mapToInt(String::length).max().orElse(0);
    StringBuilder text = new StringBuilder();
    GROUPS.forEach(
        (title, names) -> {
          text.append(String.format("%n%s:%n", title));
          for (String name : names) {
            CommandLine.Help command = help.subcommands().get(name);
            if (command != null) {
              String does = brief(command.commandSpec().usageMessage().description()[0]);
              if (name.equals(CatalogueCommand.NAME)) {
                does += " (also: %s)".formatted(CatalogueCommand.ALIAS);
              }
              text.append(INDENT).append(name).append(" ".repeat(width - name.length() + 2));
              text.append(String.join(below(width), TextWrap.lines(does, LINE - width - 4)));
              text.append(System.lineSeparator());
            }
          }
        });
    return text.toString();
  }

  /** What a description says before its first stop; the command's own help says the rest. */
  private static String brief(String description) {
    return description.split("[.:;](?= |$)", 2)[0];
  }

  private static String below(int width) {
    return System.lineSeparator() + INDENT + " ".repeat(width + 2);
  }
}

package dev.podsnapshot.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The code, docs/operations.md, the dashboards and the alerts speak of the same metrics. */
class MetricNamesTest {
  private static final Path PROJECT = Path.of("..");
  private static final Path DASHBOARDS = PROJECT.resolve("kubernetes/dashboards");
  private static final Path RULES = PROJECT.resolve("kubernetes/rules");

  private static final Pattern USED =
      Pattern.compile("\\b(?:podsnapshot|reconciliations|jvm|process)_\\w+");
  private static final Pattern DOCUMENTED = Pattern.compile("(?m)^\\| `(\\w+)` \\| (\\w+) \\|");
  private static final Pattern REGISTERED =
      Pattern.compile(
          "(counter|timer|gauge|register)\\(\\s*(?:metrics,\\s*)?\"(podsnapshot_\\w+)\"");
  private static final Pattern ALERT = Pattern.compile("(?m)- alert: (\\w+)$");

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String readAll(Path folder, String glob) throws IOException {
    try (var files = Files.newDirectoryStream(folder, glob)) {
      var text = new StringBuilder();
      files.forEach(file -> text.append(read(file)));
      return text.toString();
    }
  }

  /** The type of each metric that the page names. */
  private static Map<String, String> documented() {
    return DOCUMENTED
        .matcher(read(PROJECT.resolve("docs/operations.md")))
        .results()
        .collect(Collectors.toMap(row -> row.group(1), row -> row.group(2)));
  }

  /** The type of each of our own metrics, under the name that Prometheus sees. */
  private static Map<String, String> registered() throws IOException {
    var result = new TreeMap<String, String>();
    for (var module : List.of("controller", "snapshotter", "uploader", "restorer")) {
      try (var files = Files.walk(PROJECT.resolve(module).resolve("src/main/java"))) {
        files
            .filter(file -> file.toString().endsWith(".java"))
            .flatMap(file -> REGISTERED.matcher(read(file)).results())
            .forEach(
                meter -> {
                  var type = meter.group(1).equals("register") ? "gauge" : meter.group(1);
                  var name = meter.group(2) + (type.equals("timer") ? "_seconds" : "");
                  assertEquals(type.equals("counter"), name.endsWith("_total"), name);
                  assertEquals(type, result.merge(name, type, (a, b) -> a), name);
                });
      }
    }
    return result;
  }

  private static Set<String> used() throws IOException {
    return USED.matcher(readAll(DASHBOARDS, "*.json") + readAll(RULES, "*.rules.yaml"))
        .results()
        .map(MatchResult::group)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void everyMetricOfOursIsDocumentedAndNoOther() throws IOException {
    var ours = new TreeMap<>(documented());
    ours.keySet().removeIf(name -> !name.startsWith("podsnapshot_"));
    assertEquals(registered(), ours);
  }

  @Test
  void dashboardsAndAlertsNameWhatIsMeasured() throws IOException {
    var series = new TreeSet<String>();
    documented()
        .forEach(
            (name, type) -> {
              if (type.equals("timer")) {
                series.addAll(List.of(name + "_count", name + "_sum", name + "_max"));
              } else {
                series.add(name);
              }
            });
    var unknown = used();
    assertTrue(unknown.size() > 40, "the dashboards were read: " + unknown);
    unknown.removeAll(series);
    assertEquals(Set.of(), unknown);
  }

  @Test
  void everyAlertIsTestedAndExplained() throws IOException {
    var rules = readAll(RULES, "*.rules.yaml");
    var tests = readAll(RULES.resolve("tests"), "*.yaml");
    var page = read(PROJECT.resolve("docs/operations.md"));
    var alerts = ALERT.matcher(rules).results().map(alert -> alert.group(1)).toList();
    for (var alert : alerts) {
      assertTrue(page.contains("\n### " + alert + "\n"), alert + " is explained");
      assertTrue(
          rules.contains("runbook_url: docs/operations.md#" + alert.toLowerCase() + "\n"), alert);
      assertTrue(tests.contains(alert + " fires: "), alert + " fires in a test");
      assertTrue(tests.contains(alert + " is quiet: "), alert + " is quiet in a test");
    }
    assertTrue(alerts.size() > 15, "the alerts were read: " + alerts);
  }

  /** By {@code make rules}. */
  @Test
  void theManifestIsMadeOfTheRules() {
    var rules =
        read(RULES.resolve("podsnapshot.rules.yaml"))
            .lines()
            .filter(line -> !line.startsWith("#"))
            .map(line -> line.isEmpty() ? line : "  " + line)
            .collect(Collectors.joining("\n", "", "\n"));
    assertEquals(
        read(RULES.resolve("prometheusrule.head.yaml")) + rules,
        read(RULES.resolve("prometheusrule.yaml")));
  }
}

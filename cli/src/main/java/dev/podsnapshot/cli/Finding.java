package dev.podsnapshot.cli;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One line of a preflight check.
 *
 * @param remedy what to do; empty where there is nothing to do, or the detail says it
 */
record Finding(Level level, String subject, String detail, String remedy) {

  /** FAIL: something will not work. WARN: it works, but not as well as it could. */
  enum Level {
    OK,
    WARN,
    FAIL
  }

  static Finding ok(String subject, String detail) {
    return new Finding(Level.OK, subject, detail, "");
  }

  static Finding warn(String subject, String detail, String remedy) {
    return new Finding(Level.WARN, subject, detail, remedy);
  }

  static Finding fail(String subject, String detail, String remedy) {
    return new Finding(Level.FAIL, subject, detail, remedy);
  }

  /** With the remedy on a line of its own. */
  String text(int subjectWidth) {
    var line = ("%-4s  %-" + subjectWidth + "s  %s").formatted(level, subject, detail);
    return remedy.isEmpty() ? line : line + "\n" + " ".repeat(6) + "-> " + remedy;
  }

  Map<String, Object> tree() {
    var tree = new LinkedHashMap<String, Object>();
    tree.put("level", level.name());
    tree.put("subject", subject);
    tree.put("detail", detail);
    tree.put("remedy", remedy);
    return tree;
  }
}

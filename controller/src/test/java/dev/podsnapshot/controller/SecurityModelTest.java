package dev.podsnapshot.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Each threat in docs/security.md names tests, and they exist. */
class SecurityModelTest {
  private static final Path PROJECT = Path.of("..");
  private static final Pattern NAMED = Pattern.compile("`(\\w+Test)\\.(\\w+)`");

  @Test
  void everyThreatHasATest() throws IOException {
    var missing = new ArrayList<String>();
    var threats = threats();
    for (var threat : threats) {
      var tests = NAMED.matcher(threat).results().toList();
      if (tests.isEmpty()) {
        missing.add(threat);
      }
      for (var test : tests) {
        if (!exists(test.group(1), test.group(2))) {
          missing.add(test.group());
        }
      }
    }
    assertEquals(List.of(), missing);
    assertTrue(threats.size() > 20, "the table was found");
  }

  private static List<String> threats() throws IOException {
    return Files.readAllLines(PROJECT.resolve("docs/security.md")).stream()
        .dropWhile(line -> !line.startsWith("| threat |"))
        .skip(2)
        .takeWhile(line -> line.startsWith("|"))
        .toList();
  }

  private static boolean exists(String type, String method) throws IOException {
    var declaration = Pattern.compile("\\bvoid " + method + "\\(");
    var source = source(type);
    return source.isPresent() && declaration.matcher(Files.readString(source.get())).find();
  }

  private static Optional<Path> source(String type) throws IOException {
    try (var modules = Files.newDirectoryStream(PROJECT)) {
      for (var module : modules) {
        var tests = module.resolve("src/test/java");
        if (Files.isDirectory(tests)) {
          try (var files = Files.walk(tests)) {
            var found = files.filter(f -> f.endsWith(type + ".java")).findFirst();
            if (found.isPresent()) {
              return found;
            }
          }
        }
      }
    }
    return Optional.empty();
  }
}

package dev.podsnapshot.restorer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HookQuestionTest {
  private static Optional<List<String>> read(String text) throws IOException {
    return HookQuestion.read(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)))
        .map(HookQuestion::words);
  }

  @Test
  void questionsOfTheHookAreUnderstood() throws IOException {
    var id = "4f".repeat(32);
    assertEquals(Optional.of(List.of("start", id)), read("start\t" + id + "\n"));
    assertEquals(
        Optional.of(List.of("create", id, "/run/bundle é")),
        read("create\t" + id + "\t/run/bundle é\n"));
    assertEquals(Optional.of(List.of("failed", id, "")), read("failed\t" + id + "\t\n"));
  }

  @Test
  void onlyTheFirstLineCounts() throws IOException {
    assertEquals(Optional.of(List.of("start", "a")), read("start\ta\nfailed\tb\tforged\n"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\n",
        "\t\n",
        "start\n",
        "start\t\n",
        "start\ta",
        "start\ta\tb\n",
        "create\ta\n",
        "failed\ta\tb\tc\n",
        "delete\ta\n",
        "START\ta\n",
        "start a\n",
        "start\t..\n",
        "start\t../../etc/passwd\n",
        "start\t/a\n",
        "start\ta/b\n",
        "start\ta b\n",
        "start\ta\u0000\n",
        "start\t-a\n"
      })
  void whatIsNoQuestionIsNotAnswered(String line) throws IOException {
    assertEquals(Optional.empty(), read(line));
  }

  @Test
  void whatIsTooLongIsNotAnswered() throws IOException {
    assertEquals(Optional.empty(), read("start\t" + "a".repeat(77) + "\n"));
    assertEquals(Optional.empty(), read("failed\ta\t" + "x".repeat(1_000_000) + "\n"));
    assertEquals(Optional.empty(), read("x".repeat(1_000_000)));
  }

  @Test
  void garbageIsNotAnswered() throws IOException {
    var bytes = new byte[8192];
    new Random(1).nextBytes(bytes);
    assertEquals(Optional.empty(), HookQuestion.read(new ByteArrayInputStream(bytes)));
  }
}

package dev.podsnapshot.restorer;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One line of the hook: a verb and its words, separated by tabs. What is none is not answered, and
 * the hook then goes on as if nobody were here.
 */
record HookQuestion(List<String> words) {
  /** {@code ask.c} sends at most 16 KiB. */
  private static final int LIMIT = 16_384;

  /** How many words each verb has, itself included. */
  private static final Map<String, Integer> VERBS =
      Map.of("create", 3, "start", 2, "files", 2, "restored", 2, "stopping", 2, "failed", 3);

  /** Of containers and sandboxes (containerd/pkg/identifiers); they become names of files. */
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9]+([._-][A-Za-z0-9]+)*");

  private static final int ID_LENGTH = 76;

  HookQuestion {
    words = List.copyOf(words);
  }

  /** Empty: the line is too long, has no end, or is no question. */
  static Optional<HookQuestion> read(InputStream stream) throws IOException {
    var in = new BufferedInputStream(stream);
    var line = new ByteArrayOutputStream();
    for (var b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0 || line.size() == LIMIT) {
        return Optional.empty();
      }
      line.write(b);
    }
    return parse(line.toString(StandardCharsets.UTF_8));
  }

  static Optional<HookQuestion> parse(String line) {
    var words = Arrays.asList(line.split("\t", -1));
    if (!Integer.valueOf(words.size()).equals(VERBS.get(words.getFirst()))
        || words.get(1).length() > ID_LENGTH
        || !ID.matcher(words.get(1)).matches()) {
      return Optional.empty();
    }
    return Optional.of(new HookQuestion(words));
  }
}

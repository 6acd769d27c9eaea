package dev.podsnapshot.uploader;

import dev.podsnapshot.storage.ObjectStore;
import java.util.ArrayList;
import java.util.List;

/**
 * How a file becomes one object: parts, then a tree of compositions of at most 32 sources each. A
 * file of one part is stored under its own name at once.
 *
 * @param levels the compositions in the order in which they can run; those of one level are
 *     independent
 */
record PartPlan(List<Part> parts, List<List<Composition>> levels) {

  /** Bytes [offset, offset + length) of the file. */
  record Part(String object, long offset, int length) {}

  record Composition(List<String> sources, String target) {}

  static PartPlan of(String target, long bytes, int partBytes) {
    if (bytes <= partBytes) {
      return new PartPlan(List.of(new Part(target, 0, (int) bytes)), List.of());
    }
    var parts = new ArrayList<Part>();
    for (long offset = 0; offset < bytes; offset += partBytes) {
      parts.add(
          new Part(
              temporary(target, 0, parts.size()),
              offset,
              (int) Math.min(partBytes, bytes - offset)));
    }
    var levels = new ArrayList<List<Composition>>();
    var names = parts.stream().map(Part::object).toList();
    while (names.size() > 1) {
      var level = new ArrayList<Composition>();
      var last = names.size() <= ObjectStore.MAX_COMPOSE_SOURCES;
      for (var from = 0; from < names.size(); from += ObjectStore.MAX_COMPOSE_SOURCES) {
        var to = Math.min(from + ObjectStore.MAX_COMPOSE_SOURCES, names.size());
        var composed = last ? target : temporary(target, levels.size() + 1, level.size());
        level.add(new Composition(List.copyOf(names.subList(from, to)), composed));
      }
      levels.add(level);
      names = level.stream().map(Composition::target).toList();
    }
    return new PartPlan(parts, levels);
  }

  /** Every object that must not be left behind. */
  List<String> temporaries() {
    var result = new ArrayList<String>();
    if (!levels.isEmpty()) {
      parts.forEach(p -> result.add(p.object()));
      levels.subList(0, levels.size() - 1).forEach(l -> l.forEach(c -> result.add(c.target())));
    }
    return result;
  }

  private static String temporary(String target, int level, int index) {
    return "%s.part-%d-%06d".formatted(target, level, index);
  }
}

package dev.podsnapshot.cli;

import java.util.Locale;

/** Output for programs. */
enum Structured {
  JSON,
  YAML;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  String text(Cluster cluster, Object tree) {
    var text =
        switch (this) {
          case JSON -> cluster.json(tree);
          case YAML -> cluster.yaml(tree);
        };
    return text.stripTrailing();
  }
}

package dev.podsnapshot.cli;

/** What is still to be done if the user ends the program (Ctrl-C) while this is open. */
final class Interruption implements AutoCloseable {
  private final Thread hook;

  Interruption(Runnable last) {
    hook = new Thread(last, "interruption");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The program is ending, and the hook runs.
    }
  }
}

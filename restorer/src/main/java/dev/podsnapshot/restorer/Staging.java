package dev.podsnapshot.restorer;

import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A snapshot that was asked for. Both futures fail with a {@link StagingException}.
 *
 * @param startable the folder from which a sandbox can be restored, as runsc sees it: plain files
 *     in the cache, or files of the {@link LiveFolder}, whose pages may still be on their way
 * @param whole completes when all of it lies in the cache
 */
record Staging(CompletableFuture<Path> startable, CompletableFuture<Staged> whole) {
  static Staging begun() {
    return new Staging(new CompletableFuture<>(), new CompletableFuture<>());
  }

  /** Ends as another does. */
  void follow(Staging other) {
    other.startable.whenComplete((path, e) -> end(startable, path, e));
    other.whole.whenComplete((staged, e) -> end(whole, staged, e));
  }

  private static <T> void end(CompletableFuture<T> future, T value, Throwable e) {
    if (e == null) {
      future.complete(value);
    } else {
      future.completeExceptionally(e);
    }
  }

  /** Where to restore from, plain files if all of them are here by now; waits for either. */
  Path directory(long millis) throws ExecutionException, InterruptedException, TimeoutException {
    var directory = startable.get(millis, TimeUnit.MILLISECONDS);
    return whole.isDone() && !whole.get().cacheHit() ? whole.get().directory() : directory;
  }

  /**
   * For a restore that must not fail after its start: nothing can be restored before all is here.
   */
  Staging wholeOnly() {
    return new Staging(whole.thenApply(Staged::directory), whole);
  }

  /** Why the snapshot can't be had, if that is known. */
  Optional<StagingException> failure() {
    return whole.isCompletedExceptionally() && whole.exceptionNow() instanceof StagingException e
        ? Optional.of(e)
        : Optional.empty();
  }
}

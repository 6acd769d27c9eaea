package dev.podsnapshot.storage;

import com.google.auth.oauth2.GoogleCredentials;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a request says of who sends it. */
interface AccessToken {
  /** The value of the header Authorization; empty: the server wants none. */
  Optional<String> authorization() throws IOException;

  static AccessToken none() {
    return Optional::empty;
  }

  /** One that somebody else obtained, and renews. */
  static AccessToken bearer(String token) {
    return () -> Optional.of("Bearer " + token);
  }

  /**
   * The environment's credentials (workload identity, a key file), looked for at the first request
   * and renewed before they end.
   */
  static AccessToken environment() {
    return new AccessToken() {
      private GoogleCredentials credentials;

      @Override
      public Optional<String> authorization() throws IOException {
        Map<String, List<String>> metadata = credentials().getRequestMetadata();
        return Optional.ofNullable(metadata.get("Authorization")).map(List::getFirst);
      }

      private synchronized GoogleCredentials credentials() throws IOException {
        if (credentials == null) {
          credentials =
              GoogleCredentials.getApplicationDefault()
                  .createScoped("https://www.googleapis.com/auth/devstorage.read_write");
        }
        return credentials;
      }
    };
  }
}

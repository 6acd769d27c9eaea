package dev.podsnapshot.storage;

import com.google.api.gax.retrying.RetrySettings;
import com.google.cloud.NoCredentials;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageOptions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import java.time.Duration;

/** The client library, over HTTP with a connection for each request that is under way. */
class GcsClient {
  @Produces
  @ApplicationScoped
  Storage storage(StorageConfig config) {
    var options =
        StorageOptions.http()
            .setRetrySettings(
                RetrySettings.newBuilder()
                    .setInitialRetryDelayDuration(Duration.ofMillis(200))
                    .setRetryDelayMultiplier(2)
                    .setMaxRetryDelayDuration(Duration.ofSeconds(2))
                    .setMaxAttempts(4)
                    .setTotalTimeoutDuration(Duration.ofSeconds(20))
                    .build());
    config
        .endpoint()
        .ifPresent(
            endpoint ->
                options
                    .setHost(endpoint)
                    .setProjectId("podsnapshots")
                    .setCredentials(NoCredentials.getInstance()));
    return options.build().getService();
  }
}
